"""Rooms: come in and hear them, say something, make, join and leave them."""

import asyncio
from collections.abc import Sequence
from weakref import WeakValueDictionary

from minechat.errors import Refused
from minechat.events import GENERAL
from minechat.server import titles
from minechat.server.attendance import Attendance
from minechat.server.directory import Directory
from minechat.server.finishing import to_the_end
from minechat.server.happenings import ROOMS, Member, RoomHappening
from minechat.server.keys import Keys, keys_of
from minechat.server.limits import MinuteBudget
from minechat.server.listing import Listing
from minechat.server.resending import told_again
from minechat.server.rights import Role, may
from minechat.server.room import ALWAYS, Room, no_room
from minechat.server.settings import Limits
from minechat.server.storage import Deed, RoomKind, RoomRow, Storage, Stored
from minechat.server.views import MembersPage, OnlinePage, RoomsPage, RoomView


class Rooms:
    """What a member does with rooms. Rights are looked at in ``rights``, through ``Room.require``.

    Everybody is a member of ``general`` without having joined it. Who is banned there hears nothing of it on
    RIFT and says nothing in it from any door; the port to watch knows nobody and goes on.

    An invite-only room does not exist for those who are neither members nor invited: they are answered as
    for a name that no room has. Only making one of that name is refused, since names are unique.
    What was said in a room before somebody joined it is theirs to read.

    Every method raises ``Refused`` with a code of the wire, and ``NotStored`` when nothing was changed.
    """

    def __init__(  # noqa: PLR0917 - what rooms are made of
        self,
        storage: Storage,
        directory: Directory,
        attendance: Attendance,
        listing: Listing,
        limits: Limits,
        deeds: MinuteBudget,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._attendance = attendance
        self._listing = listing
        self._limits = limits
        self._deeds = deeds
        self._joining: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    # Hearing and saying.

    async def attend(self, member: Member) -> None:
        """A connection hears the rooms of its account from now on, and everybody sees that it is here.

        Without the feature ``rooms`` it hears ``general``, and what it joins by posting. What is sent to its
        outlet in the step of the loop in which this returns is in front of all that the rooms bring.
        """
        self._attendance.begin(member)
        try:
            own = await self._directory.open_rows(row for row, _ in await self._rooms_of(member))
            rooms = [*own, self._directory.general or await self._directory.open(GENERAL)]
            if self._attendance.is_coming(member):
                self._attendance.ready(member, rooms, self._directory.clock())
        except BaseException:
            self._attendance.end(member)
            raise

    def leave_all(self, member: Member) -> None:
        """The connection is over; no harm when it was before."""
        self._attendance.end(member)

    async def say(
        self, member: Member, room: str, text: str, key: str | None = None
    ) -> asyncio.Future[Stored]:
        """Says something in a room. Who awaits this for one message before the next keeps their order.

        A client without the feature ``rooms`` joins a public room by it. What is sent again by its key is
        answered as stored, whatever its author may do by now.

        :param text: within the limits of the wire, which the door judges
        :param key: what the client names the message by; with one it is stored once
        :returns: resolves once the message is on disk; raises ``NotStored`` or ``Refused`` (``id_reused``)
        """
        try:
            found = await self._where_allowed(member, room)
        except Refused:
            again = await told_again(self._storage, member.id, room, text, key)
            if again is None:
                raise
            return again
        return self._storage.say(member.id, member.name, found.name, text, key=key, origin=member.outlet)

    async def _where_allowed(self, member: Member, room: str) -> Room:
        """The room of this name, in which somebody may speak."""
        found = self._directory.at_hand(room)
        if found is None or not found.is_there_for(member.id):
            found = await self._directory.open_for(member.id, room)
        refusal = found.silenced(member.id, self._directory.clock())
        if refusal is not None:
            raise refusal
        if not member.understands(ROOMS) and not may(self._role(member, found), "say"):
            await to_the_end(self._join(member, found))
        found.require(member.id, "say", self._directory.clock())
        return found

    # Making, joining, leaving.

    async def create(
        self, member: Member, name: str, topic: str = "", *, invite_only: bool = False
    ) -> RoomView:
        """A new room, whose owner one is.

        :raises Refused: ``bad_name``, ``taken``, ``too_many`` or ``too_fast``
        """
        keys = await asyncio.to_thread(_keys_of_new, name)
        kind = RoomKind.INVITE if invite_only else RoomKind.PUBLIC
        return await to_the_end(self._create(member, name, keys, kind, titles.topic(topic)))

    async def join(self, member: Member, name: str) -> RoomView:
        """Becomes a member; the answer is the same for one who was before.

        Who joins a room without an owner, as the last one left, owns it, unless they own too many.

        :raises Refused: ``no_room``, ``banned`` or ``too_many``
        """
        room = await self._directory.open_for(member.id, name)
        await to_the_end(self._join(member, room))
        return await self._listing.view(member, room)

    async def leave(self, member: Member, name: str) -> None:
        """Is a member no more. An owner hands the room over first, unless nobody else is in it.

        A room of the invited ends with its last member: nobody could let anybody in; and a public one in
        which nothing was said. Its name is free.

        :raises Refused: ``no_room``, ``not_member`` or ``not_allowed``
        """
        room = await self._directory.open_for(member.id, name)
        await to_the_end(self._leave(member, room))

    async def set_topic(self, member: Member, name: str, topic: str) -> None:
        """What the room is about, in one line; empty for none.

        :raises Refused: ``no_room``, ``not_member``, ``not_allowed``, ``bad_name`` or ``too_fast``
        """
        room = await self._directory.open_for(member.id, name)
        await to_the_end(self._set_topic(member, room, titles.topic(topic)))

    # Looking.

    async def list(
        self, member: Member, after: str = "", limit: int = 50, *, mine: bool = False
    ) -> RoomsPage:
        """Public rooms and one's own, or one's own only. See ``Listing``, as below."""
        return await self._listing.rooms(member, after, limit, mine=mine)

    async def members(self, member: Member, name: str, after: str = "", limit: int = 100) -> MembersPage:
        """The members of a room one is a member of."""
        return await self._listing.members(member, name, after, limit)

    async def online(self, member: Member, room: str | None = None, after: str = "") -> OnlinePage:
        """Who is here, or who of the members of a room."""
        return await self._listing.online(member, room, after)

    # Each of these to its end.

    async def _create(self, member: Member, name: str, keys: Keys, kind: RoomKind, topic: str) -> RoomView:
        async with self._lock(member.id):
            rooms = await self._storage.rooms_of(member.id)
            counted = await self._storage.count_rooms_of(member.id)
            if counted >= self._limits.rooms_created or len(rooms) >= self._limits.rooms_joined:
                raise Refused("you have too many rooms already", code="too_many")
            self._deeds.take(member.id)
            deed = self._deed(member, name, "create", kind.value)
            row = await self._storage.add_room(name, keys, kind, topic, member.id, deed)
            if row is None:
                raise Refused("there is a room of this name, or one that looks like it", code="taken")
            room = await self._directory.open_row(row)
            self._attendance.gained(member.id, room, member)
            self._attendance.tell(member.id, RoomHappening(name, "joined", member.name), but=member)
        return await self._listing.view(member, room)

    async def _join(self, member: Member, room: Room) -> None:
        async with self._lock(member.id), room.lock:
            now = self._directory.clock()
            if not room.is_there_for(member.id):
                raise no_room()
            room.require_no_ban(member.id, now)
            room.require(member.id, "join", now)
            if room.role(member.id, now) < Role.MEMBER:
                role = await self._role_to_come(member.id, room)
                deed = None
                if role is Role.OWNER:
                    self._deeds.take(member.id)
                    deed = self._deed(member, room.name, "role", role.word)
                await self._storage.set_role(room.row.id, member.id, role, deed)
                room.admit(member.id, member.name, role)
                self._attendance.came(room, member.id, member.name)
            self._attendance.gained(member.id, room, member)

    async def _role_to_come(self, account_id: int, room: Room) -> Role:
        """What somebody who joins a room becomes; refuses who is in too many already."""
        rooms, most = await self._storage.rooms_of(account_id), self._limits.rooms_joined
        if len(rooms) >= most:
            raise Refused(f"you are in {most} rooms already", code="too_many")
        if not room.is_ownerless:
            return Role.MEMBER
        counted = await self._storage.count_rooms_of(account_id, but=room.row.id)
        return Role.OWNER if counted < self._limits.rooms_created else Role.MEMBER

    async def _leave(self, member: Member, room: Room) -> None:
        async with room.lock:
            room.require(member.id, "leave", self._directory.clock())
            if room.is_general:
                raise Refused("everybody is in this room", code="not_allowed")
            if room.roles[member.id] is Role.OWNER and len(room.roles) > 1:
                raise Refused("hand the room over to somebody before you leave it", code="not_allowed")
            if not await self._may_end(room) or not await self._close(room, member.id):
                await self._storage.set_role(room.row.id, member.id, None, None)
            room.forget(member.id)
            self._attendance.lost(member.id, room)
            self._attendance.went(room, member.id, member.name)
            self._attendance.tell(member.id, RoomHappening(room.name, "left", member.name), but=member)

    async def _may_end(self, room: Room) -> bool:
        """Whether a room ends with a member who leaves it, as far as can be told without closing it."""
        if len(room.roles) > 1 or room.row.name in ALWAYS:
            return False
        row = None if room.invite_only else await self._storage.room(room.row.key)
        return row is None or not row.last

    async def _close(self, room: Room, account_id: int) -> bool:
        """Ends the membership, and the room unless something was said in a public one meanwhile."""
        # From here on nothing more is said there, which could come into another room of this name.
        room.closed = True
        try:
            room.closed = await self._storage.close_room(room.row, account_id)
        except BaseException:
            room.closed = False
            raise
        if room.closed:
            self._directory.forget(room)
        return room.closed

    async def _set_topic(self, member: Member, room: Room, topic: str) -> None:
        async with room.lock:
            room.require(member.id, "topic", self._directory.clock())
            self._deeds.take(member.id)
            deed = self._deed(member, room.name, "topic", topic)
            await self._storage.set_topic(room.row.id, topic, deed)
            room.topic = topic
            self._attendance.announce(room, RoomHappening(room.name, "topic", by=member.name, topic=topic))

    async def _rooms_of(self, member: Member) -> Sequence[tuple[RoomRow, int]]:
        return await self._storage.rooms_of(member.id) if member.understands(ROOMS) else ()

    def _role(self, member: Member, room: Room) -> Role:
        return room.role(member.id, self._directory.clock())

    def _deed(self, member: Member, room: str, what: str, detail: str) -> Deed:
        return Deed(self._directory.clock(), what, "", detail, room, member.name)

    def _lock(self, account_id: int) -> asyncio.Lock:
        """So that the rooms of an account are counted right however much it asks for at once."""
        lock = self._joining.get(account_id)
        if lock is None:
            lock = self._joining[account_id] = asyncio.Lock()
        return lock


def _keys_of_new(name: str) -> Keys:
    """In a thread: the tables of letters take a while to load the first time."""
    return keys_of(titles.room_name(name))
