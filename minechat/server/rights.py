"""Who may do what in a room: the role each deed needs, for every door and for the owner's socket."""

from enum import IntEnum


class Role(IntEnum):
    """What somebody is in a room; a greater one may do all that a lesser may."""

    STRANGER = 0
    MEMBER = 1
    MODERATOR = 2
    OWNER = 3

    @property
    def word(self) -> str:
        """As the wire and the audit name it."""
        return self.name.lower()


#: The role that a deed needs. What has no row cannot be done.
NEEDED: dict[str, Role] = {
    "join": Role.STRANGER,
    "leave": Role.MEMBER,
    "say": Role.MEMBER,
    "read": Role.MEMBER,
    "members": Role.MEMBER,
    "search": Role.MEMBER,
    "topic": Role.MODERATOR,
    "invite": Role.MODERATOR,
    "kick": Role.MODERATOR,
    "mute": Role.MODERATOR,
    "unmute": Role.MODERATOR,
    "ban": Role.MODERATOR,
    "unban": Role.MODERATOR,
    "audit": Role.MODERATOR,
    "role": Role.OWNER,
}
#: Deeds against a person, who must be of a lesser role than the one who does them.
AGAINST = frozenset({"kick", "mute", "unmute", "ban", "unban", "role"})


def may(role: Role, deed: str, whom: Role = Role.STRANGER) -> bool:
    """Whether somebody of a role may do this, to somebody of a role.

    :raises KeyError: the deed has no row
    """
    return role >= NEEDED[deed] and (deed not in AGAINST or role > whom)
