"""What those with a role do to a room's people; each deed is written down in the commit that does it."""

from minechat.errors import Refused
from minechat.server import titles
from minechat.server.appointing import ROLES, appoint
from minechat.server.attendance import Attendance
from minechat.server.directory import Directory
from minechat.server.finishing import to_the_end
from minechat.server.happenings import Member, RoomHappening
from minechat.server.limits import MinuteBudget
from minechat.server.lookup import somebody
from minechat.server.pages import asked, fitting
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.sanctions import Sanctions, Sentence
from minechat.server.storage import AccountRow, Deed, Storage
from minechat.server.views import AuditPage, DeedView

#: Entries of one page of the audit.
PAGE = 100


class Moderation:
    """Invite, kick, mute, ban and their ends, roles, and what was done.

    Somebody is named as the chat shows them. A mute or a ban holds for an account whether it is a member or
    not, over leaving and joining again. What is done holds from the step of the loop in which its commit is
    known: before it returns, and for everything asked after that.

    Every method raises ``Refused`` (``no_room``, ``not_member``, ``not_allowed``, ``no_user``, ``too_fast``
    and what it names itself), and ``NotStored`` when nothing was changed.

    :param new_people: whom accounts reach for the first time, by private messages too
    :param deeds: what each account does, for each deed is kept
    :param rooms_created: rooms that one account may have made or own
    """

    def __init__(
        self,
        storage: Storage,
        directory: Directory,
        attendance: Attendance,
        sanctions: Sanctions,
        *,
        new_people: MinuteBudget,
        deeds: MinuteBudget,
        rooms_created: int,
    ) -> None:
        self._storage = storage
        self._directory = directory
        self._attendance = attendance
        self._sanctions = sanctions
        self._new_people = new_people
        self._deeds = deeds
        self._rooms_created = rooms_created

    async def invite(self, member: Member, room: str, name: str) -> None:
        """Lets somebody join; they are told, but not twice, and not when they block who invites.

        :raises Refused: ``too_fast`` too: too many people reached with whom one has not talked
        """
        found, whom = await self._about(member, room, "invite", name)
        await to_the_end(self._invite(member, found, whom))

    async def kick(self, member: Member, room: str, name: str, reason: str = "") -> None:
        """Ends a membership; in ``general``, where everybody is, there is none to end."""
        found, whom = await self._about(member, room, "kick", name)
        await to_the_end(self._kick(member, found, whom, titles.reason(reason)))

    async def mute(
        self, member: Member, room: str, name: str, seconds: float | None = None, reason: str = ""
    ) -> None:
        """Somebody may read and not write; None is for ever. It takes the place of an earlier one.

        :raises Refused: ``bad_frame`` or ``too_long`` too, for seconds or a reason that are none
        """
        found, whom = await self._about(member, room, "mute", name)
        await self._sanctions.begin(member, found, whom, Sentence("mute", seconds, titles.reason(reason)))

    async def ban(
        self, member: Member, room: str, name: str, seconds: float | None = None, reason: str = ""
    ) -> None:
        """As ``mute``; ends a membership and an invitation too, and keeps the person out."""
        found, whom = await self._about(member, room, "ban", name)
        await self._sanctions.begin(member, found, whom, Sentence("ban", seconds, titles.reason(reason)))

    async def unmute(self, member: Member, room: str, name: str) -> None:
        """:raises Refused: ``not_allowed``: nobody muted them"""
        found, whom = await self._about(member, room, "unmute", name)
        await self._sanctions.end(member, found, whom, "mute")

    async def unban(self, member: Member, room: str, name: str) -> None:
        """They may come in again.

        :raises Refused: ``not_allowed``: nobody banned them
        """
        found, whom = await self._about(member, room, "unban", name)
        await self._sanctions.end(member, found, whom, "ban")

    async def set_role(self, member: Member, room: str, name: str, role: str) -> None:
        """Makes a member something else; who makes another one the owner gets that one's role.

        :param role: as the wire names it
        :raises Refused: ``bad_frame``: there is no such role; ``too_many``: the new owner has enough rooms
        """
        if role not in ROLES:
            raise Refused(f"a role is one of {', '.join(ROLES)}", code="bad_frame")
        found, whom = await self._about(member, room, "role", name)
        await to_the_end(self._set_role(member, found, whom, ROLES[role]))

    async def audit(self, member: Member, room: str, before: int | None = None, limit: int = 50) -> AuditPage:
        """What was done in a room, the newest first."""
        found = await self._directory.open_for(member.id, room)
        found.require(member.id, "audit", self._directory.clock())
        most = asked(limit, PAGE)
        deeds = await self._storage.room_deeds(found.name, before, most + 1)
        found.require(member.id, "audit", self._directory.clock())
        count = min(most, fitting(deeds, lambda entry: (entry[1].whom, entry[1].by, entry[1].detail)))
        views = (DeedView(number, one.at, one.what, one.whom, one.by, one.detail) for number, one in deeds)
        return AuditPage(found.name, tuple(views)[:count], len(deeds) > count)

    def appointed(self, room: Room, roles: dict[int, Role], by: str | None) -> None:
        """Tells who hears a room of new roles."""
        for account_id, role in roles.items():
            name = room.names.get(account_id)
            told = RoomHappening(room.name, "role", name, by, role=role.word)
            self._attendance.announce(room, told)

    async def _about(self, member: Member, name: str, deed: str, whom: str) -> tuple[Room, AccountRow]:
        """The room and the person of a deed, after a look at the rights: who has none learns nothing."""
        room = await self._directory.open_for(member.id, name)
        room.require(member.id, deed, self._directory.clock())
        account = await somebody(self._storage, whom)
        self._deeds.take(member.id)
        return room, account

    async def _invite(self, member: Member, room: Room, whom: AccountRow) -> None:
        async with room.lock:
            now = self._directory.clock()
            room.require(member.id, "invite", now)
            if room.role(whom.id, now) >= Role.MEMBER or whom.id in room.invited:
                return
            await self._charge(member, whom)
            deed = Deed(now, "invite", whom.name, "", room.name, member.name)
            await self._storage.add_invitation(room.row.id, whom.id, member.name, deed)
            room.invited.add(whom.id)
        if member.id not in await self._storage.blocked(whom.id):
            self._attendance.tell(whom.id, RoomHappening(room.name, "invited", whom.name, member.name))

    async def _charge(self, member: Member, whom: AccountRow) -> None:
        """An invitation brings words of the sender's choice to people, as a private message does."""
        known = await self._storage.conversation_so_far(member.id, whom.id)
        if known is None or not known.last:
            self._new_people.take(member.id)

    async def _kick(self, member: Member, room: Room, whom: AccountRow, reason: str) -> None:
        async with room.lock:
            now = self._directory.clock()
            room.require(member.id, "kick", now, whom.id)
            if room.is_general:
                raise Refused("nobody can be put out of this room; mute or ban them", code="not_allowed")
            if whom.id not in room.roles:
                raise Refused(f"{whom.name} is not in this room", code="not_member")
            deed = Deed(now, "kick", whom.name, reason, room.name, member.name)
            await self._storage.set_role(room.row.id, whom.id, None, deed)
            room.forget(whom.id)
            told = RoomHappening(room.name, "kicked", whom.name, member.name, reason)
            self._attendance.put_out(room, whom.id, whom.name, told)

    async def _set_role(self, member: Member, room: Room, whom: AccountRow, role: Role) -> None:
        async with room.lock:
            now = self._directory.clock()
            room.require(member.id, "role", now, whom.id)
            if role is Role.OWNER:
                await self._require_place(room, whom)
            deed = Deed(now, "role", whom.name, role.word, room.name, member.name)
            self.appointed(room, await appoint(self._storage, room, whom, role, deed), member.name)

    async def _require_place(self, room: Room, whom: AccountRow) -> None:
        counted = await self._storage.count_rooms_of(whom.id, but=room.row.id)
        if counted >= self._rooms_created:
            raise Refused(f"{whom.name} has too many rooms already", code="too_many")
