"""The timeline on the screen: draws the lines in sight, scrolls, asks for more at its ends."""

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from minechat.ui.conversation import Conversation
from minechat.ui.entry import Entry, Kind
from minechat.ui.layout import Layout, Line
from minechat.ui.pane import Pane
from minechat.ui.rows import firm
from minechat.ui.themes import Looks

#: So many entries before an end of the window is in sight, more is asked for.
AHEAD = 60
WHEEL_LINES = 3


class Timeline(Widget):
    """Shows one conversation; nothing of it is a widget but the whole.

    It is drawn again when ``changed`` is called, and lays out only what is in sight.
    """

    DEFAULT_CSS = "Timeline { height: 1fr; width: 1fr; }"
    can_focus = False

    class Wants(Message):
        """The window ends near what is in sight: older or newer messages are wanted."""

        def __init__(self, conversation: Conversation, *, older: bool) -> None:
            super().__init__()
            self.conversation, self.older = conversation, older

    class Moved(Message):
        """The position changed, or the end came into sight or left it."""

    def __init__(self, layout: Layout, looks: Looks) -> None:
        super().__init__()
        self._lay, self._looks = layout, looks
        self._shown = Conversation("")
        self._pane = self._new_pane()
        self._lines: list[Line] = []
        self._base = Style()

    @property
    def follows(self) -> bool:
        """Whether the end is in sight."""
        return self._pane.follows and self._shown.at_end

    def show(self, conversation: Conversation) -> None:
        """Shows another conversation: from its unread line on, or its end."""
        self._shown = conversation
        self._pane = self._new_pane()
        self._pane.height = self.size.height
        self._go_to_unread()
        self.changed()

    def changed(self) -> None:
        """Draws anew what is in sight; the conversation has changed."""
        self._lines, self._base = self._pane.visible(), self.rich_style
        self._shown.follows = self._pane.follows
        self.refresh()
        self._ask_for_more()

    def scroll_by(self, lines: int) -> None:
        """Moves by lines, up where negative."""
        if self._pane.scroll(lines):
            self._moved()
        else:
            self._ask_for_more()

    def scroll_screens(self, screens: int) -> None:
        """Moves by screens, one line less each so that one can go on reading."""
        self.scroll_by(screens * max(1, self._pane.height - 1))

    def show_from(self, entry: Entry) -> None:
        """Puts an entry at the top, or goes to the end where all of it can be seen so."""
        self._pane.show_from(entry)
        self._moved()

    def go_to_start(self) -> None:
        """To the first message that is loaded."""
        rows = self._shown.rows()
        if rows:
            self.show_from(rows[0])

    def go_to_end(self) -> None:
        """To the end; a window that ends earlier begins anew there."""
        if not self._shown.at_end:
            self._shown.restart()
        self._pane.follow()
        self._moved()

    def render_line(self, y: int) -> Strip:
        """One row of the screen; what is too short to fill it stands at the bottom."""
        base = self._base
        number = y - (self._pane.height - len(self._lines))
        if not 0 <= number < len(self._lines):
            return Strip.blank(self.size.width, base)
        return self._strip(self._lines[number], base)

    def on_resize(self, event: events.Resize) -> None:
        """Wraps anew; what was at the top stays there."""
        self._lay.set_width(event.size.width)
        first = self._pane.height == 0
        self._pane.height = event.size.height
        if first:
            self._go_to_unread()
        self.changed()

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self.scroll_by(-WHEEL_LINES)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self.scroll_by(WHEEL_LINES)

    def _new_pane(self) -> Pane[Line]:
        return Pane(self._shown.rows, self._lay.lines, lambda: self._shown.at_end)

    def _moved(self) -> None:
        self.changed()
        self.post_message(self.Moved())

    def _go_to_unread(self) -> None:
        line = next((entry for entry in self._shown.entries if entry.kind is Kind.UNREAD), None)
        if line is not None and self._pane.height:
            self._pane.show_from(self._above(line))

    def _above(self, line: Entry) -> Entry:
        """Two messages before the unread line, so that one sees where one was."""
        return self._shown.entries[max(0, self._shown.entries.index(line) - 2)]

    def _ask_for_more(self) -> None:
        shown = self._shown
        if not self._pane.height or shown.loading:
            return
        if not shown.at_start and self._pane.above() < AHEAD:
            self.post_message(self.Wants(shown, older=True))
        elif not shown.at_end and self._pane.below() < AHEAD:
            self.post_message(self.Wants(shown, older=False))

    def _strip(self, line: Line, base: Style) -> Strip:
        width = self.size.width
        style = self._looks.style
        segments = [Segment(piece.text, base + style(piece.look)) for piece in line.pieces]
        used = line.used
        if used > width:  # it was laid out for a screen that has just become narrower
            return Strip(segments).crop(0, width)
        if not line.simple:
            return firm(segments, width, self.region.x, base)
        segments.append(Segment(" " * (width - used), base))
        return Strip(segments, width)
