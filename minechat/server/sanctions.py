"""Mutes and bans of a room: how they begin, hold at once, and end, by order or by themselves."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from minechat.errors import Refused
from minechat.server import titles
from minechat.server.attendance import Attendance
from minechat.server.directory import Directory
from minechat.server.finishing import to_the_end
from minechat.server.happenings import Member, RoomHappening
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.storage import AccountRow, Deed, Sanction, Storage

#: How the wire and the audit name them, when they hold and when they end.
DONE = {"mute": "muted", "ban": "banned"}
#: Seconds after which a long ban is looked at again: its end is one of the wall clock, which can be set.
LOOK = 3600.0


@dataclass(frozen=True, slots=True)
class Sentence:
    """What somebody gets.

    :param kind: ``mute`` or ``ban``
    :param seconds: for how long; None is for ever
    """

    kind: str
    seconds: float | None
    reason: str


class Sanctions:
    """What Moderation does with them, when the person is known."""

    def __init__(self, storage: Storage, directory: Directory, attendance: Attendance) -> None:
        self._storage = storage
        self._directory = directory
        self._attendance = attendance
        self._timers: dict[int, asyncio.TimerHandle] = {}  # of bans in general, by account

    async def begin(self, member: Member, room: Room, whom: AccountRow, sentence: Sentence) -> None:
        """A mute or a ban in place of an earlier one.

        :raises Refused: it is not allowed, or the seconds are none
        """
        await to_the_end(self._begin(member, room, whom, sentence))

    async def end(self, member: Member, room: Room, whom: AccountRow, kind: str) -> None:
        """:raises Refused: it is not allowed, or nothing is there to end"""
        await to_the_end(self._end(member, room, whom, kind))

    def watch(self, room: Room, account_id: int) -> None:
        """Has somebody hear ``general`` again when a ban there ends by itself; there is no other room that
        one is back in without joining.
        """
        if (timer := self._timers.pop(account_id, None)) is not None:
            timer.cancel()
        now = self._directory.clock()
        ban = room.sanction(account_id, "ban", now)
        if ban is not None and ban.until is not None:
            delay = min(max(ban.until - now, 0.0), LOOK)
            loop = asyncio.get_running_loop()
            self._timers[account_id] = loop.call_later(delay, self._lapse, room, account_id)

    def prepare(self) -> None:
        """Watches the bans of ``general`` that the database had."""
        general = self._directory.general
        if general is not None:
            for account_id in general.banned():
                self.watch(general, account_id)

    async def _begin(self, member: Member, room: Room, whom: AccountRow, sentence: Sentence) -> None:
        kind, reason = sentence.kind, sentence.reason
        async with room.lock:
            now = self._directory.clock()
            room.require(member.id, kind, now, whom.id)
            sanction = Sanction(whom.id, kind, titles.end(sentence.seconds, now), reason, member.name, now)
            deed = Deed(now, kind, whom.name, _words(sanction), room.name, member.name)
            await self._storage.add_sanction(room.row.id, sanction, deed)
            room.put(sanction)
            told = RoomHappening(room.name, DONE[kind], whom.name, member.name, reason, sanction.until)
            if kind == "ban":
                self._attendance.put_out(room, whom.id, whom.name, told)
                if room.is_general:
                    self.watch(room, whom.id)
            else:
                self._attendance.announce(room, told)

    async def _end(self, member: Member, room: Room, whom: AccountRow, kind: str) -> None:
        async with room.lock:
            now = self._directory.clock()
            room.require(member.id, f"un{kind}", now, whom.id)
            deed = Deed(now, f"un{kind}", whom.name, "", room.name, member.name)
            held = await self._storage.remove_sanction(room.row.id, whom.id, kind, deed)
            room.lift(whom.id, kind)
            if not held:
                raise Refused(f"{whom.name} is not {DONE[kind]} here", code="not_allowed")
            told = RoomHappening(room.name, f"un{DONE[kind]}", whom.name, member.name)
            self._attendance.announce(room, told)
            if kind == "ban":
                self._attendance.tell(whom.id, told)
                if room.is_general:
                    self._lapse(room, whom.id)

    def _lapse(self, room: Room, account_id: int) -> None:
        self.watch(room, account_id)
        if room.role(account_id, self._directory.clock()) >= Role.MEMBER:
            self._attendance.gained(account_id, room)


def _words(sanction: Sanction) -> str:
    """The end of a mute or a ban, and its reason."""
    until = "for ever"
    if sanction.until is not None:
        try:
            moment = datetime.fromtimestamp(sanction.until, UTC).isoformat(timespec="seconds")
            until = f"until {moment.replace('+00:00', 'Z')}"
        except (OverflowError, ValueError):
            until = "for thousands of years"
    return f"{until}: {sanction.reason}" if sanction.reason else until
