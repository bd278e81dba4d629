"""What a client of RIFT may ask for: one frozen value for each type of frame it sends.

The field names are those of the payload. ``id`` is the client's own name for the request: every answer
to it, an error too, bears the same. With a message it is also the sender's key: a message is stored once,
however often it is sent with the same one.
"""

from dataclasses import dataclass, field

#: What a client may say it understands when it comes in; nothing of it is sent to others unasked.
FEATURES = (
    "acks",  # message_stored after each message; private messages to people who are away
    "rooms",  # messages of every room one is a member of, and what happens in them
    "presence",  # who comes and who goes
    "sessions",  # a session token in place of a stored password
)
#: The room that everybody is in, which the line protocols share.
GENERAL = "general"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every command has."""

    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Command):
    """A new account; the connection stays open for ``auth``."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth(Command):
    """Comes in: by name and password, by a session of before, or by the token of the speak port."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)
    features: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMessage(Command):
    """Says something in a room."""

    text: str
    room: str = GENERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateMessage(Command):
    """Says something to one person."""

    to: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetOnlineUsers(Command):
    """Who is here, by name; with a room, who of its members."""

    room: str | None = None
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRooms(Command):
    """The public rooms and one's own, by name; with ``mine`` only one's own."""

    after: str = ""
    limit: int = 50
    mine: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateRoom(Command):
    """A new room, whose owner one is."""

    room: str
    topic: str = ""
    invite_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRoom(Command):
    """Becomes a member."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRoom(Command):
    """Is a member no more."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTopic(Command):
    """What the room is about."""

    room: str
    topic: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMembers(Command):
    """The members of a room, by name."""

    room: str
    after: str = ""
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite(Command):
    """Lets somebody join an invite-only room."""

    room: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetRole(Command):
    """Makes a member owner, moderator or member; a new owner takes the place of the old one."""

    room: str
    username: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kick(Command):
    """Ends a membership; the person may join again."""

    room: str
    username: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute(Command):
    """Somebody may read and not write, for so many seconds or for ever."""

    room: str
    username: str
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmute(Command):
    """Ends a mute."""

    room: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ban(Command):
    """Ends a membership and keeps the person out, for so many seconds or for ever."""

    room: str
    username: str
    seconds: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unban(Command):
    """Ends a ban."""

    room: str
    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAudit(Command):
    """What was done in a room and by whom, the newest first."""

    room: str
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GetHistory(Command):
    """A page of messages of a room, or with a person: those after a number, or before one, or the last."""

    room: str | None = None
    user: str | None = None
    after: int | None = None
    before: int | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GetConversations(Command):
    """With whom one has exchanged private messages, and the number of the last one; the latest first."""

    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockUser(Command):
    """Private messages of this person do not arrive any more; nobody is told."""

    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnblockUser(Command):
    """They arrive again."""

    username: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Command):
    """Messages that hold all words of the query, or words that begin so; the newest first.

    In one room, in the conversation with one person, or in all rooms and conversations of one's own.
    """

    query: str
    room: str | None = None
    user: str | None = None
    before: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class GetMyData(Command):
    """Everything that is kept of oneself, a page at a time."""

    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword(Command):
    """Sets the password and ends all other sessions; ``old`` may be missing where there was none."""

    new: str = field(repr=False)
    old: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class GetToken(Command):
    """A new token for the speak port; one from before ends."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOut(Command):
    """Ends this session, or all of one's own; the connection is closed."""

    everywhere: bool = False
