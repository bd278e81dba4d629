"""One room in memory: who is what in it, and who may not speak or come in."""

import asyncio
import math

from minechat.errors import Refused
from minechat.events import GENERAL
from minechat.server.rights import Role, may
from minechat.server.storage import RoomKind, RoomRow, RoomState, Sanction

#: Rooms that are always there and belong to nobody.
ALWAYS = frozenset({GENERAL, "random", "tech"})


class Room:
    """A room somebody asked for. It is changed in the step of the loop in which the commit is known.

    :ivar lock: held from looking at rights to the end of the commit that they allowed, so that no deed is
        done with a right that another one has taken away
    :ivar closed: its last member has left it, and nobody can come in any more
    """

    def __init__(self, state: RoomState) -> None:
        self.row: RoomRow = state.row
        self.topic = state.row.topic
        self.roles = {account_id: Role(role) for account_id, role in state.roles.items()}
        self.names = dict(state.names)
        self.invited = set(state.invited)
        self._sanctions = {(one.account_id, one.kind): one for one in state.sanctions}
        self.lock = asyncio.Lock()
        self.closed = False

    @property
    def name(self) -> str:
        return self.row.name

    @property
    def is_general(self) -> bool:
        """The room that everybody is in without a row in the database."""
        return self.row.name == GENERAL

    @property
    def is_ownerless(self) -> bool:
        """Whether it has no owner and can have one."""
        return self.row.name not in ALWAYS and self.owner() is None

    @property
    def invite_only(self) -> bool:
        return self.row.kind is RoomKind.INVITE

    # Who is what.

    def role(self, account_id: int, now: float) -> Role:
        """What somebody is here; who is banned is a stranger even in ``general``.

        :param now: seconds since 1970
        """
        if self._sanctions and self.sanction(account_id, "ban", now) is not None:
            return Role.STRANGER
        return self.roles.get(account_id, Role.MEMBER if self.is_general else Role.STRANGER)

    def is_there_for(self, account_id: int) -> bool:
        """Whether somebody may know that this room exists."""
        if self.closed:
            return False
        return not self.invite_only or account_id in self.roles or account_id in self.invited

    def require(self, account_id: int, deed: str, now: float, whom: int | None = None) -> None:
        """Lets through what is allowed; what has no row in the table of rights never is.

        :param whom: the account that the deed is against
        :raises Refused: ``no_room`` for those who may not know of it, ``banned``, ``not_member`` or
            ``not_allowed``
        """
        if not self.is_there_for(account_id):
            raise no_room()
        role = self.role(account_id, now)
        against = Role.STRANGER if whom is None else self.role(whom, now)
        if may(role, deed, against):
            return
        self.require_no_ban(account_id, now)
        if role < Role.MEMBER:
            raise Refused(f"you are not in the room {self.name}", code="not_member")
        raise Refused("you are not allowed to do that here", code="not_allowed")

    def require_no_ban(self, account_id: int, now: float) -> None:
        """:raises Refused: ``banned``"""
        ban = self.sanction(account_id, "ban", now)
        if ban is not None:
            raise _refusal(ban, f"you are banned from {self.name}", "banned", now)

    # Who may not speak.

    def sanction(self, account_id: int, kind: str, now: float) -> Sanction | None:
        """The mute or the ban that holds against somebody; one whose time is over is forgotten."""
        found = self._sanctions.get((account_id, kind))
        if found is None or found.until is None or found.until > now:
            return found
        del self._sanctions[account_id, kind]
        return None

    def banned(self) -> list[int]:
        """Accounts that are, or were until lately, banned."""
        return [account_id for account_id, kind in self._sanctions if kind == "ban"]

    def put(self, sanction: Sanction) -> None:
        """Begins a mute or a ban; a ban ends the membership and the invitation too."""
        self._sanctions[sanction.account_id, sanction.kind] = sanction
        if sanction.kind == "ban":
            self.forget(sanction.account_id)
            self.invited.discard(sanction.account_id)

    def lift(self, account_id: int, kind: str) -> None:
        self._sanctions.pop((account_id, kind), None)

    def silenced(self, account_id: int, now: float) -> Refused | None:
        """What to tell somebody who may not speak here; None who may, as far as mutes and bans go."""
        if not self._sanctions:
            return None
        ban = self.sanction(account_id, "ban", now)
        if ban is not None:
            return _refusal(ban, f"you are banned from {self.name}", "banned", now)
        mute = self.sanction(account_id, "mute", now)
        return None if mute is None else _refusal(mute, f"you are muted in {self.name}", "muted", now)

    def muted_until(self, account_id: int, now: float) -> float | None:
        """Seconds since 1970, infinity for ever, None who is not muted."""
        mute = self.sanction(account_id, "mute", now) if self._sanctions else None
        if mute is None:
            return None
        return math.inf if mute.until is None else mute.until

    # Changes of its people.

    def admit(self, account_id: int, name: str, role: Role) -> None:
        """Somebody is a member, of this role, from now on."""
        self.roles[account_id] = role
        self.names[account_id] = name
        self.invited.discard(account_id)

    def forget(self, account_id: int) -> None:
        """Somebody is no member any more."""
        self.roles.pop(account_id, None)
        self.names.pop(account_id, None)

    def owner(self) -> int | None:
        return next((one for one, role in self.roles.items() if role is Role.OWNER), None)


def no_room() -> Refused:
    """What is said of a room that is not there, and of one that somebody may not know of."""
    return Refused("there is no such room", code="no_room")


def _refusal(sanction: Sanction, words: str, code: str, now: float) -> Refused:
    left = None if sanction.until is None else sanction.until - now
    return Refused(f"{words}: {sanction.reason}" if sanction.reason else words, left, code)
