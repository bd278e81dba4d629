"""A bar across the screen: something at its left end and something at its right one, which comes first."""

from collections.abc import Iterable

from textual.strip import Strip
from textual.widget import Widget

from minechat.ui.columns import clip, columns
from minechat.ui.rows import row
from minechat.ui.themes import Looks

Part = tuple[str, str]


class Bar(Widget):
    """One row; each part is a safe text and the name of its look."""

    DEFAULT_CSS = "Bar { height: 1; width: 100%; }"
    can_focus = False

    def __init__(self, looks: Looks, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._looks = looks
        self._left: tuple[Part, ...] = ()
        self._right: tuple[Part, ...] = ()

    def show(self, left: Iterable[Part], right: Iterable[Part] = ()) -> None:
        """Shows these parts; the right ones give way where there is no room for both."""
        shown = (tuple(left), tuple(right))
        if shown != (self._left, self._right):
            self._left, self._right = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        base = self.rich_style + self._looks.style("bar")
        width = self.size.width
        left_columns = sum(columns(text) for text, _ in self._left)
        right = list(self._right)
        while right and left_columns + sum(columns(text) for text, _ in right) + 3 > width:
            right.pop(0)
        room = width - sum(columns(text) for text, _ in right) - 2
        parts = [(" ", "text"), *_clipped(self._left, room)]
        used = sum(columns(text) for text, _ in parts) + sum(columns(text) for text, _ in right)
        parts += [(" " * max(0, width - used - 1), "text"), *right, (" ", "text")]
        return row([(text, self._looks.style(look)) for text, look in parts], width, self.region.x, base)


def _clipped(parts: Iterable[Part], room: int) -> Iterable[Part]:
    for text, look in parts:
        shown = clip(text, room)
        room -= columns(shown)
        if shown:
            yield shown, look
