"""What the storage gives and takes: messages, accounts, rooms and what was done in them, as plain values."""

from dataclasses import dataclass, field
from enum import Enum

from minechat.server.keys import Keys


# Not frozen, which would make it four times as long in the making: a sixth of all that a post costs the loop.
@dataclass(slots=True, unsafe_hash=True)
class Stored:
    """A message that is on the disk; nobody changes one.

    :param seq: counts from 1 in its room, without a gap; one that is hidden is counted too
    :param nick: its author's name
    :param account_id: its author
    :param said_at: seconds since 1970
    :param key: what its author's client named it by; None when it named nothing
    :param hidden: only its author may see it
    :param origin: what was given to ``say``; None on a message that was read back
    :param waited: seconds from asking for it until its commit was known
    """

    room: str
    seq: int
    nick: str
    text: str
    account_id: int = 0
    said_at: float = 0.0
    key: str | None = None
    hidden: bool = False
    origin: object = field(default=None, compare=False)
    waited: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A name an account may get. No two may share one of ``keys``; without them it is shared freely."""

    epithet: str
    nick: str
    name: str
    keys: Keys | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account in the database."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class LoginRow:
    """An account that somebody wants to log in to.

    :param password: the hash of its password as ``set_password`` got it; None where it has none
    """

    id: int
    name: str
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class AccountInfo:
    """An account as its server's owner sees it; times in seconds since 1970."""

    id: int
    name: str
    created_at: float
    last_said_at: float | None
    messages: int


@dataclass(frozen=True, slots=True)
class Ban:
    """Who is shut out: an account, or a source as the limits count it; one of the two is None.

    :param until: seconds since 1970; None is for ever
    :param at: when it was written, in seconds since 1970
    """

    account_id: int | None
    source: str | None
    until: float | None
    reason: str
    at: float


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that was done, for the audit: of the server by its owner, of a room by who may.

    :param at: seconds since 1970
    :param what: the order, such as ``ban``
    :param whom: whom it was about; empty where it was about nobody
    :param detail: what else there is to know, in words
    :param room: the name of the room it was done in; empty where it was done to the server
    :param by: the name of who did it; empty for the server's owner
    """

    at: float
    what: str
    whom: str
    detail: str
    room: str = ""
    by: str = ""


class RoomKind(Enum):
    """Who may come into a room."""

    PUBLIC = "public"
    INVITE = "invite"
    PRIVATE = "private"
    """The conversation of two people; nobody else ever finds it."""


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room in the database.

    :param name: as it is shown; of a conversation ``@a:b``, the numbers of its two accounts
    :param key: what it is found by: its name in small letters (see ``Keys``); empty where it cannot be
    :param last: the number of its last message, 0 in one without; hidden ones count
    """

    id: int
    name: str
    key: str
    topic: str
    kind: RoomKind
    last: int


@dataclass(frozen=True, slots=True)
class Sanction:
    """What holds against somebody in one room.

    :param kind: ``mute`` or ``ban``
    :param until: seconds since 1970; None is for ever
    :param by: the name of who decided it
    :param at: when, in seconds since 1970
    """

    account_id: int
    kind: str
    until: float | None
    reason: str
    by: str
    at: float


@dataclass(frozen=True, slots=True)
class RoomState:
    """Everything that decides who may do what in a room.

    :param roles: by account; the implicit members of ``general`` are not among them
    :param names: of every account that is named here
    :param sanctions: those that are not over
    :param invited: accounts that may come in
    """

    row: RoomRow
    roles: dict[int, int]
    names: dict[int, str]
    sanctions: list[Sanction]
    invited: set[int]
