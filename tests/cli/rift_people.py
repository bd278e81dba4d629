"""A server of RIFT as a process, and people of it who run minechat rift in folders of their own."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from minechat.client.remembered import Remembered, Sessions
from minechat.client.rift import Credentials, rift
from minechat.protocol.rift.commands import Command, JoinRoom, RoomMessage
from tests.cli.conftest import Commands

_NUMBERS = count(1)
#: No two look alike to the server.
_LETTERS = "abdeghkmpw"
PASSWORD = "correct horse"


class Killed(subprocess.Popen):  # type: ignore[type-arg]
    """A process that does not outlive its block: a test that fails in it must not wait for it."""

    def __exit__(self, *raised: object) -> None:
        self.kill()
        super().__exit__(*raised)  # type: ignore[arg-type]


class RiftCommands(Commands):
    """One person with a home; ``run("rift", ...)`` goes to the server unless told otherwise."""

    port = 0

    def argv(self, command: str, *options: str | int) -> list[str]:
        where = ["-P", str(self.port)] if command == "rift" and self.port else []
        return [sys.executable, "-m", "minechat", command, *where, *map(str, options)]

    def start(
        self, command: str, *options: str | int, stdin: int = subprocess.PIPE
    ) -> "subprocess.Popen[bytes]":
        return Killed(
            self.argv(command, *options),
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @property
    def sessions(self) -> Path:
        return self.folder / ".local" / "state" / "minechat" / "sessions.json"

    def register(self, name: str) -> None:
        """Makes an account whose session is remembered, without a process."""
        asyncio.run(self._register(name))

    async def _register(self, name: str) -> None:
        async with rift("127.0.0.1", self.port) as wire:
            await wire.register(name, PASSWORD)
            answer = await wire.log_in(Credentials(username=name, password=PASSWORD))
        assert answer.session is not None
        remembered = Remembered(username=name, session=answer.session)
        Sessions(str(self.sessions)).keep(f"localhost:{self.port}", remembered)

    def says(self, *texts: str, room: str = "general") -> None:
        """Says something, without a process."""
        asyncio.run(self._say(texts, room))

    async def _say(self, texts: Sequence[str], room: str) -> None:
        joined = [] if room == "general" else [JoinRoom(room=room)]
        await self._order(*joined, *(RoomMessage(room=room, text=text) for text in texts))

    def orders(self, *commands: Command) -> None:
        """Orders something, without a process."""
        asyncio.run(self._order(*commands))

    async def _order(self, *commands: Command) -> None:
        there = Sessions(str(self.sessions)).find(f"localhost:{self.port}")
        assert there is not None
        async with rift("127.0.0.1", self.port) as wire:
            await wire.log_in(Credentials(session=there.session))
            for command in commands:
                await wire.ask(command)


@dataclass
class RiftServer:
    """A server as a process."""

    process: "subprocess.Popen[bytes]"
    port: int
    read_port: int
    write_port: int

    def name(self, stem: str = "Vasya") -> str:
        """A name that nobody had yet, and that looks like no other."""
        number = next(_NUMBERS)
        return stem + "".join(
            _LETTERS[number // len(_LETTERS) ** power % len(_LETTERS)] for power in (0, 1, 2)
        )

    def person(self, folder: Path, stem: str = "Vasya") -> tuple[RiftCommands, str]:
        """Somebody who has an account and is remembered: the commands, and the name."""
        folder.mkdir(exist_ok=True)
        commands, name = self.stranger(folder), self.name(stem)
        commands.register(name)
        return commands, name

    def stranger(self, folder: Path) -> RiftCommands:
        """Somebody whom the server does not know."""
        commands = RiftCommands(folder)
        commands.port = self.port
        return commands


@contextmanager
def rift_server(folder: Path, *options: str, port: int = 0) -> Iterator[RiftServer]:
    """A server with its own database and without limits, as there are so many logins.

    :param port: of RIFT; 0 for one that is free
    """
    argv = [sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0"]
    argv += ["--rift-port", str(port), "--no-metrics", "--limits", "off", *options]
    (folder / ".env").touch()
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    process = subprocess.Popen(argv, cwd=folder, env=environment, stderr=subprocess.PIPE)
    assert process.stderr is not None
    line = process.stderr.readline().decode()
    try:
        ports = [int(number) for number in re.findall(r"port (\d+)", line)]
        assert len(ports) == 3, line + process.stderr.read().decode()
        read_port, write_port, rift_port = ports
        yield RiftServer(process, rift_port, read_port, write_port)
    finally:
        process.terminate()
        process.communicate(timeout=20)
