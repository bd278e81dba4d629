"""Draws the README's picture of the chat: a real run of chat.py in a terminal in memory, written as SVG."""

import contextlib
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
from drawing import FAINT, INK, Look, colour, svg
from pyte.screens import Char

COLUMNS, ROWS = 92, 20
PERSON, GREETING, ANSWERS = "Вася", "всем привет! Нина, как дела?", "Нина"
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main(seconds: float) -> None:
    """Runs the chat until its screen is full, lets a person join, and writes ``chat.svg`` beside this file.

    Ports 5000 and 5050 must be free, so that the picture shows what a newcomer sees.

    :param seconds: how long it may take
    """
    screen = pyte.Screen(COLUMNS, ROWS)
    feed = pyte.ByteStream(screen)
    deadline = time.monotonic() + seconds

    def watch(until: Callable[[], bool]) -> None:
        while not until():
            if time.monotonic() > deadline:
                raise SystemExit("the chat did not fill the screen in time:\n" + "\n".join(screen.display))
            with contextlib.suppress(BlockingIOError):
                feed.feed(os.read(terminal, 65536))
            time.sleep(0.05)

    with tempfile.TemporaryDirectory() as folder, _chat(folder) as terminal:
        feed.feed(b"$ uv run chat.py\r\n")
        watch(lambda: screen.cursor.y >= ROWS // 3)
        _post(folder)
        watch(lambda: screen.cursor.y >= ROWS - 1)
    shown = "\n".join(screen.display)
    if f"{PERSON}: {GREETING}" not in shown or f"] {ANSWERS}: " not in shown:
        raise SystemExit("the person or the answer is not in the picture; run it again")
    drawn = svg(screen, "chat.py in a terminal", ROWS - 1, _looks)  # the last row is the cursor's
    (HERE / "chat.svg").write_text(drawn, encoding="utf-8")


@contextlib.contextmanager
def _chat(folder: str) -> Iterator[int]:
    """The chat on a terminal of its own; yields the other end of that terminal."""
    import fcntl  # noqa: PLC0415 - with termios, what makes this script one for Unix
    import termios  # noqa: PLC0415

    terminal, side = pty.openpty()
    os.set_blocking(terminal, False)
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("4H", ROWS, COLUMNS, 0, 0))
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "chat.py")],
        cwd=folder,
        stdin=side,
        stdout=side,
        stderr=side,
        env=_environment(),
    )
    os.close(side)
    try:
        yield terminal
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(10)
        os.close(terminal)


def _post(folder: str) -> None:
    command = [sys.executable, str(ROOT / "authorization.py"), "-U", PERSON, "-m", GREETING]
    subprocess.run(
        command,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=20,
        check=True,
        env=_environment(),
    )


def _environment() -> dict[str, str]:
    # No settings of whoever draws: the picture shows a first start.
    return {"PATH": os.environ.get("PATH", os.defpath), "TERM": "xterm-256color", "LANG": "C.UTF-8"}


def _looks(line: list[Char]) -> list[Look]:
    """The colours of the program; the stamp of a record stands back."""
    said = line[0].data == "["
    stamp = next((at for at, cell in enumerate(line) if cell.data == "]"), -1) if said else -1
    return [Look(FAINT if at <= stamp else colour(cell.fg, INK)) for at, cell in enumerate(line)]


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
