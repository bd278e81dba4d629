"""One life of a server: started, posted to over sockets, listened to, and killed; and what is left of it."""

import asyncio
import contextlib
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path

GREETING = b"Hello "
SENT = b"Message send"
LISTENING = re.compile(rb"port (\d+) to watch, port (\d+) to register and post, port (\d+) for RIFT")
#: Seconds that any one wait may take.
DEADLINE = 20.0


@dataclass
class Process:
    """A server in a process of its own, without limits; its database is ``chat.db`` in its folder."""

    process: subprocess.Popen[bytes]
    read_port: int
    write_port: int
    rift_port: int
    ready_after: float

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(DEADLINE)


def start(folder: Path, *before: str, options: Iterable[str] = ()) -> subprocess.Popen[bytes]:
    """A server that starts, its log in ``server.log``."""
    command = [*before, sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0"]
    command += [
        "--rift-port",
        "0",
        "--no-metrics",
        "--limits",
        "off",
        "--database",
        f"sqlite:///{folder}/chat.db",
        *options,
    ]
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen(command, stderr=log, stdout=subprocess.DEVNULL)


@asynccontextmanager
async def server(folder: Path, *before: str, options: Iterable[str] = ()) -> AsyncIterator[Process]:
    """A server that is ready; killed at the end of the block.

    :param before: the command that runs it: strace, prlimit, faketime
    """
    log = folder / "server.log"
    began = time.monotonic()
    with start(folder, *before, options=options) as process:
        try:
            while not (found := LISTENING.search(log.read_bytes())):
                assert process.poll() is None, f"it did not start: {log.read_text()[-300:]}"
                assert time.monotonic() - began < DEADLINE, "it is not ready"
                await asyncio.sleep(0.005)
            yield Process(process, *map(int, found.groups()), time.monotonic() - began)
        finally:
            process.kill()


@dataclass
class Poster:
    """A person who posts a new text each time, waits for its acknowledgement, and never repeats one."""

    name: str
    token: str = ""
    number: int = 0
    acknowledged: list[str] = field(default_factory=list)
    refused: int = 0

    async def enter(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await self._line(reader)
        writer.write(f"{self.token}\n".encode())
        if not self.token:
            await self._line(reader)
            writer.write(f"{self.name}\n".encode())
        record = await self._line(reader)
        if not record.startswith(b"{"):
            raise ConnectionError(f"not let in: {record!r}")
        self.token = json.loads(record)["account_hash"]
        await self._line(reader)
        return reader, writer

    async def post(self, port: int, texts: int | None = None) -> None:
        """Posts so many texts, or until the server is gone."""
        with contextlib.suppress(ConnectionError, EOFError):
            reader, writer = await self.enter(port)
            with closing(writer):
                while texts is None or self.number < texts:
                    await self.say(reader, writer)

    async def say(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, filler: str = "") -> bool:
        """Posts one text; whether it was acknowledged. ``Message not sent`` counts as refused."""
        self.number += 1
        text = f"{self.name} {self.number}{filler}"
        writer.write(f"{text}\n\n".encode())
        line = await self._line(reader)
        if line.startswith(SENT):
            self.acknowledged.append(text)
        else:
            assert line.startswith(b"Message not sent: "), line
            self.refused += 1
        return line.startswith(SENT)

    async def _line(self, reader: asyncio.StreamReader) -> bytes:
        line = await asyncio.wait_for(reader.readline(), DEADLINE)
        if not line.endswith(b"\n"):
            raise EOFError
        return line


async def hear(port: int, heard: list[str], ready: asyncio.Event) -> None:
    """Listens until the server is gone; whole lines only, without the nickname."""
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        ready.set()
        with closing(writer):
            while (line := await reader.readline()).endswith(b"\n"):
                heard.append(line.decode().partition(": ")[2].rstrip("\n"))


def stored(database: Path) -> list[str]:
    """The texts in their order; the database must be whole, and its numbers without a gap."""
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity"
        rows = connection.execute("SELECT seq, text FROM message ORDER BY seq").fetchall()
    assert [seq for seq, _ in rows] == list(range(1, len(rows) + 1)), "numbers have a gap"
    return [text for _, text in rows]


def judge(texts: list[str], posters: Iterable[Poster], heard: Iterable[list[str]]) -> int:
    """How many were acknowledged, when all is as was promised.

    :param texts: as stored
    :param heard: what each reader heard in one life
    :raises AssertionError: something acknowledged is lost, something is there twice, or the order is not kept
    """
    place = {text: at for at, text in enumerate(texts)}
    acknowledged = [text for poster in posters for text in poster.acknowledged]
    lost = [text for text in acknowledged if text not in place]
    assert not lost, f"{len(lost)} of {len(acknowledged)} acknowledged are lost"
    assert len(place) == len(texts), f"{len(texts) - len(place)} are stored twice"
    for poster in posters:
        mine = [int(text.split()[1]) for text in texts if text.split()[0] == poster.name]
        assert mine == sorted(mine), f"the order of {poster.name} is not kept"
    for lines in heard:
        first = place.get(lines[0], 0) if lines else 0
        assert lines == texts[first : first + len(lines)], (
            "a reader heard what is not stored, or not in order"
        )
    return len(acknowledged)


def signal_of(process: subprocess.Popen[bytes], number: signal.Signals, wait: float = DEADLINE) -> int:
    """Sends a signal; returns the exit code."""
    process.send_signal(number)
    return process.wait(wait)


def opened_to_write(process: int, path: Path) -> int:
    """How many descriptors of a process may write to a file (proc(5))."""
    count = 0
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            if link.readlink() == path:
                flags = (link.parent.parent / "fdinfo" / link.name).read_text().split("flags:")[1].split()[0]
                count += int(flags, 8) & os.O_ACCMODE != os.O_RDONLY
    return count
