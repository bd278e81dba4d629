"""Draws the README's picture: a real run of chat.py in a terminal in memory, written as SVG."""

import contextlib
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char

COLUMNS, ROWS = 84, 18
CELL, LINE, MARGIN = 8.4, 19, 16
GROUND, INK = "#14161b", "#d7dae0"
COLOURS = {
    "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd",
    "cyan": "#56b6c2", "brightred": "#ff8b94", "brightgreen": "#b5e890", "brightblue": "#8cc8ff",
    "brightmagenta": "#e0a0f0", "brightcyan": "#7fd9e4",
}  # fmt: skip
HERE = Path(__file__).resolve().parent
ROOT = HERE.parent


def main(seconds: float) -> None:
    """Runs the chat for so many seconds, lets one person post, and writes ``chat.svg`` beside this file."""
    screen = pyte.Screen(COLUMNS, ROWS)
    feed = pyte.ByteStream(screen)
    with tempfile.TemporaryDirectory() as folder:
        process, terminal = _start(folder)
        feed.feed(b"$ uv run chat.py\r\n")
        deadline, posted = time.monotonic() + seconds, False
        while time.monotonic() < deadline:
            with contextlib.suppress(BlockingIOError):
                feed.feed(os.read(terminal, 65536))
            time.sleep(0.05)
            if not posted and time.monotonic() > deadline - seconds / 2:
                posted = True
                _post(folder)
        process.send_signal(signal.SIGINT)
        process.wait(10)
        os.close(terminal)
    (HERE / "chat.svg").write_text(_svg(screen), encoding="utf-8")


def _start(folder: str) -> tuple[subprocess.Popen[bytes], int]:
    terminal, side = pty.openpty()
    os.set_blocking(terminal, False)
    environ = {**os.environ, "TERM": "xterm-256color"}
    command = [sys.executable, str(ROOT / "chat.py"), "-P", "0", "--write-port", "47050"]
    process = subprocess.Popen(command, cwd=folder, stdin=side, stdout=side, stderr=side, env=environ)
    os.close(side)
    return process, terminal


def _post(folder: str) -> None:
    # Reads the address like a person would: the speak port is the one this script chose.
    command = [
        sys.executable,
        str(ROOT / "authorization.py"),
        "-P",
        "47050",
        "-U",
        "Вася",
        "-m",
        "всем привет!",
    ]
    subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True)


def _svg(screen: pyte.Screen) -> str:
    width, height = int(COLUMNS * CELL) + 2 * MARGIN, ROWS * LINE + 2 * MARGIN
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + LINE * (row + 1) - 5}">{_row(screen.buffer[row])}</text>'
        for row in range(ROWS)
    )
    style = "font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'role="img" aria-label="chat.py in a terminal">\n'
        f'<rect width="100%" height="100%" rx="8" fill="{GROUND}"/>\n'
        f'<g style="{style}" fill="{INK}">\n{rows}\n</g>\n</svg>\n'
    )


def _row(cells: dict[int, Char]) -> str:
    runs: list[list[str]] = []
    for column in range(COLUMNS):
        cell = cells[column]
        colour = COLOURS.get(cell.fg, INK)
        if runs and runs[-1][0] == colour:
            runs[-1][1] += cell.data
        else:
            runs.append([colour, cell.data])
    return "".join(f'<tspan fill="{colour}">{escape(text)}</tspan>' for colour, text in runs).rstrip()


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 24.0)
