"""Which live connection hears which rooms: what the audience brings it follows who is a member of what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from weakref import WeakKeyDictionary

from minechat.errors import Refused
from minechat.server.audience import Audience
from minechat.server.changes import Changes, Who
from minechat.server.happenings import ROOMS, Ended, Happening, Member, RoomHappening
from minechat.server.presence import Presence
from minechat.server.rights import Role
from minechat.server.room import Room

_TOO_MANY = Refused("you have come in too often; the oldest connection ends", code="too_many")


@dataclass(slots=True, eq=False)
class Seat:
    """A live connection and the rooms it hears; as long as it comes in, those it will hear.

    :ivar own: rooms that a client without the feature ``rooms`` joined here by posting there
    """

    member: Member
    rooms: dict[Room, None] = field(default_factory=dict)
    own: set[Room] = field(default_factory=set)
    ready: bool = False

    def may_hear(self, room: Room) -> bool:
        """Who does not know of rooms hears those it has posted in, and the one of everybody."""
        return self.member.understands(ROOMS) or room.is_general or room in self.own


class Attendance:
    """Who hears what.

    :param most: connections that one account may have; when one too many comes, the oldest ends
    """

    def __init__(self, audience: Audience, presence: Presence, most: int) -> None:
        self._audience = audience
        self._presence = presence
        self._most = most
        self._seats: dict[int, dict[Member, Seat]] = {}
        self._comings: WeakKeyDictionary[Room, Changes] = WeakKeyDictionary()

    def begin(self, member: Member) -> None:
        """Somebody comes in: what becomes of their memberships meanwhile is not missed."""
        self._seats.setdefault(member.id, {})[member] = Seat(member)

    def is_coming(self, member: Member) -> bool:
        """False where the connection ended while it came in."""
        return member in self._seats.get(member.id, ())

    def ready(self, member: Member, rooms: Iterable[Room], now: float) -> None:
        """Somebody is in, and hears from now on these rooms and those joined meanwhile.

        Rooms that they are no member of by now are left out.
        """
        self._make_place(member.id)
        seat = self._seats[member.id][member]
        seat.ready = True
        wanted = {**dict.fromkeys(rooms), **seat.rooms}
        seat.rooms.clear()
        for room in wanted:
            if room.role(member.id, now) >= Role.MEMBER:
                self._hear(seat, room)
        self._presence.came(member)

    def end(self, member: Member) -> None:
        """This connection hears nothing more; no harm when it did not before."""
        seats = self._seats.get(member.id, {})
        seat = seats.pop(member, None)
        if not seats:
            self._seats.pop(member.id, None)
        if seat is not None:
            for room in seat.rooms:
                self._audience.leave(member.outlet, room.name)
            self._presence.went(member)

    def gained(self, account_id: int, room: Room, by: Member | None = None) -> None:
        """An account is a member from now on: its connections hear the room.

        :param by: the connection that joined, which hears it whatever its client understands
        """
        for member, seat in self._seats.get(account_id, {}).items():
            if member is by:
                seat.own.add(room)
            self._hear(seat, room)

    def lost(self, account_id: int, room: Room) -> None:
        """An account is no member any more: none of its connections hears the room."""
        for seat in self._seats.get(account_id, {}).values():
            seat.own.discard(room)
            if seat.rooms.pop(room, room) is None:
                self._audience.leave(seat.member.outlet, room.name)

    def came(self, room: Room, account_id: int, name: str) -> None:
        """Tells who hears a room that somebody has joined it, net of all that come and go."""
        self._comings_of(room).came((account_id, name))

    def went(self, room: Room, account_id: int, name: str) -> None:
        """Tells who hears a room that somebody has left it."""
        self._comings_of(room).went((account_id, name))

    def put_out(self, room: Room, account_id: int, name: str, happening: RoomHappening) -> None:
        """Tells who hears a room, those put out too, that somebody was; they hear no more of it."""
        self._comings_of(room).forget((account_id, name))
        self.announce(room, happening)
        self.lost(account_id, room)

    def tell(self, account_id: int, happening: Happening, but: Member | None = None) -> None:
        """Tells all connections of an account, ``but`` one, what concerns it alone."""
        for member, seat in list(self._seats.get(account_id, {}).items()):
            if member is but:
                continue
            if seat.ready and (not isinstance(happening, RoomHappening) or seat.member.understands(ROOMS)):
                seat.member.tell(happening)

    def announce(self, room: Room, happening: RoomHappening) -> None:
        """Tells everybody who hears a room, in order with what is said there."""
        self._audience.tell(room.name, happening)

    def _comings_of(self, room: Room) -> Changes:
        comings = self._comings.get(room)
        if comings is None:
            # It must not hold the room, which is forgotten with whoever held it last.
            comings = self._comings[room] = Changes(partial(self._tell_comings, room.name))
        return comings

    def _tell_comings(self, room: str, came: Sequence[Who], went: Sequence[Who]) -> None:
        for what, those in (("joined", came), ("left", went)):
            for _, name in those:
                self._audience.tell(room, RoomHappening(room, what, name))

    def _hear(self, seat: Seat, room: Room) -> None:
        if room in seat.rooms or not seat.may_hear(room):
            return
        seat.rooms[room] = None
        if seat.ready:
            self._audience.join(seat.member.outlet, seat.member.encode, room.name)

    def _make_place(self, account_id: int) -> None:
        while len(self._presence.members(account_id)) >= self._most:
            oldest = self._presence.members(account_id)[0]
            self.end(oldest)
            oldest.tell(Ended(_TOO_MANY))
