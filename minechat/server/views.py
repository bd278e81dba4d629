"""What the hub answers about rooms and what was said in them: frozen values, pages bounded by who asks."""

from dataclasses import dataclass, field

from minechat.server.rights import Role


@dataclass(frozen=True, slots=True)
class MuteView:
    """:param until: seconds since 1970; None for ever"""

    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as one account sees it.

    :param members: how many; None for the room that everybody is in
    :param role: of who asks; None for strangers
    :param last: the number of its last message, 0 in a room without one
    :param mute: why a member who asks may not write there; only for clients with the feature ``rooms``
    """

    name: str
    topic: str
    invite_only: bool
    members: int | None
    role: Role | None
    last: int
    mute: MuteView | None = None


@dataclass(frozen=True, slots=True)
class RoomsPage:
    """:param after: what to ask for the next page with; None at the end"""

    rooms: tuple[RoomView, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class MemberView:
    """A member of a room.

    :param muted_until: seconds since 1970; infinity for ever, None where it may speak
    """

    name: str
    role: Role
    online: bool
    muted_until: float | None


@dataclass(frozen=True, slots=True)
class OnlinePage:
    """:param after: what to ask for the next page with; None at the end"""

    names: tuple[str, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class MembersPage:
    """:param after: what to ask for the next page with; None at the end"""

    room: str
    members: tuple[MemberView, ...]
    after: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """A message that was kept. Exactly one of ``room`` and ``peer`` is set.

    :param time: seconds since 1970
    :param peer: the other one of a conversation
    :param key: what its author's client named it by
    """

    author: str
    text: str = field(repr=False)
    seq: int
    time: float
    room: str | None = None
    peer: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Messages in the order of their numbers.

    :param more: whether there is more in the direction that was asked for
    """

    room: str | None
    peer: str | None
    lines: tuple[Line, ...]
    more: bool


@dataclass(frozen=True, slots=True)
class FoundPage:
    """Messages that a search found, the newest first.

    :param before: what to ask for the next page with; None at the end
    """

    lines: tuple[Line, ...]
    before: str | None


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation with one person, and the number and time of its last message."""

    peer: str
    last: int
    time: float


@dataclass(frozen=True, slots=True)
class DeedView:
    """Something that was done in a room."""

    number: int
    time: float
    what: str
    whom: str
    by: str
    detail: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    room: str
    deeds: tuple[DeedView, ...]
    more: bool
