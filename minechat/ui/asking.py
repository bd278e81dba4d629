"""Questions in place of the message box: yes or no, or a secret that is typed unseen."""

import asyncio

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from minechat.ui.columns import wrap
from minechat.ui.rows import row
from minechat.ui.themes import Looks

_YES, _NO, _LEAVING = ("enter", "y", "д"), ("escape", "n", "н"), ("ctrl+c", "ctrl+q")
MOST_SECRET = 1024


class Question(Widget):
    """One question at a time; its answer is what ``ask`` or ``ask_secret`` returns."""

    DEFAULT_CSS = "Question { height: auto; width: 100%; display: none; }"
    can_focus = True

    def __init__(self, looks: Looks) -> None:
        super().__init__(id="question")
        self._looks = looks
        self._text = ""
        self._secret: str | None = None
        self._answer: asyncio.Future[str | None] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a question is being asked."""
        return self._answer is not None

    async def ask(self, text: str) -> bool:
        """Asks for yes (Enter, y) or no (Esc, n); no while another question is open."""
        return await self._ask(text, None) is not None

    async def ask_secret(self, text: str) -> str | None:
        """Asks for something nobody should see; None when it was not given."""
        return await self._ask(text, "")

    def refuse(self) -> None:
        """Answers no."""
        self._end(None)

    def get_content_height(self, _container: object, _viewport: object, width: int) -> int:
        """As many rows as the question takes."""
        return len(wrap(self._shown(), max(1, width - 2)))

    def render_line(self, y: int) -> Strip:
        """One row of it."""
        base = self.rich_style + self._looks.style("bold")
        width = self.size.width
        lines = wrap(self._shown(), max(1, width - 2))
        text = lines[y] if y < len(lines) else ""
        return row([(f" {text}", self._looks.style("text"))], width, self.region.x, base)

    def on_key(self, event: events.Key) -> None:
        """Answers it, or goes on with the secret."""
        if event.key in _LEAVING and self._secret is None:
            return  # the application's: who wants to leave is not held by a question
        event.stop()
        event.prevent_default()
        if self._secret is not None:
            self._type(event)
        elif event.key in _YES:
            self._end("")
        elif event.key in _NO:
            self._end(None)

    def on_paste(self, event: events.Paste) -> None:
        """A secret may be pasted."""
        event.stop()
        if self._secret is not None:
            self._secret = (self._secret + event.text.strip("\r\n"))[:MOST_SECRET]
            self.refresh(layout=True)

    def _type(self, event: events.Key) -> None:
        assert self._secret is not None
        if event.key == "enter":
            self._end(self._secret)
        elif event.key in ("escape", *_LEAVING):
            self._end(None)
        elif event.key == "backspace":
            self._secret = self._secret[:-1]
        elif event.key == "ctrl+u":
            self._secret = ""
        elif event.is_printable and event.character:
            self._secret = (self._secret + event.character)[:MOST_SECRET]
        self.refresh(layout=True)

    def _shown(self) -> str:
        return self._text if self._secret is None else f"{self._text} {'•' * len(self._secret)}_"

    async def _ask(self, text: str, secret: str | None) -> str | None:
        if self._answer is not None:
            return None
        self._text, self._secret = text, secret
        self._answer = asyncio.get_running_loop().create_future()
        self.display = True
        self.refresh(layout=True)
        self.focus()
        try:
            return await self._answer
        finally:
            self._answer, self._secret = None, None
            self.display = False

    def _end(self, answer: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
