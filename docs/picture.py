"""Draws the README's picture: a real run of chat.py in a terminal in memory, written as SVG."""

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
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char

COLUMNS, ROWS = 92, 20
CELL, LINE, MARGIN, BAR = 8.43, 20, 18, 34
GROUND, FRAME, INK, FAINT = "#14161b", "#23262e", "#d7dae0", "#8b919d"
BUTTONS = ("#e06c75", "#e5c07b", "#98c379")
COLOURS = {
    "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd",
    "cyan": "#56b6c2", "brightred": "#ff8b94", "brightgreen": "#b5e890", "brightblue": "#8cc8ff",
    "brightmagenta": "#e0a0f0", "brightcyan": "#7fd9e4",
}  # fmt: skip
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
    (HERE / "chat.svg").write_text(_svg(screen), encoding="utf-8")


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


def _svg(screen: pyte.Screen) -> str:
    width, height = (
        round(COLUMNS * CELL) + 2 * MARGIN,
        BAR + (ROWS - 1) * LINE + MARGIN,
    )  # the last row is the cursor's
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{BAR + LINE * (row + 1) - 4}">{_row(screen.buffer[row])}</text>'
        for row in range(ROWS)
        if screen.display[row].strip()
    )
    buttons = "".join(
        f'<circle cx="{MARGIN + 4 + 18 * number}" cy="{BAR / 2 - 2}" r="5.5" fill="{colour}"/>'
        for number, colour in enumerate(BUTTONS)
    )
    style = "font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="chat.py in a terminal">\n'
        f'<rect width="100%" height="100%" rx="9" fill="{FRAME}"/>\n'
        f'<path d="M1 {BAR - 6}H{width - 1}V{height - 9}a8 8 0 0 1-8 8H9a8 8 0 0 1-8-8Z" fill="{GROUND}"/>\n'
        f"{buttons}\n"
        f'<g style="{style}" fill="{INK}" xml:space="preserve">\n{rows}\n</g>\n</svg>\n'
    )


def _row(cells: dict[int, Char]) -> str:
    line = [cells[column] for column in range(COLUMNS)]
    while line and line[-1].data == " ":
        line.pop()
    said = line[:1] and line[0].data == "["
    stamp = next((at for at, cell in enumerate(line) if cell.data == "]"), -1) if said else -1
    runs: list[list[str]] = []
    for at, cell in enumerate(line):
        colour = FAINT if at <= stamp else COLOURS.get(cell.fg, INK)
        if runs and runs[-1][0] == colour:
            runs[-1][1] += cell.data
        else:
            runs.append([colour, cell.data])
    return "".join(f'<tspan fill="{colour}">{escape(text)}</tspan>' for colour, text in runs)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 60.0)
