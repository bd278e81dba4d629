"""Carries out what was typed behind a slash: by the session, or by the screen itself."""

from collections.abc import Callable
from typing import Protocol

from minechat.client.export import export, export_mine
from minechat.client.session import Session
from minechat.errors import ConnectionLost, InvalidInput, MinechatError, Refused, Unreachable
from minechat.protocol.rift import replies
from minechat.text import safe
from minechat.ui import keys, reasons
from minechat.ui.calls import Call
from minechat.ui.commands import available
from minechat.ui.moves import LEADING
from minechat.ui.slashes import Slash
from minechat.ui.told import describe, refusal
from minechat.ui.words import Words

#: The most lines of an answer that are shown.
MOST_LINES = 200


class Stage(Protocol):
    """What the screen can do for a command."""

    def tell(self, lines: list[str]) -> None:
        """Shows lines, which are safe, in the current place."""

    def tell_table(self, title: str, rows: list[tuple[str, str]], extra: list[str]) -> None:
        """Shows a title, some lines and a table of two columns, from the top on."""

    def complain(self, line: str) -> None:
        """Shows one line, which is safe, about what did not work."""

    def go(self, place: str) -> None:
        """Goes to a place."""

    def whisper(self, person: str, text: str) -> None:
        """Says something privately."""

    def leave(self) -> None:
        """Leaves the chat, perhaps after a question."""

    def show_past(self, count: int | None) -> None:
        """Shows the last messages of the current place."""

    async def ask_secrets(self, questions: list[str]) -> list[str] | None:
        """Things nobody should see; None when one of them was not given."""

    @property
    def place(self) -> str:
        """The current place."""

    @property
    def topic(self) -> str:
        """What the current room is about."""


class Performer:
    """Carries out calls; what goes wrong is one line on the screen."""

    def __init__(self, session: Session, stage: Stage, words: Words) -> None:
        self._session, self._stage, self._words = session, stage, words
        #: The room that was joined last; the list of ours may come later than the answer.
        self.going: str | None = None
        self._own: dict[str, Callable[[Call], None]] = {
            "help": self._help,
            "exit": lambda _: stage.leave(),
            "pm": lambda call: stage.whisper(call.arguments["to"], call.arguments["text"]),
            "go": lambda call: stage.go(call.arguments["place"].removeprefix("#")),
            "history": lambda call: stage.show_past(call.arguments.get("count")),
            "topic": lambda _: stage.tell([safe(stage.topic) or self._words("no_topic")]),
        }

    def perform_own(self, call: Call) -> bool:
        """Carries out a call that is the screen's own affair; whether it is one."""
        own = self._own.get(call.slash.name) if call.order is None else None
        if own is not None:
            own(call)
        return own is not None

    async def perform(self, call: Call, arrived: Callable[[str], None] = lambda _room: None) -> None:
        """Carries out one call that others take part in.

        :param arrived: called with the room that it led to, before anything is told of it
        """
        try:
            if call.order is not None:
                await self._order(call.order, call, arrived)
            elif call.slash.name == "password":
                await self._password()
            else:
                await self._export(call)
        except (ConnectionLost, Unreachable):  # why is in the status line
            self._stage.complain(self._words("not_connected"))
        except Refused as error:
            self._stage.complain(safe(refusal(error, self._words.language)))
        except MinechatError as error:
            self._stage.complain(safe(reasons.reason(error, self._words.language)))

    def show_help(self) -> None:
        """The commands and where the keys are."""
        slashes = available(self._session.abilities)
        language = self._words.language
        rows = [(slash.shown(language), slash.explained(language)) for slash in slashes]
        extra = [self._words("help_mouse"), self._words("help_keys")]
        self._stage.tell_table(self._words("help_title"), rows, extra)

    def show_keys(self) -> None:
        """All keys."""
        self._stage.tell_table(self._words("keys_title"), keys.documentation(self._words), [])

    async def _order(self, order: str, call: Call, arrived: Callable[[str], None]) -> None:
        reply = await self._session.order(order, **call.fields)
        if order in LEADING and isinstance(reply, replies.Room):
            self.going = reply.info.room
            arrived(reply.info.room)
        if order == "log_out":
            self._stage.leave()
            return
        told = describe(reply, self._words.language, call.fields.get("query"))
        lines = [safe(part) for line in told for part in line.split("\n")]
        more = [f"…[+{len(lines) - MOST_LINES}]"] if len(lines) > MOST_LINES else []
        self._stage.tell(lines[:MOST_LINES] + more)

    def _help(self, call: Call) -> None:
        name = call.arguments.get("command")
        if name is None:
            self.show_help()
        else:
            self._help_with(next(slash for slash in available(self._session.abilities) if slash.name == name))

    def _help_with(self, slash: Slash) -> None:
        language = self._words.language
        self._stage.tell([f"{slash.shown(language)}  {slash.explained(language)}"])

    async def _password(self) -> None:
        given = await self._stage.ask_secrets(
            [self._words(one) for one in ("ask_old", "ask_new", "ask_again")]
        )
        if given is None:
            return
        old, new, again = given
        if new != again:
            raise InvalidInput(self._words("not_the_same"))
        await self._session.order("change_password", new=new, old=old or None)
        self._stage.tell([self._words("password_changed")])

    async def _export(self, call: Call) -> None:
        path = call.arguments["file"]
        if call.slash.name == "export":
            count = await export(self._session, self._stage.place, path)
        else:
            count = await export_mine(self._session, path)
        self._stage.tell([self._words.count("exported", count, file=safe(path))])
