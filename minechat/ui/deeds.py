"""What the screen does when its person enters a line: says it, carries it out, asks before harm is done."""

from functools import partial
from time import time
from typing import TYPE_CHECKING

from minechat.client.session import Session
from minechat.errors import InvalidInput
from minechat.text import safe, safe_nick
from minechat.ui import sight
from minechat.ui.box import LINES_WITHOUT_ASKING, MOST_BYTES
from minechat.ui.calls import Call, parse
from minechat.ui.commands import SAY
from minechat.ui.entry import note
from minechat.ui.moves import LEADING, Move, Moves, is_about_place
from minechat.ui.outbox import MOST
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
        self._moves = Moves()
        #: Ways that led nowhere, until that is told.
        self._lost: list[Move] = []
        #: What stood in the box when a way led nowhere: it was written for another room.
        self._begun = ""

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
        move = self._moves.last
        place = self.place if move is None else move.room
        try:
            call = parse(text, place, self._session.abilities, self._words.language)
        except InvalidInput as error:
            self.complain(safe(str(error)))
            return False
        if call.slash is SAY:
            return self._is_meant_here(text) and self._say(
                self.place, call.arguments["text"].rstrip("\n"), move
            )
        return self._order(text, call, move)

    def _order(self, text: str, call: Call, move: Move | None) -> bool:
        """Carries out a command, or has it wait for where a way leads; whether it was taken."""
        if move is None or not is_about_place(call):
            self._carry_out(call)
            return True
        if len(move.calls) >= MOST:
            self.complain(self._words("too_many_waiting"))
            return False
        move.calls.append((text, call))
        return True

    def _carry_out(self, call: Call) -> None:
        """At once where nobody is waited for: the next line may be typed already, for where it leads."""
        if call.order in LEADING:
            self._app.start(self._lead(call, self._moves.begin(call.fields["room"])))
        elif not self._performer.perform_own(call):
            if call.slash.name == "password":
                self._app.question.expect()
            self._app.start(self._performer.perform(call))

    async def _lead(self, call: Call, move: Move) -> None:
        await self._performer.perform(call, partial(self._arrive, move))
        if not move.arrived:
            self._stray(move)

    def _arrive(self, move: Move, room: str) -> None:
        """Goes to a room, unless its person went elsewhere meanwhile; what was typed for it is done there."""
        app = self._app
        place = app.board.place(self._known(room) or room)
        app.outbox.arrived(move, place)
        followed = self._moves.arrived(move)
        if followed:
            app.go_to(place.name, carry=True)
            self._tell_lost()
        for text, call in move.calls:
            if followed or call.order is not None:
                self._carry_out(call)
            else:
                self._complain_of(move, text)

    def _stray(self, move: Move) -> None:
        if self._moves.strayed(move):
            self._begun = self._app.box.text
        self._lost.append(move)
        self._tell_lost()

    def _tell_lost(self) -> None:
        """Says what was typed for rooms that were not come into to nobody, in sight of its person.

        Behind a way to yet another room that has to wait: who is led there looks there.
        """
        if self._moves.last is not None:
            return
        lost, self._lost = self._lost, []
        for move in lost:
            reason = self._words("not_in_room", room=safe_nick(move.room))
            self._app.outbox.strayed(move, self._app.board.here, reason)
            for text, _ in move.calls:
                self._complain_of(move, text)
        self._app.dirty()

    def _complain_of(self, move: Move, text: str) -> None:
        self.complain(self._words("not_done", room=safe_nick(move.room), line=safe(text)))

    def _is_meant_here(self, text: str) -> bool:
        """Whether to say something here that was begun for another room; Enter is asked for once more."""
        begun, self._begun = self._begun, ""
        if not begun.strip() or not text.startswith(begun):
            return True
        self.complain(self._words("still_here", place=sight.shown_name(self.place)))
        return False

    def forget_moves(self) -> None:
        """Its person goes somewhere: no way is followed any more."""
        self._moves.forget()
        self._begun = ""
        self._app.call_later(self._tell_lost)  # where they are by then

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
        found = self._known(place)
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

    async def ask_secrets(self, questions: list[str]) -> list[str] | None:
        """Things nobody should see."""
        return await self._app.ask_secrets(questions)

    def keys(self) -> None:
        """All keys."""
        self._performer.show_keys()

    def _known(self, place: str) -> str | None:
        return next((name for name in self._app.board.places if _key(name) == _key(place)), None)

    def _is_expected(self, place: str) -> bool:
        """Whether we have just joined it: the list of rooms may come a moment later."""
        return self._performer.going == place

    def _say(self, place: str, text: str, move: Move | None = None) -> bool:
        """Puts something on its way, or behind a way to another room; whether it was taken."""
        size = len(text.encode("utf-8", "surrogatepass"))
        if size > MOST_BYTES:
            self.complain(self._words("too_long", used=size, most=MOST_BYTES))
            return False
        app = self._app
        if not app.outbox.put(app.board.place(place), text, safe_nick(app.board.nickname), move):
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
