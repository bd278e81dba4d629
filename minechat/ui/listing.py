"""A list down the side of the screen: rows of text with a cursor, drawn without a widget for each."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from minechat.ui.columns import columns, pad
from minechat.ui.rows import row
from minechat.ui.themes import Looks


@dataclass(frozen=True, slots=True)
class Item:
    """One row.

    :param key: what is chosen with it
    :param text: safe
    :param tail: at the right end: a number of unread messages, say
    """

    key: str
    text: str
    look: str = "text"
    tail: str = ""
    tail_look: str = "text"


class Listing(Widget):
    """A title and rows below it, of which those in sight are drawn.

    Up, Down, Home, End move the cursor while it has the focus, Enter or a click chooses.

    :param act: does what the application does on a key; tells whether it did
    :param edge: the side on which a line divides it from its neighbour: ``left`` or ``right``
    """

    DEFAULT_CSS = "Listing { height: 1fr; }"
    can_focus = True

    class Chosen(Message):
        """A row was chosen."""

        def __init__(self, listing: "Listing", key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

    def __init__(
        self,
        looks: Looks,
        act: Callable[[str], Awaitable[bool]],
        *,
        id: str,  # noqa: A002 - Textual's word
        edge: str,
    ) -> None:
        super().__init__(id=id)
        self._edge = edge
        self._looks = looks
        self._act = act
        self._title = ""
        self._items: Sequence[Item] = ()
        self._cursor = 0
        self._top = 0

    def show(self, items: Sequence[Item], title: str, cursor: str | None = None) -> None:
        """Shows these rows.

        :param cursor: the key of the row to put the cursor on; None leaves it where it is
        """
        keys = [item.key for item in items]
        wanted = cursor if cursor is not None else self._key()
        if items == self._items and title == self._title and cursor is None:
            return
        self._items, self._title = items, title
        self._cursor = keys.index(wanted) if wanted in keys else min(self._cursor, max(0, len(items) - 1))
        self._keep_in_sight()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The title, and below it the rows from the top one on."""
        width = self.size.width
        line = ("│", self._style("sign"))
        parts = self._parts(y, max(1, width - 1))
        parts = [line, *parts] if self._edge == "left" else [*parts, line]
        return row(parts, width, self.region.x, self.rich_style)

    def _parts(self, y: int, width: int) -> list[tuple[str, Style]]:
        """What stands in a row, in exactly this width."""
        if y == 0:
            return [(pad(f" {self._title}", width), self._style("title"))]
        index = self._top + y - 1
        if index >= len(self._items):
            return [(" " * width, self._style("text"))]
        item = self._items[index]
        look = self._style(item.look)
        if self.has_focus and index == self._cursor:
            look += self._style("cursor")
        text = pad(item.text, max(1, width - columns(item.tail)))
        return [(text, look), (item.tail, self._style(item.tail_look))]

    async def on_key(self, event: events.Key) -> None:
        """Moves the cursor, chooses."""
        steps = {"up": -1, "down": 1, "pageup": -self._page(), "pagedown": self._page()}
        ends = {"home": 0, "end": len(self._items) - 1}
        if event.key == "enter":
            self._choose()
        elif event.key in steps:
            self._move_to(self._cursor + steps[event.key])
        elif event.key in ends:
            self._move_to(ends[event.key])
        elif not await self._act(event.key):
            return
        event.stop()
        event.prevent_default()

    def on_click(self, event: events.Click) -> None:
        """Chooses the row under the mouse."""
        index = self._top + event.y - 1
        if event.y > 0 and index < len(self._items):
            self._move_to(index)
            self._choose()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self._scroll(-3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self._scroll(3)

    def on_focus(self) -> None:
        """Shows the cursor."""
        self.refresh()

    def on_blur(self) -> None:
        """Hides it."""
        self.refresh()

    def on_resize(self) -> None:
        """Keeps the cursor in sight."""
        self._keep_in_sight()

    def _choose(self) -> None:
        if self._items:
            self.post_message(self.Chosen(self, self._items[self._cursor].key))

    def _key(self) -> str | None:
        return self._items[self._cursor].key if self._cursor < len(self._items) else None

    def _page(self) -> int:
        return max(1, self.size.height - 2)

    def _move_to(self, index: int) -> None:
        self._cursor = max(0, min(index, len(self._items) - 1))
        self._keep_in_sight()
        self.refresh()

    def _scroll(self, lines: int) -> None:
        self._top = max(0, min(self._top + lines, len(self._items) - self._page()))
        self.refresh()

    def _keep_in_sight(self) -> None:
        rows = max(1, self.size.height - 1)
        self._top = max(min(self._top, self._cursor), self._cursor - rows + 1)
        self._top = max(0, min(self._top, len(self._items) - rows))

    def _style(self, look: str) -> Style:
        return self._looks.style(look)
