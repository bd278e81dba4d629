"""The box one writes in: Enter sends, Alt-Enter begins a line, a paste stays one message, Tab completes."""

from collections.abc import Awaitable, Callable

from textual import events
from textual.message import Message
from textual.widgets import TextArea

from minechat.text import safe
from minechat.ui.completion import Completion, Known
from minechat.ui.recall import Recall

#: The most bytes of a message; how many are near enough to it to be told.
MOST_BYTES, NEAR = 4096, 3500
#: The most characters of a paste that are taken at all.
MOST_PASTED = 16_384
#: Pasting more lines than these is asked about before it is sent.
LINES_WITHOUT_ASKING = 10
_NEW_LINE = ("alt+enter", "ctrl+j", "shift+enter", "ctrl+enter")
#: By lines as they were written, however they are wrapped, and by words.
_EDITING = {
    "ctrl+u": "delete_before",
    "ctrl+k": "delete_after",
    "ctrl+a": "line_start",
    "ctrl+e": "line_end",
    "alt+b": "cursor_word_left",
    "alt+f": "cursor_word_right",
    "alt+d": "delete_word_right",
}
#: Text is made safe in pieces of this size, so that nothing of it is cut.
_PIECE = 1024


class Box(TextArea):
    """What is being written.

    :param known: gives what Tab may complete to
    :param entered: is given the text on Enter, and how many lines of it were pasted if more than one;
        tells whether it was taken
    :param act: does what the application does on a key; tells whether it did
    :param answers: takes what was typed or pasted for a question that stands in place of the box
    """

    DEFAULT_CSS = """
    Box {
        height: auto; min-height: 1; max-height: 6; width: 100%;
        border: none; padding: 0 1; background: $background; color: $foreground;
        scrollbar-size-vertical: 1;
        &:focus { border: none; }
        & .text-area--cursor-line { background: $background; }
        & .text-area--placeholder { text-style: dim; }
    }
    """

    class Refused(Message):
        """A paste is too long to be taken."""

        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

    class AtEnd(Message):
        """Home or End was pressed while there is nothing to move in."""

        def __init__(self, *, home: bool) -> None:
            super().__init__()
            self.home = home

    def __init__(
        self,
        known: Callable[[], Known],
        entered: Callable[[str, int], bool],
        act: Callable[[str], Awaitable[bool]],
        answers: Callable[[events.Key | events.Paste], bool],
        placeholder: str,
    ) -> None:
        super().__init__(
            soft_wrap=True, show_line_numbers=False, placeholder=placeholder, compact=True, id="box"
        )
        self.cursor_blink = False
        self.recall = Recall()
        self._known, self._entered, self._act, self._answers = known, entered, act, answers
        self._completion: Completion | None = None
        self._pasted = 0

    @property
    def bytes(self) -> int:
        """How long a message it would be."""
        return len(self.text.encode("utf-8", "surrogatepass"))

    def put(self, text: str) -> None:
        """Other text in place of what is there; the cursor goes to its end."""
        self.load_text(text)
        self.move_cursor(self.document.end)
        self._pasted = 0

    def enter(self, pasted: int = 0) -> None:
        """Enters the text; what is not taken stays.

        The box is empty meanwhile: what is entered may lead to another place, with a draft of its own.
        """
        text, cursor, count = self.text, self.cursor_location, self._pasted
        self.put("")
        if self._entered(text, pasted):
            self.recall.add(text)
        else:
            self.put(text)
            self.move_cursor(cursor)
            self._pasted = count

    def action_delete_before(self) -> None:
        """Deletes to the start of the line; there already, all before it; or what is selected."""
        row, column = self.cursor_location
        start = (row, 0) if column else (0, 0)
        self._delete_selected_or(start, (row, column))

    def action_delete_after(self) -> None:
        """Deletes to the end of the line; there already, the break behind it; or what is selected."""
        here = self.cursor_location
        self._delete_selected_or(here, self._line_end() if here != self._line_end() else self._next())

    def action_line_start(self) -> None:
        """To the start of the line."""
        self.move_cursor((self.cursor_location[0], 0))

    def action_line_end(self) -> None:
        """To the end of the line."""
        self.move_cursor(self._line_end())

    async def _on_key(self, event: events.Key) -> None:
        if self._answers(event):
            event.prevent_default()
            return
        if event.key != "tab":
            self._completion = None
        if event.key in _NEW_LINE:
            self.insert("\n")
        elif event.key == "enter":
            self.enter(self._pasted)
        elif event.key == "tab":
            self._complete()
        elif event.key in _EDITING:
            await self.run_action(_EDITING[event.key])
        elif not (self._moved_out(event.key) or await self._act(event.key)):
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()

    async def _on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if self._answers(event):
            return
        text = event.text.replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > MOST_PASTED:
            self.post_message(self.Refused(len(text.encode("utf-8", "surrogatepass"))))
            return
        lines = [_harmless(line) for line in text.expandtabs(4).split("\n")]
        count = len("\n".join(lines).rstrip("\n").split("\n"))
        if count > 1:
            self._pasted += count
        self.insert("\n".join(lines))

    def _delete_selected_or(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        if not self.selection.is_empty:
            start, end = self.selection
        self.delete(start, end, maintain_selection_offset=False)

    def _line_end(self) -> tuple[int, int]:
        row = self.cursor_location[0]
        return row, len(self.document.get_line(row))

    def _next(self) -> tuple[int, int]:
        row = self.cursor_location[0]
        return (row + 1, 0) if row + 1 < self.document.line_count else self._line_end()

    def _moved_out(self, key: str) -> bool:
        """Takes keys that would move the cursor where there is nothing."""
        row, _ = self.cursor_location
        if key == "up" and row == 0:
            self._replace_by(self.recall.back(self.text))
        elif key == "down" and row == self.document.line_count - 1:
            self._replace_by(self.recall.forth())
        elif key in ("home", "end") and not self.text:
            self.post_message(self.AtEnd(home=key == "home"))
        else:
            return False
        return True

    def _replace_by(self, text: str | None) -> None:
        if text is not None:
            self.put(text)

    def _complete(self) -> None:
        if self._completion is None:
            self._completion = Completion(self.text, self._position(), self._known())
        if self._completion:
            done = self._completion.step()
            self.load_text(done.text)
            self.move_cursor(self._location(done.cursor))

    def _position(self) -> int:
        row, column = self.cursor_location
        return sum(len(self.document.get_line(line)) + 1 for line in range(row)) + column

    def _location(self, position: int) -> tuple[int, int]:
        before = self.text[:position]
        return before.count("\n"), len(before) - before.rfind("\n") - 1


def _harmless(line: str) -> str:
    return "".join(safe(line[start : start + _PIECE]) for start in range(0, len(line), _PIECE))
