"""Lists of rooms and people, a page at a time, as one account may see them."""

from collections.abc import Iterable

from minechat.events import GENERAL
from minechat.server.directory import Directory
from minechat.server.happenings import ROOMS, Member
from minechat.server.pages import asked, fitting
from minechat.server.presence import Presence
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.storage import RoomKind, RoomRow, Storage
from minechat.server.views import MembersPage, MemberView, MuteView, OnlinePage, RoomsPage, RoomView

#: Entries of one page.
PAGE = 100
#: Names in one answer to who is here.
ONLINE = 500


class Listing:
    """Who may not know of a room does not meet it here. Limits are cut to what a page holds."""

    def __init__(self, storage: Storage, directory: Directory, presence: Presence) -> None:
        self._storage = storage
        self._directory = directory
        self._presence = presence

    async def rooms(self, member: Member, after: str, limit: int, *, mine: bool) -> RoomsPage:
        """Rooms in the order of their keys."""
        most = asked(limit, PAGE)
        rows = await self._own(member, after) if mine else await self._public(member, after, most + 1)
        views = tuple(self._view(member, *entry) for entry in rows)
        count = min(most, fitting(views, _texts))
        return RoomsPage(views[:count], rows[count - 1][0].key if len(rows) > count else None)

    async def view(self, member: Member, room: Room) -> RoomView:
        """One room as it is now."""
        row = await self._storage.room(room.row.key) or room.row
        return self._view(member, row, len(room.roles), room.roles.get(member.id))

    async def members(self, member: Member, name: str, after: str, limit: int) -> MembersPage:
        """Members by name. Of ``general`` those who are here and those with a role.

        :raises Refused: ``no_room`` or ``not_member``
        """
        room = await self._directory.open_for(member.id, name)
        now = self._directory.clock()
        room.require(member.id, "members", now)
        here = self._presence.seen_by(member)
        named = {one: room.names[one] for one in room.roles} | (here if room.is_general else {})
        people = sorted((_place(one), account_id, one) for account_id, one in named.items())
        rest = [entry for entry in people if entry[0] > _place(after) and room.role(entry[1], now)]
        page = rest[: asked(limit, PAGE)]
        views = tuple(
            MemberView(one, room.role(account_id, now), account_id in here, room.muted_until(account_id, now))
            for _, account_id, one in page
        )
        return MembersPage(room.name, views, views[-1].name if len(rest) > len(page) else None)

    async def online(self, member: Member, name: str | None, after: str) -> OnlinePage:
        """Names of who is here, in order; with a room, of its members.

        What a connection with the feature presence is told between two pages goes on from both: who is on
        neither came or went, and it is told so.

        :raises Refused: ``no_room`` or ``not_member``
        """
        here = self._presence.seen_by(member)
        if name is None:
            return _page(here.values(), after)
        room = await self._directory.open_for(member.id, name)
        now = self._directory.clock()
        room.require(member.id, "members", now)
        members = (one for account_id, one in here.items() if room.role(account_id, now) >= Role.MEMBER)
        return _page(members, after)

    async def _public(
        self, member: Member, after: str, most: int
    ) -> list[tuple[RoomRow, int | None, int | None]]:
        return list(await self._storage.public_rooms(member.id, after, most))

    async def _own(self, member: Member, after: str) -> list[tuple[RoomRow, int | None, int | None]]:
        own: list[tuple[RoomRow, int | None, int | None]] = [
            (row, self._count(row), role) for row, role in await self._storage.rooms_of(member.id)
        ]
        general = self._directory.general
        if general is not None and all(row.id != general.row.id for row, _, _ in own):
            own.append((await self._storage.room(general.row.key) or general.row, None, None))
        return sorted((entry for entry in own if entry[0].key > after), key=lambda entry: entry[0].key)

    def _count(self, row: RoomRow) -> int | None:
        room = self._directory.at_hand(row.name)
        return None if room is None else len(room.roles)

    def _view(self, member: Member, row: RoomRow, members: int | None, role: int | None) -> RoomView:
        is_general = row.name == GENERAL
        if is_general and self._directory.general is not None:
            role = self._directory.general.role(member.id, self._directory.clock())
        return RoomView(
            row.name,
            row.topic,
            row.kind is RoomKind.INVITE,
            None if is_general else members,
            Role(role) if role else None,
            row.last,
            self._mute(member, row) if role and member.understands(ROOMS) else None,
        )

    def _mute(self, member: Member, row: RoomRow) -> MuteView | None:
        """The mute that holds against a member. A room of theirs is in memory as long as they hear it."""
        room = self._directory.at_hand(row.name)
        if room is None:
            return None
        mute = room.sanction(member.id, "mute", self._directory.clock())
        return None if mute is None else MuteView(mute.until, mute.reason)


def _texts(view: RoomView) -> tuple[str | None, ...]:
    """What people wrote of it, which may be long."""
    return view.name, view.topic, None if view.mute is None else view.mute.reason


def _place(name: str) -> str:
    """Where a name stands in a list, whether it comes with blanks or as RIFT's wire writes it."""
    return name.replace(" ", "_").casefold()


def _page(people: Iterable[str], after: str) -> OnlinePage:
    before = _place(after)
    rest = sorted((one for one in people if _place(one) > before), key=_place)
    count = ONLINE
    # Those without a name of their own are called alike: no page ends among them.
    while count < len(rest) and _place(rest[count]) == _place(rest[count - 1]):
        count += 1
    return OnlinePage(tuple(rest[:count]), rest[count - 1] if len(rest) > count else None)
