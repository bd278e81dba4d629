"""Who becomes what in a room, once it is allowed: the database and the room in memory together."""

from minechat.errors import Refused
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.storage import AccountRow, Deed, Storage

#: What somebody can be made.
ROLES = {role.word: role for role in (Role.MEMBER, Role.MODERATOR, Role.OWNER)}


async def appoint(storage: Storage, room: Room, whom: AccountRow, role: Role, deed: Deed) -> dict[int, Role]:
    """Gives a member another role; a new owner and the old one swap theirs. The room's lock is to be held.

    :returns: the roles that changed, by account
    :raises Refused: ``not_member``; ``not_allowed`` where the room would lose its owner, or ``general``,
        which is everybody's, get one
    :raises NotStored: nothing was changed
    """
    owner = room.owner()
    if whom.id not in room.roles and not room.is_general:
        raise Refused(f"{whom.name} is not in this room", code="not_member")
    if room.is_general and role is Role.OWNER:
        raise Refused("this room is everybody's", code="not_allowed")
    if whom.id == owner and role is not Role.OWNER:
        raise Refused("make somebody else the owner", code="not_allowed")
    if role is Role.OWNER and owner not in (None, whom.id):
        assert owner is not None
        changed = {whom.id: Role.OWNER, owner: room.roles[whom.id]}
        await storage.hand_over(room.row.id, owner, whom.id, deed)
    else:
        changed = {whom.id: role}
        implicit = room.is_general and role is Role.MEMBER
        await storage.set_role(room.row.id, whom.id, None if implicit else role, deed)
    for account_id, now in changed.items():
        _put(room, account_id, whom.name if account_id == whom.id else room.names[account_id], now)
    return changed


def _put(room: Room, account_id: int, name: str, role: Role) -> None:
    if room.is_general and role is Role.MEMBER:
        room.forget(account_id)
    else:
        room.admit(account_id, name, role)
