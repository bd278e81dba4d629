"""What the screen does when its person enters a line: says it, carries it out, asks before harm is done."""

from time import time
from typing import TYPE_CHECKING

from minechat.client.session import Session
from minechat.errors import InvalidInput
from minechat.text import safe, safe_nick
from minechat.ui.box import LINES_WITHOUT_ASKING, MOST_BYTES
from minechat.ui.calls import parse
from minechat.ui.commands import SAY
from minechat.ui.entry import note
from minechat.ui.performing import Performer
from minechat.ui.words import Words

if TYPE_CHECKING:
    from minechat.ui.application import ChatApp

#: Columns that a timeline needs beside a table.
MARGIN = 28
_KEYS = ("/help keys", "/help клавиши")


class Deeds:
    """The deeds of one screen; the stage of its commands.

    :param app: the screen
    """

    def __init__(self, app: "ChatApp", session: Session, words: Words) -> None:
        self._app, self._session, self._words = app, session, words
        self._performer = Performer(session, self, words)

    @property
    def place(self) -> str:
        """The current place."""
        return self._app.board.current

    @property
    def topic(self) -> str:
        """What it is about."""
        return self._app.board.here.topic

    def enter(self, text: str, pasted: int) -> bool:
        """Carries out a line, or says it; whether it was taken, else it stays in the box.

        :param pasted: its lines that were pasted; very many are asked about first
        """
        if not text.strip():
            return False
        if pasted > LINES_WITHOUT_ASKING:
            self._app.start(self._enter_if(pasted))
            return False
        if text.strip().casefold() in _KEYS:
            self.keys()
            return True
        try:
            call = parse(text, self.place, self._session.abilities, self._words.language)
        except InvalidInput as error:
            self.complain(safe(str(error)))
            return False
        if call.slash is SAY:
            return self._say(self.place, call.arguments["text"].rstrip("\n"))
        # At once where nobody is waited for: the next line may be typed already, for where this one leads.
        if not self._performer.perform_own(call):
            self._app.start(self._performer.perform(call))
        return True

    async def _enter_if(self, pasted: int) -> None:
        question = self._words.count("question_paste", pasted)
        if await self._app.ask(question, "yes_paste", "no_paste"):
            self._app.box.enter()

    def tell(self, lines: list[str]) -> None:
        """Shows lines at the end of the current place."""
        self._show("\n".join(lines), error=False)

    def tell_table(self, title: str, rows: list[tuple[str, str]], extra: list[str]) -> None:
        """Shows two columns side by side where there is room, else one below the other, from the title on."""
        widest = max(len(left) for left, _ in rows)
        beside = widest + max(len(right) for _, right in rows) + MARGIN <= self._app.timeline.size.width
        lines = [
            f"{left.ljust(widest)}  {right}" if beside else f"{left}\n    {right}" for left, right in rows
        ]
        self._show("\n".join([title, *extra, *lines]), error=False)
        self._app.timeline.show_from(self._app.board.here.rows()[-1])

    def complain(self, line: str) -> None:
        """Shows a line about what did not work."""
        self._show(line, error=True)

    def go(self, place: str) -> None:
        """Goes to a place of ours, or to a conversation with somebody."""
        board = self._app.board
        found = next((name for name in board.places if _key(name) == _key(place)), None)
        if found is None and place.startswith("@") and "whisper" in self._session.abilities:
            found = place
        elif found is None and place.startswith("@"):
            self.complain(self._words("no_whisper"))
        elif found is None and not self._is_expected(place):
            self.complain(self._words("no_such_place", place=safe_nick(place)))
        else:
            found = found or place
        if found is not None:
            self._app.go_to(found)

    def whisper(self, person: str, text: str) -> None:
        """Goes to the conversation with somebody and says something there."""
        self.go(f"@{person}")
        self._say(self.place, text)

    def leave(self) -> None:
        """Leaves, after a question where something was not sent."""
        self._app.action_leave()

    def show_past(self, count: int | None) -> None:
        """Shows so many of the last messages: scrolls back by them."""
        timeline = self._app.timeline
        timeline.go_to_end()
        timeline.scroll_by(-(count or 0)) if count else timeline.scroll_screens(-1)

    async def ask_secret(self, question: str) -> str | None:
        """Something nobody should see."""
        return await self._app.ask_secret(question)

    def keys(self) -> None:
        """All keys."""
        self._performer.show_keys()

    def _is_expected(self, place: str) -> bool:
        """Whether we have just joined it: the list of rooms may come a moment later."""
        return self._performer.going == place

    def _say(self, place: str, text: str) -> bool:
        """Puts something on its way; whether it was taken."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            self.complain(self._words("too_long", used=size, most=MOST_BYTES))
            return False
        app = self._app
        if not app.outbox.put(app.board.place(place), text, safe_nick(app.board.nickname)):
            self.complain(self._words("too_many_waiting"))
            return False
        app.timeline.go_to_end()
        return True

    def _show(self, text: str, *, error: bool) -> None:
        app = self._app
        if not app.timeline.follows:
            app.timeline.go_to_end()
        app.board.here.add(note(text, time(), error=error))
        app.dirty()


def _key(place: str) -> str:
    return place.casefold().replace("_", " ")
