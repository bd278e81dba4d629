"""Who is here: accounts by their live connections, told net to those who want to know."""

from collections.abc import Collection, Sequence

from minechat.server.audience import Audience
from minechat.server.changes import INTERVAL, Changes, Who
from minechat.server.happenings import PRESENCE, Member, PresenceChanged

#: Where the audience brings comings and goings; no room of people is called so.
WIRE = "@presence"


class Presence:
    """Accounts with at least one connection to RIFT. Whoever is here can be written to privately.

    :param interval: seconds from one telling of changes to the next
    """

    def __init__(self, audience: Audience, interval: float = INTERVAL) -> None:
        self._audience = audience
        self._members: dict[int, dict[Member, None]] = {}  # by account, the oldest connection first
        self._changes = Changes(self._tell, interval)

    def came(self, member: Member) -> None:
        """Somebody is here, on this connection."""
        others = self._members.get(member.id)
        if others is None:
            self._members[member.id] = {member: None}
            self._changes.came((member.id, member.name))
        else:
            others[member] = None
        if member.understands(PRESENCE):
            self._audience.join(member.outlet, member.encode, WIRE)

    def went(self, member: Member) -> None:
        """This connection is over; no harm when it was before."""
        here = self._members.get(member.id, {})
        if member not in here:
            return
        del here[member]
        self._audience.leave(member.outlet, WIRE)
        if not here:
            del self._members[member.id]
            self._changes.went((member.id, member.name))

    def is_here(self, account_id: int) -> bool:
        return account_id in self._members

    def members(self, account_id: int) -> Sequence[Member]:
        """The live connections of an account, the oldest first."""
        return tuple(self._members.get(account_id, ()))

    def people(self) -> dict[int, str]:
        """Everybody who is here, by account."""
        return {account_id: next(iter(here)).name for account_id, here in self._members.items()}

    def seen_by(self, member: Member) -> dict[int, str]:
        """Everybody as this connection has been told: what it is told later goes on from here."""
        people = self.people()
        if member.understands(PRESENCE):
            came, went = self._changes.untold()
            for account_id, _ in came - {(member.id, member.name)}:
                people.pop(account_id, None)
            people.update(went)
        return people

    def _tell(self, came: Collection[Who], went: Collection[Who]) -> None:
        self._audience.tell(
            WIRE, PresenceChanged(tuple(name for _, name in came), tuple(name for _, name in went))
        )
