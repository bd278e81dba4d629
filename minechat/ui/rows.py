"""Rows of widgets: safe texts with their looks, in exactly the width there is, on every terminal."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from minechat.ui.columns import clip, columns, fenced, is_simple


def to_column(column: int) -> Segment:
    """Moves the terminal's cursor to a column of the screen, counted from 0.

    Terminals disagree about the width of some letters; what comes behind them then stands where it
    belongs. Nothing may lie over a row that has this in it: Textual would count it as text.
    """
    return Segment(f"\x1b[{column + 1}G", Style())


def row(pieces: Iterable[tuple[str, Style]], width: int, left: int, base: Style) -> Strip:
    """A row of pieces of safe text, clipped or filled with blanks.

    :param left: the column of the screen where it begins
    """
    segments: list[Segment] = []
    used, simple = 0, True
    for whole, style in pieces:
        text = clip(whole, width - used)
        used += columns(text)
        simple = simple and is_simple(text)
        segments.append(Segment(fenced(text), base + style))
    if not simple:
        segments.append(to_column(left + used))
    segments.append(Segment(" " * (width - used), base))
    return Strip(segments, width)
