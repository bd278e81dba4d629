"""Draws a terminal in memory as SVG: its letters, colours and grounds in a window with three buttons."""

from collections.abc import Callable
from itertools import groupby
from typing import NamedTuple
from xml.sax.saxutils import escape

import pyte
from pyte.screens import Char

CELL, LINE, MARGIN, BAR = 8.43, 20, 18, 34
GROUND, FRAME, INK, FAINT = "#14161b", "#23262e", "#d7dae0", "#8b919d"
BUTTONS = ("#e06c75", "#e5c07b", "#98c379")
COLOURS = {
    "black": "#3a3f4b", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b", "blue": "#61afef",
    "magenta": "#c678dd", "cyan": "#56b6c2", "white": INK, "brightblack": FAINT, "brightred": "#ff8b94",
    "brightgreen": "#b5e890", "brightbrown": "#f5d89a", "brightblue": "#8cc8ff", "brightmagenta": "#e0a0f0",
    "brightcyan": "#7fd9e4", "brightwhite": "#ffffff",
}  # fmt: skip
RULE = "│"
FONT = "font:14px 'DejaVu Sans Mono',Menlo,Consolas,monospace;white-space:pre"


class Look(NamedTuple):
    """How a cell is drawn; ``ground`` is None where it is that of the window."""

    ink: str
    ground: str | None = None
    bold: bool = False


Looks = Callable[[list[Char]], list[Look]]


def svg(screen: pyte.Screen, label: str, rows: int, looks: Looks, ground: str = GROUND) -> str:
    """The first ``rows`` rows of the screen.

    :param label: what the picture is, for those who do not see it
    :param looks: the looks of a row's cells, from its cells
    :param ground: the colour of the window
    """
    width, height = round(screen.columns * CELL) + 2 * MARGIN, BAR + rows * LINE + MARGIN
    lines = [[screen.buffer[row][column] for column in range(screen.columns)] for row in range(rows)]
    grounds = "".join(_grounds(row, looks(line)) for row, line in enumerate(lines))
    rules = "".join(_rules(row, line, looks(line)) for row, line in enumerate(lines))
    texts = "\n".join(_text(row, line, looks(line)) for row, line in enumerate(lines) if _shown(line))
    buttons = "".join(
        f'<circle cx="{MARGIN + 4 + 18 * number}" cy="{BAR / 2 - 2}" r="5.5" fill="{colour}"/>'
        for number, colour in enumerate(BUTTONS)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="{escape(label)}">\n'
        f'<rect width="100%" height="100%" rx="9" fill="{FRAME}"/>\n'
        f'<path d="M1 {BAR - 6}H{width - 1}V{height - 9}a8 8 0 0 1-8 8H9a8 8 0 0 1-8-8Z" fill="{ground}"/>\n'
        f"{buttons}{grounds}{rules}\n"
        f'<g style="{FONT}" fill="{INK}" xml:space="preserve">\n{texts}\n</g>\n</svg>\n'
    )


def as_written(ground: str) -> Looks:
    """The looks that the program asked for, in a window of this colour."""
    return lambda line: [_look(cell, ground) for cell in line]


def colour(name: str, default: str) -> str:
    """The colour of a name of pyte, or of six hexadecimal digits."""
    if name in COLOURS:
        return COLOURS[name]
    return default if name == "default" else f"#{name}"


def _look(cell: Char, window: str) -> Look:
    ink, ground = colour(cell.fg, INK), colour(cell.bg, window)
    if cell.reverse:
        ink, ground = ground, ink
    return Look(ink, None if ground == window else ground, cell.bold)


def _shown(line: list[Char]) -> bool:
    return any(cell.data.strip(f" {RULE}") for cell in line)


def _grounds(row: int, looks: list[Look]) -> str:
    drawn, column = "", 0
    for ground, cells in groupby(look.ground for look in looks):
        count = len(list(cells))
        if ground is not None:
            drawn += (
                f'\n<rect x="{MARGIN + column * CELL:.1f}" y="{BAR + LINE * row}" '
                f'width="{count * CELL:.1f}" height="{LINE}" fill="{ground}"/>'
            )
        column += count
    return drawn


def _rules(row: int, line: list[Char], looks: list[Look]) -> str:
    """Upright rules, which meet from row to row as the letters of a font would not."""
    return "".join(
        f'\n<path d="M{MARGIN + (column + 0.5) * CELL:.1f} {BAR + LINE * row}v{LINE}" stroke="{look.ink}"/>'
        for column, (cell, look) in enumerate(zip(line, looks, strict=True))
        if cell.data == RULE
    )


def _text(row: int, line: list[Char], looks: list[Look]) -> str:
    """A row; each run of one look begins at its own column, whatever the width of a letter before it."""
    runs = "".join(
        f'<tspan x="{MARGIN + column * CELL:.1f}" fill="{look.ink}"{_weight(look)}>{escape(text)}</tspan>'
        for column, look, text in _runs(line, looks)
    )
    return f'<text y="{BAR + LINE * (row + 1) - 4}">{runs}</text>'


def _runs(line: list[Char], looks: list[Look]) -> list[tuple[int, Look, str]]:
    """Runs with their columns; one begins after two blanks and after a letter of two columns."""
    runs: list[tuple[int, Look, str]] = []
    for column, (cell, look) in enumerate(zip(line, looks, strict=True)):
        wide_before = column > 0 and not line[column - 1].data
        if runs and runs[-1][1] == look and not wide_before and not runs[-1][2].endswith("  "):
            runs[-1] = (*runs[-1][:2], runs[-1][2] + _letter(cell))
        else:
            runs.append((column, look, _letter(cell)))
    return [(column, look, text.rstrip()) for column, look, text in runs if text.strip()]


def _letter(cell: Char) -> str:
    return " " if cell.data == RULE else cell.data


def _weight(look: Look) -> str:
    return ' font-weight="bold"' if look.bold else ""
