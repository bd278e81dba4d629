"""Which lines of a timeline are in sight: a position that stays where it is while the timeline changes."""

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from minechat.ui.entry import Entry

Line = TypeVar("Line")
#: Lays one entry out; the entry before it tells whether a new day begins.
Layout = Callable[[Entry, Entry | None], Sequence[Line]]


class Pane(Generic[Line]):
    """A window of some height over the lines of entries.

    It either follows the end, or is anchored to a line of an entry, its first in sight: then nothing that
    comes or goes elsewhere moves it. Only lines near what is in sight are ever laid out.

    :param rows: gives the entries as they are now
    :param layout: gives the lines of one entry, at least one
    :param complete: whether the last entry is the last there is; the end of a stretch is not followed
    """

    def __init__(
        self, rows: Callable[[], list[Entry]], layout: Layout[Line], complete: Callable[[], bool]
    ) -> None:
        self._rows, self._layout, self._complete = rows, layout, complete
        self.height = 0
        self._anchor: Entry | None = None
        self._index = 0
        self._offset = 0

    @property
    def follows(self) -> bool:
        """Whether the end is in sight and stays so."""
        return self._anchor is None

    def follow(self) -> None:
        """Goes to the end."""
        self._anchor, self._offset = None, 0

    def show_from(self, entry: Entry) -> None:
        """Puts an entry at the top; goes to the end where less than a screen stands below it."""
        rows = self._rows()
        self._settle(rows, rows.index(entry), 0)

    def scroll(self, lines: int) -> bool:
        """Moves by so many lines, up where negative; whether that was possible."""
        rows = self._rows()
        before = (self._anchor, self._offset)
        index, offset = self._top(rows)
        if lines < 0:
            index, offset, _ = self._back(rows, index, offset, -lines)
        else:
            index, offset = self._forth(rows, index, offset, lines)
        self._settle(rows, index, offset)
        return (self._anchor, self._offset) != before

    def visible(self) -> list[Line]:
        """The lines in sight, at most ``height``."""
        rows = self._rows()
        index, offset = self._top(rows)
        lines: list[Line] = []
        while index < len(rows) and len(lines) < self.height:
            lines += self._lines(rows, index)[offset:]
            index, offset = index + 1, 0
        return lines[: self.height]

    def above(self) -> int:
        """How many entries stand above what is in sight."""
        return self._top(self._rows())[0]

    def below(self) -> int:
        """How many entries stand below what is in sight."""
        rows = self._rows()
        index, offset = self._top(rows)
        room = self.height + offset
        while index < len(rows) and room > 0:
            room -= len(self._lines(rows, index))
            index += 1
        return len(rows) - index

    def _lines(self, rows: list[Entry], index: int) -> Sequence[Line]:
        return self._layout(rows[index], rows[index - 1] if index else None)

    def _top(self, rows: list[Entry]) -> tuple[int, int]:
        """The first line in sight, as the index of its entry and its number there."""
        if self._anchor is None or not rows:
            index, offset, _ = self._back(rows, len(rows), 0, self.height)
            return index, offset
        index = self._find(rows, self._anchor)
        return index, min(self._offset, len(self._lines(rows, index)) - 1)

    def _find(self, rows: list[Entry], anchor: Entry) -> int:
        if self._index < len(rows) and rows[self._index] is anchor:
            return self._index
        try:
            self._index = rows.index(anchor)
        except ValueError:  # it was dropped; what stands where it stood is nearest
            self._index = min(self._index, len(rows) - 1)
            self._anchor = rows[self._index]
        return self._index

    def _back(self, rows: list[Entry], index: int, offset: int, lines: int) -> tuple[int, int, int]:
        """So many lines up from one; the third value is how many are missing."""
        while lines > offset and index > 0:
            lines -= offset
            index -= 1
            offset = len(self._lines(rows, index))
        step = min(lines, offset)
        return index, offset - step, lines - step

    def _forth(self, rows: list[Entry], index: int, offset: int, lines: int) -> tuple[int, int]:
        offset += lines
        while index < len(rows) and offset >= (length := len(self._lines(rows, index))):
            offset -= length
            index += 1
        return index, offset

    def _hold(self, rows: list[Entry], index: int, offset: int) -> None:
        self._anchor, self._index, self._offset = rows[index], index, offset

    def _settle(self, rows: list[Entry], index: int, offset: int) -> None:
        """Anchors to a line; to a higher one where lines below the end would be left empty."""
        room = self.height + offset
        for following in range(index, len(rows)):
            room -= len(self._lines(rows, following))
            if room < 0:
                self._hold(rows, index, offset)
                return
        if self._complete() or not rows:
            self.follow()
        else:
            index, offset, _ = self._back(rows, len(rows), 0, self.height)
            self._hold(rows, index, offset)
