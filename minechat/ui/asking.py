"""Questions in place of the message box: yes or no, or a secret that is typed unseen."""

import asyncio
from collections import deque
from collections.abc import Iterable

from textual import events
from textual.strip import Strip
from textual.widget import Widget

from minechat.ui.columns import wrap
from minechat.ui.rows import row
from minechat.ui.themes import Looks

_YES, _NO, _LEAVING = ("enter", "y", "д"), ("escape", "n", "н"), ("ctrl+c", "ctrl+q")
MOST_SECRET = 1024


class Question(Widget):
    """One question at a time; its answer is what ``ask`` or ``ask_secrets`` returns."""

    DEFAULT_CSS = "Question { height: auto; width: 100%; display: none; }"
    can_focus = True

    def __init__(self, looks: Looks) -> None:
        super().__init__(id="question")
        self._looks = looks
        self._text = ""
        self._secret: str | None = None
        self._answer: asyncio.Future[str | None] | None = None
        #: What was typed before the secret was asked for that it is meant for; None where none is expected.
        self._ahead: deque[events.Key | events.Paste] | None = None

    @property
    def is_open(self) -> bool:
        """Whether a question is being asked, or a secret will be at once."""
        return self._answer is not None or self._ahead is not None

    async def ask(self, text: str) -> bool:
        """Asks for yes (Enter, y) or no (Esc, n); no while another question is open."""
        return await self._ask(text, None) is not None

    def expect(self) -> None:
        """``ask_secrets`` is called next: what is typed until then is kept for it."""
        self._ahead = deque(maxlen=MOST_SECRET)

    async def ask_secrets(self, texts: Iterable[str]) -> list[str] | None:
        """Asks for what nobody should see, one behind the other; None when one was not given."""
        if self._ahead is None:
            self.expect()
        answers = []
        try:
            for text in texts:
                answer = await self._ask(text, "")
                if answer is None:
                    return None
                answers.append(answer)
            return answers
        finally:
            self._ahead = None

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

    def takes(self, event: events.Key | events.Paste) -> bool:
        """Whether what came to the box is for a question, which stands in its place; it is taken then."""
        if not self.is_open:
            return False
        self.on_key(event) if isinstance(event, events.Key) else self.on_paste(event)
        return True

    def on_key(self, event: events.Key) -> None:
        """Answers it, or goes on with the secret."""
        if self._keep(event) or (event.key in _LEAVING and self._secret is None):
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
        if not self._keep(event) and self._secret is not None:
            self._paste(event)

    def _keep(self, event: events.Key | events.Paste) -> bool:
        """Whether it was typed before its secret was asked for."""
        if self._ahead is None or (self._answer is not None and not self._answer.done()):
            return False
        event.stop()
        event.prevent_default()
        self._ahead.append(event)
        return True

    def _take_ahead(self, answer: "asyncio.Future[str | None]") -> None:
        while self._ahead and not answer.done():
            event = self._ahead.popleft()
            self._type(event) if isinstance(event, events.Key) else self._paste(event)

    def _paste(self, event: events.Paste) -> None:
        self._secret = ((self._secret or "") + event.text.strip("\r\n"))[:MOST_SECRET]
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
        self._take_ahead(self._answer)
        try:
            return await self._answer
        finally:
            self._answer, self._secret = None, None
            self.display = False

    def _end(self, answer: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
