"""Draws the README's picture of rooms: a real run of minechat rift on a screen in memory, written as SVG."""

import asyncio
import contextlib
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pyte
from drawing import as_written, svg

from minechat.client.remembered import Remembered, Sessions
from minechat.client.rift import Credentials, Rift, rift
from minechat.client.speak import speaking
from minechat.protocol.rift.commands import CreateRoom, JoinRoom, PrivateMessage, RoomMessage

COLUMNS, ROWS = 110, 20
HERE = Path(__file__).resolve().parent
VIEWER, PASSWORD, GROUP = "Nina", "correct horse", "cinema"
#: Of the theme that is drawn.
GROUND = "#15181e"
MINECHAT = [sys.executable, "-m", "minechat"]


async def main(seconds: float) -> None:
    """Serves a chat in a folder of its own, lets four people talk, and writes ``rift.svg`` beside this file.

    :param seconds: how long it may take
    """
    with tempfile.TemporaryDirectory() as folder, _server(folder) as (_, write_port, port):
        async with asyncio.timeout(seconds), AsyncExitStack() as stack:
            liam, *others = [
                await stack.enter_async_context(_person(port, name)) for name in ("Liam", "Оля", "Сева")
            ]
            await _prepare(folder, port, liam, tuple(others))
            screen = stack.enter_context(_screen(folder, port))
            await _talk(screen, write_port, liam, *others)
            drawn = svg(screen.screen, "minechat rift in a terminal", ROWS, as_written(GROUND), GROUND)
    (HERE / "rift.svg").write_text(drawn, encoding="utf-8")


async def _prepare(folder: str, port: int, liam: Rift, others: tuple[Rift, ...]) -> None:
    """The room, and the viewer with a remembered session, who is away."""
    await liam.ask(CreateRoom(room=GROUP, topic="Saturday at seven"))
    for one in others:
        await one.ask(JoinRoom(room=GROUP))
    async with rift("127.0.0.1", port) as wire:
        await wire.register(VIEWER, PASSWORD)
        answer = await wire.log_in(Credentials(username=VIEWER, password=PASSWORD))
        await wire.ask(JoinRoom(room=GROUP))
    assert answer.session is not None
    path = Path(folder) / "sessions.json"
    Sessions(str(path)).keep(f"localhost:{port}", Remembered(username=VIEWER, session=answer.session))


async def _talk(screen: "_Screen", write_port: int, liam: Rift, olya: Rift, seva: Rift) -> None:
    """What is said, each thing once the one before is on the screen."""

    async def said(by: Rift, text: str) -> None:
        await by.ask(RoomMessage(text=text))
        await screen.until(text[:20])

    await screen.until("connected")
    await said(liam, "Film night on Saturday, who is in? 🍿")
    await said(olya, "Я за! Только, чур, не ужасы")
    await said(seva, "А можно с сестрой?")
    await said(liam, "Of course, there are cushions for eight")
    await _post(write_port, "Суббота: дождь весь день, к вечеру +4")
    await screen.until("Суббота: дождь")
    await said(seva, "Робот умеет уговаривать :)")
    screen.press("Count me in, I'll bring the projector\r")
    await screen.until("me in, I'll bring")
    await said(liam, "Settled. Choose the film: /join cinema")
    for by, text in ((liam, "A comedy?"), (olya, "Комедия, и покороче"), (seva, "Или две коротких")):
        await by.ask(RoomMessage(room=GROUP, text=text))
    await said(olya, f"{VIEWER}, захватишь плед и чай? ☕")
    await olya.ask(PrivateMessage(to=VIEWER, text="Тсс: у Лиама в субботу день рождения"))
    await said(seva, "С нас пирог с вишней")
    await said(olya, "Тогда я за мороженым")
    await said(liam, "Doors at seven, the first film at half past")
    screen.press("Плед есть, чай будет, а за печеньем")
    await screen.until("а за печеньем")
    await screen.quiet()


async def _post(port: int, text: str) -> None:
    """What a script says, on the port for posting."""
    async with speaking("127.0.0.1", port) as speaker:
        await speaker.register("Робот")
        await speaker.say(text)


class _Screen:
    """A program's terminal, drawn in memory."""

    def __init__(self, terminal: int) -> None:
        self.screen = pyte.Screen(COLUMNS, ROWS)
        self._feed = pyte.ByteStream(self.screen)
        self._terminal = terminal

    def press(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    async def until(self, text: str) -> None:
        """Waits until this stands on the screen, letters of two columns aside."""
        while text not in self.text():
            await self._read()

    async def quiet(self) -> None:
        """Waits until nothing was drawn for a while."""
        while await self._read():
            pass

    def text(self) -> str:
        lines = [self.screen.buffer[row] for row in range(ROWS)]
        return "\n".join("".join(line[column].data for column in range(COLUMNS)) for line in lines)

    async def _read(self, patience: float = 0.7) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                while True:
                    with contextlib.suppress(BlockingIOError):
                        self._feed.feed(os.read(self._terminal, 65_536))
                        return True
                    await asyncio.sleep(0.02)
        return False


@contextlib.asynccontextmanager
async def _person(port: int, name: str) -> AsyncIterator[Rift]:
    async with rift("127.0.0.1", port) as wire:
        await wire.register(name, PASSWORD)
        await wire.log_in(Credentials(username=name, password=PASSWORD))
        yield wire


@contextlib.contextmanager
def _server(folder: str) -> Iterator[list[int]]:
    """A server of its own on free ports; yields those for reading, for posting and of RIFT."""
    ports = ["--read-port", "0", "--write-port", "0", "--rift-port", "0", "--no-metrics"]
    process = subprocess.Popen(
        [*MINECHAT, "server", "--limits", "classroom", *ports],
        cwd=folder,
        env=_environment(folder),
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        yield [int(port) for port in re.findall(r"port (\d+)", process.stderr.readline())]
    finally:
        process.terminate()
        process.communicate(timeout=20)


@contextlib.contextmanager
def _screen(folder: str, port: int) -> Iterator[_Screen]:
    """minechat rift on a terminal of its own."""
    import fcntl  # noqa: PLC0415 - with termios, what makes this script one for Unix
    import termios  # noqa: PLC0415

    terminal, side = pty.openpty()
    os.set_blocking(terminal, False)
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
    options = ["--port", str(port), "--session-path", "sessions.json", "--theme", "dark", "--language", "en"]
    process = subprocess.Popen(
        [*MINECHAT, "rift", *options],
        cwd=folder,
        env=_environment(folder),
        stdin=side,
        stdout=side,
        stderr=side,
    )
    os.close(side)
    try:
        yield _Screen(terminal)
    finally:
        process.kill()
        process.wait(10)
        os.close(terminal)


def _environment(folder: str) -> dict[str, str]:
    # No settings of whoever draws; the code is that beside which this file stands.
    kept = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": str(HERE.parent), "HOME": folder}
    return {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0))
