"""What a server of RIFT may say: one frozen value for each type of frame it sends.

The field names are those of the payload, but for ``sender``, which is ``from`` there. Names of people bear
``_`` in place of blanks; times are seconds since 1970; a number (``seq``) counts from 1 in its room
without a gap, and in a private conversation with gaps.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What every frame has: ``id`` is that of the request it answers, None where it answers none."""

    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterSuccess(Reply):
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterFail(Reply):
    error: str
    code: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSuccess(Reply):
    """Without a payload for a client that named no features; ``session`` for one that named it."""

    username: str | None = None
    session: str | None = field(default=None, repr=False)
    has_password: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthFail(Reply):
    """The connection is closed after it."""

    error: str
    code: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Reply):
    """A request was not carried out, or the connection ends; ``code`` is in the table of docs/rift.md."""

    error: str
    code: str
    retry_after: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done(Reply):
    """A request that has no other answer was carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMessage(Reply):
    """Somebody said something in a room. ``id`` is the sender's key. Characters and the server itself
    have no number: what they say is kept nowhere."""

    username: str
    text: str
    room: str
    seq: int | None
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageStored(Reply):
    """Feature ``acks``: the message with this key is on the disk."""

    room: str
    seq: int
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessageArrived(Reply):
    """``private_message``: somebody said something to us."""

    sender: str
    text: str
    is_private: bool = True
    seq: int
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessageSent(Reply):
    """What we said to somebody is on the disk; also told to our other connections."""

    to: str
    text: str
    is_private: bool = True
    seq: int
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineUsers(Reply):
    users: tuple[str, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """:param until: seconds since 1970; None for ever"""

    until: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomInfo:
    """One room in a list.

    :param role: ours: owner, moderator, member; None where we are not a member
    :param last: the number of its last message, 0 where there is none
    :param mute: why we may not write there, where we are a member; feature ``rooms``
    """

    room: str
    topic: str
    invite_only: bool
    members: int | None
    role: str | None
    last: int
    mute: Mute | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomList(Reply):
    """:param after: what to ask for next; None at the end"""

    rooms: tuple[RoomInfo, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Room(Reply):
    """Answer to create and join."""

    info: RoomInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """:param muted_until: seconds since 1970; None for ever, where ``muted`` is true"""

    username: str
    role: str
    online: bool
    muted: bool = False
    muted_until: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Members(Reply):
    room: str
    members: tuple[Member, ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of a history. Exactly one of ``room`` and ``user`` is set."""

    username: str
    text: str
    seq: int
    time: float
    room: str | None = None
    user: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Reply):
    """A page in the order of the numbers. ``more``: there is more in the direction that was asked for."""

    room: str | None = None
    user: str | None = None
    messages: tuple[Entry, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    username: str
    last: int
    time: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversations(Reply):
    conversations: tuple[Conversation, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Reply):
    """``found``: what a search found; ``before`` is what to ask for next, None at the end."""

    messages: tuple[Entry, ...]
    before: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    number: int
    time: float
    what: str
    username: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Reply):
    room: str
    entries: tuple[AuditEntry, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MyData(Reply):
    """A page of JSON objects, each with a ``kind``; ``after`` is what to ask for next, None at the end."""

    entries: tuple[dict[str, object], ...]
    after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Reply):
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence(Reply):
    """Feature ``presence``: who came and who went since the last one."""

    online: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent(Reply):
    """Feature ``rooms``: something happened in a room of ours, or to us.

    :param event: joined, left, kicked, banned, unbanned, muted, unmuted, topic, role, invited
    :param username: whom it happened to
    :param by: who did it
    :param until: seconds since 1970, of a mute or a ban with an end
    """

    room: str
    event: str
    username: str | None = None
    by: str | None = None
    reason: str = ""
    until: float | None = None
    topic: str | None = None
    role: str | None = None
