"""A model of a server of RIFT: who is connected, what was said where, and how frames are judged."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from minechat.errors import BadFrame
from minechat.protocol.rift.command_table import BY_COMMAND
from minechat.protocol.rift.frames import parse
from minechat.protocol.rift.states import State
from tests.server.community import Model

#: An event as it must come to somebody: its type, and what it holds but the time.
Due = tuple[str, dict[str, Any]]


class Denied(Exception):
    """A request that is refused; its code."""


@dataclass(frozen=True)
class Line:
    """A message that is kept."""

    username: str
    text: str
    seq: int
    id: str | None
    hidden: bool = False


@dataclass(eq=False)
class Room:
    """A room, or a conversation of two: its people, and what was said."""

    name: str
    model: Model
    topic: str = ""
    log: list[Line] = field(default_factory=list)


@dataclass(eq=False)
class Account:
    """:ivar given: secrets of each kind that were ever good, the last one last"""

    name: str
    is_registered: bool = False
    password: str = ""
    token: str | None = None
    sessions: list[str] = field(default_factory=list)
    blocked: set[str] = field(default_factory=set)
    given: dict[str, list[str]] = field(default_factory=lambda: {"session": [], "token": [], "password": []})

    def give(self, kind: str, secret: str) -> None:
        self.given[kind].append(secret)


@dataclass(eq=False)
class Seat:
    """A connection.

    :ivar account: who has logged in on it
    :ivar own: rooms joined on it, which a client hears that does not understand rooms
    :ivar due: what it must have been told by the answer to its next request
    """

    account: Account | None = None
    features: frozenset[str] = frozenset()
    session: str | None = None
    by_token: bool = False
    own: set[Room] = field(default_factory=set)
    due: list[Due] = field(default_factory=list)

    @property
    def state(self) -> State:
        return State.NEW if self.account is None else State.KNOWN

    @property
    def name(self) -> str:
        assert self.account is not None
        return self.account.name


@dataclass
class Expected:
    """What follows a frame.

    :ivar kind: the type of the answer; "" where none comes
    :ivar code: of the refusal; "" where it is none
    :ivar check: looks at the payload of the answer
    :ivar ended: other connections that the server closes, and the code of the error before it
    :ivar closes: whether the server closes this one after the answer
    """

    kind: str
    code: str = ""
    request: str | None = None
    check: Callable[[dict[str, Any]], None] = lambda payload: None
    ended: dict[Seat, str] = field(default_factory=dict)
    closes: bool = False


class Ground:
    """What everything else stands on: who there is, and which rooms.

    :ivar seats: connections on which somebody has logged in, in that order
    """

    def __init__(self, people: tuple[str, ...]) -> None:
        self.accounts = {name: Account(name) for name in people}
        self.rooms = {name: Room(name, Model(name)) for name in ("general", "random", "tech")}
        self.conversations: dict[frozenset[str], Room] = {}
        self.said: dict[tuple[str, str], tuple[Room, Line]] = {}
        self.seats: list[Seat] = []

    def expect(self, seat: Seat, frame: str) -> Expected:
        """What a frame must be answered. The model takes it as done, and learns secrets by the check."""
        try:
            command = parse(frame)
        except BadFrame as wrong:
            return self._refused(seat, wrong.code, wrong.to, wrong.request)
        row = BY_COMMAND[type(command)]
        if row.state is not seat.state:
            return self._refused(seat, "out_of_turn", row.word, command.id)
        try:
            expected: Expected = getattr(self, f"_{row.word}")(seat, command)
        except Denied as denied:
            return self._refused(seat, str(denied), row.word, command.id)
        expected.request = command.id
        return expected

    def over(self, seat: Seat) -> None:
        """A connection is no more."""
        if seat in self.seats:
            self.seats.remove(seat)

    def filled(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A payload with secrets in place of their names: ``$session ann 0`` is her last one."""
        return {key: self._secret(value) for key, value in payload.items()}

    def _secret(self, value: Any) -> Any:
        if not isinstance(value, str) or not value.startswith("$"):
            return value
        kind, name, back = value[1:].split()
        given = self.accounts[name].given[kind]
        return given[-1 - int(back)] if int(back) < len(given) else f"no {kind} of anybody"

    def _refused(self, seat: Seat, code: str, to: str, request: str | None) -> Expected:
        if seat.state is State.KNOWN:
            return Expected("error", code, request)
        if to == "register":
            return Expected("register_fail", code, request)
        return Expected("auth_fail", code, request, closes=True)

    def peer(self, name: str, conversation: Room) -> str:
        """With whom somebody has a conversation."""
        pairs = (pair for pair, room in self.conversations.items() if room is conversation)
        return next(iter(next(pairs) - {name}))

    # Who and where.

    def _person(self, name: str) -> Account | None:
        found = self.accounts.get(name.casefold())
        return found if found is not None and found.is_registered else None

    def _room(self, name: str) -> Room:
        found = self.rooms.get(name.casefold())
        if found is None:
            raise Denied("no_room")
        return found

    def _allowed(self, seat: Seat, name: str, deed: str) -> Room:
        """The room in which somebody may do something, as long as it is not against somebody."""
        room = self._room(name)
        deny(room.model.refusal(deed, seat.name))
        return room

    def _done_to(self, seat: Seat, name: str, deed: str, username: str) -> Room:
        """Does something to somebody."""
        room = self._allowed(seat, name, deed)
        whom = self._person(username)
        if whom is None:
            raise Denied("no_user")
        deny(room.model.try_(deed, seat.name, whom.name))
        return room

    def _of(self, account: Account) -> list[Seat]:
        return [one for one in self.seats if one.account is account]

    def _others(self, seat: Seat) -> list[Seat]:
        return [one for one in self.seats if one is not seat and one.account is seat.account]

    def _hears(self, seat: Seat, room: Room) -> bool:
        knows = "rooms" in seat.features or room.name == "general" or room in seat.own
        return knows and room.model.role(seat.name) > 0

    def _lost(self, room: Room, name: str) -> None:
        for seat in self.seats:
            if seat.name == name:
                seat.own.discard(room)


def is_told_muted(seat: Seat, room: Room) -> bool:
    """Whether somebody is told with a room that they may not write in it."""
    return "rooms" in seat.features and bool(room.model.role(seat.name)) and seat.name in room.model.muted


def deny(code: str) -> None:
    """:raises Denied: unless the code is "" """
    if code:
        raise Denied(code)


def same_line(row: dict[str, Any], line: Line) -> bool:
    """Whether an entry of a page is this message."""
    return (row["username"], row["text"], row["seq"], row.get("id")) == (
        line.username, line.text, line.seq, line.id
    )  # fmt: skip


def judge_password(password: str) -> None:
    """:raises Denied: no account can have it"""
    if not 8 <= len(password) <= 128:
        raise Denied("bad_password")


def holds(payload: dict[str, Any], **expected: Any) -> None:
    """Whether a payload has these values."""
    found = {name: payload.get(name) for name in expected}
    assert found == expected, f"{found} and not {expected}"
