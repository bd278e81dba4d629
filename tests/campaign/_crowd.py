"""A server in a process with its own limits, and those who come to it: strangers and members."""

import asyncio
import contextlib
import os
import re
import resource
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

SERVING = re.compile(rb"port (\d+) to watch, port (\d+) to register")
STARTED = b" info started "
DEADLINE = 30.0
GREETING, REFUSAL = b"Hello ", b"Message not sent: "


def descriptors_of(process: int) -> int:
    """How many a process has, but for its database, which the search opens too when it has time.

    SQLite closes no descriptor of a file while another connection of the process holds a lock on it: it
    keeps it for the next one that opens the file.
    """
    found = 0
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += ".db" not in link.readlink().name
    return found


def sockets_of(process: int) -> int:
    """How many of a process's descriptors are sockets: files that it reads for a moment do not count."""
    found = 0
    for link in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += link.readlink().name.startswith("socket:")
    return found


@dataclass
class Process:
    """A server in a process of its own, with the limits of its options."""

    pid: int
    read_port: int
    write_port: int
    log: Path

    def descriptors(self) -> int:
        return descriptors_of(self.pid)

    def cpu(self) -> float:
        """Seconds of processor time so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def most_taken(self) -> int:
        """Bytes of address space, at their most."""
        return 1024 * int(Path(f"/proc/{self.pid}/status").read_text().split("VmPeak:")[1].split()[0])

    def resident(self) -> int:
        """Bytes of memory."""
        return int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def serving(
    folder: Path, *options: str, descriptors: int | None = None, address_space: int | None = None
) -> AsyncIterator[Process]:
    """A server that is ready; what it logs is judged at the end: no bug, nobody told of open files.

    :param descriptors: its limit of open files
    :param address_space: its limit of memory in bytes, whether it uses what it has taken or not
    """
    command = [sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0"]
    command += ["--no-metrics", "--database", f"sqlite:///{folder}/chat.db", *options]
    log = folder / "server.log"
    if descriptors is not None:
        command = ["sh", "-c", 'ulimit -n "$0" && exec "$@"', str(descriptors), *command]
    if address_space is not None:
        command = ["sh", "-c", 'ulimit -v "$0" && exec "$@"', str(address_space >> 10), *command]
    with log.open("wb") as output, subprocess.Popen(command, stderr=output) as process:
        try:
            began = time.monotonic()
            # Whole only with its first event: what it reads for that is a descriptor more.
            while not (found := SERVING.search(told := log.read_bytes())) or STARTED not in told:
                assert process.poll() is None, log.read_text()[-300:]
                assert time.monotonic() - began < DEADLINE, "it is not ready"
                await asyncio.sleep(0.01)
            yield Process(process.pid, int(found[1]), int(found[2]), log)
            assert process.poll() is None, f"it ended: {log.read_text()[-300:]}"
        finally:
            process.terminate()
            code = process.wait(DEADLINE)
    told = log.read_text()
    assert code in (0, 143), f"exit code {code}"
    assert "Traceback" not in told, told[-500:]
    assert "Too many open files" not in told, "it ran out of descriptors"


async def back_to(base: int, server: Process) -> float:
    """Seconds until the server has as many descriptors as before."""
    began = time.monotonic()
    while server.descriptors() > base:
        assert time.monotonic() - began < 5, f"{server.descriptors() - base} descriptors more than before"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


def address(number: int) -> str:
    """One of the addresses of this machine."""
    return f"127.0.{number // 250}.{1 + number % 250}"


def connected(port: int, source: str) -> socket.socket:
    sock = socket.socket()
    sock.settimeout(DEADLINE)
    sock.bind((source, 0))
    sock.connect(("127.0.0.1", port))
    return sock


def greeted(sock: socket.socket) -> bool:
    """Whether the speak port lets this one in; the refusal must be in its words."""
    first = b""
    with contextlib.suppress(ConnectionResetError):
        first = sock.recv(100)
    assert first.startswith((GREETING, REFUSAL)), f"refused without a word: {first!r}"
    return first.startswith(GREETING)


def alive(sock: socket.socket) -> bool:
    sock.setblocking(False)
    try:
        return sock.recv(100) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False
    finally:
        sock.settimeout(DEADLINE)


class Member:
    """Someone who has logged in and can post, and measures how long the answers take."""

    def __init__(self, port: int, nick: str, source: str = "127.0.200.1") -> None:
        self.sock = connected(port, source)
        self.lines = self.sock.makefile("rb")
        self.sock.sendall(f"\n{nick}\n".encode())
        first = self.lines.readline()
        assert first.startswith(GREETING), f"a good login was refused: {first!r}"
        assert all(self.lines.readline() for _ in range(3)), "a good login was cut off"

    def post(self, text: str) -> float:
        began = time.perf_counter()
        self.sock.sendall(f"{text}\n\n".encode())
        assert self.lines.readline().startswith(b"Message send."), "a post of a member failed"
        return time.perf_counter() - began

    def close(self) -> None:
        self.lines.close()
        self.sock.close()


@contextmanager
def descriptors_for(count: int) -> Iterator[None]:
    """So many open files for ourselves."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert hard >= count, f"we may open {hard} files only"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, count), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@contextmanager
def crowd(port: int, sources: Iterable[str]) -> Iterator[list[socket.socket]]:
    """One connection from each of these addresses, in turn."""
    with ExitStack() as stack:
        yield [stack.enter_context(connected(port, source)) for source in sources]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def until_settled(server: Process) -> None:
    """Returns when the number of descriptors stays the same: everybody was let in or refused."""
    before, since = server.descriptors(), time.monotonic()
    while time.monotonic() - since < 0.3:
        await asyncio.sleep(0.05)
        now = server.descriptors()
        if now != before:
            before, since = now, time.monotonic()
