"""The part of the hub that rooms and people make: put together, and made ready."""

import time
from collections.abc import Callable

from minechat.errors import Refused
from minechat.server.archive import Archive
from minechat.server.attendance import Attendance
from minechat.server.audience import Audience
from minechat.server.directory import Directory
from minechat.server.limits import MinuteBudget
from minechat.server.listing import Listing
from minechat.server.moderation import Moderation
from minechat.server.presence import Presence
from minechat.server.rooms import Rooms
from minechat.server.sanctions import Sanctions
from minechat.server.settings import Limits
from minechat.server.storage import Storage
from minechat.server.whispers import Whispers


class Community:
    """Rooms, private messages, who is here and who may do what.

    :param clock: seconds since 1970
    """

    def __init__(
        self, storage: Storage, audience: Audience, limits: Limits, clock: Callable[[], float] = time.time
    ) -> None:
        self.directory = Directory(storage, clock)
        self.presence = Presence(audience)
        attendance = Attendance(audience, self.presence, limits.sessions)
        listing = Listing(storage, self.directory, self.presence)
        self._sanctions = Sanctions(storage, self.directory, attendance)
        deeds = MinuteBudget(limits.deeds, "you do too much in rooms at once")
        self.rooms = Rooms(storage, self.directory, attendance, listing, limits, deeds)
        new_people = MinuteBudget(limits.new_correspondents, "you write to or invite too many new people")
        self.moderation = Moderation(
            storage,
            self.directory,
            attendance,
            self._sanctions,
            new_people=new_people,
            deeds=deeds,
            rooms_created=limits.rooms_created,
        )
        self.whispers = Whispers(storage, attendance, self.presence, new_people)
        self.archive = Archive(storage, self.directory)

    async def prepare(self) -> None:
        """Before anybody comes in: who is muted or banned in ``general`` is known to every door."""
        await self.directory.prepare()
        self._sanctions.prepare()

    def silenced(self, account_id: int) -> Refused | None:
        """What to tell somebody who may not speak in ``general``, from whatever door."""
        general = self.directory.general
        return None if general is None else general.silenced(account_id, self.directory.clock())
