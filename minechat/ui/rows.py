"""Rows of widgets: safe texts with their looks, in exactly the width there is, on every terminal."""

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from minechat.ui.columns import clip, columns, fenced, is_simple


def firm(segments: list[Segment], width: int, left: int, base: Style) -> Strip:
    """A row whose neighbours stand where they belong, however wide the terminal draws its letters.

    Terminals disagree about some letters. So the row is blanked first, and behind each text with
    such letters the cursor is moved to where it should be. Nothing may lie over such a row: Textual would
    count the moves as text.

    :param left: the column of the screen where the row begins
    """
    firm_segments = [Segment(" " * width, base), _to_column(left)]
    at = left
    for segment in segments:
        firm_segments.append(segment)
        at += columns(segment.text)
        if not is_simple(segment.text):
            firm_segments.append(_to_column(at))
    return Strip([*firm_segments, Segment(" " * (left + width - at), base)], width)


def _to_column(column: int) -> Segment:
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
        return firm(segments, width, left, base)
    segments.append(Segment(" " * (width - used), base))
    return Strip(segments, width)
