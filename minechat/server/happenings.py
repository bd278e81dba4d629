"""What the hub tells somebody who is there: frozen events, and the live connection that takes them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from minechat.errors import Refused
from minechat.server.accounts import Person
from minechat.server.audience import Encode
from minechat.server.outlets import Outlet

#: What a client may understand that one of RIFT 0.9 does not; the hub asks for nothing else.
ROOMS, PRESENCE, ACKS = "rooms", "presence", "acks"


@dataclass(frozen=True, slots=True)
class WhisperArrived:
    """Somebody said something to us alone. ``key`` is what the sender's client named it by."""

    sender: str
    text: str = field(repr=False)
    seq: int
    time: float
    key: str | None = None


@dataclass(frozen=True, slots=True)
class WhisperSent:
    """We said something to somebody alone, on another connection than this one."""

    to: str
    text: str = field(repr=False)
    seq: int
    time: float
    key: str | None = None


@dataclass(frozen=True, slots=True)
class RoomHappening:
    """Something happened in a room that we hear, or to us. It is meant for the feature ``rooms``.

    Who hears the room gets it through ``Member.encode``, in order with the messages; who does not, and it
    happened to, is told by ``Member.tell``. When it is about ourselves a membership began (joined) or ended
    (left, kicked, banned), perhaps on another of our connections: what this one hears has changed already.

    :param what: joined, left, kicked, banned, unbanned, muted, unmuted, topic, role, invited
    :param name: whom it happened to; None for the topic
    :param by: who did it; None where people did it themselves
    :param until: seconds since 1970, of a mute or a ban with an end
    :param role: the new one, as the wire names it
    """

    room: str
    what: str
    name: str | None = None
    by: str | None = None
    reason: str = ""
    until: float | None = None
    topic: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Who came and who went since the last one, each at most once. Only the feature ``presence`` gets it,
    through ``Member.encode``.
    """

    online: tuple[str, ...]
    offline: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ended:
    """This connection is over: the client is to be told why, and it is to be closed."""

    reason: Refused


Happening = WhisperArrived | WhisperSent | RoomHappening | PresenceChanged | Ended


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One live connection of somebody who has logged in, as the hub sees it.

    :param person: whose it is; with an account in the database
    :param outlet: where the rooms that it hears are written to; ``origin`` of what it says
    :param encode: how: gets ``events.Said``, ``RoomHappening`` and ``PresenceChanged``, and gives b"" for
        what its client does not understand; one and the same function for all that are told in one way
    :param features: what its client understands
    :param tell: takes what concerns this account alone, in the step of the loop in which it happens; never
        waits and never raises
    """

    person: Person
    outlet: Outlet
    encode: Encode
    features: frozenset[str]
    tell: Callable[[Happening], None]

    @property
    def id(self) -> int:
        """The number of the account."""
        assert self.person.id is not None
        return self.person.id

    @property
    def name(self) -> str:
        return self.person.name

    def understands(self, feature: str) -> bool:
        return feature in self.features
