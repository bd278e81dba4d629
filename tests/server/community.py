"""Who is what in a room and what they may do, as a model far simpler than the hub; tests compare the two."""

from dataclasses import dataclass, field

#: What moderators may, owners only, and members; written down once more, as the table must not judge itself.
MODERATORS = {"topic", "invite", "kick", "mute", "unmute", "ban", "unban", "audit"}
OWNERS = {"owner", "moderator", "member"}
READERS = {"read", "members", "say", "leave"}
DEEDS = sorted({"join"} | MODERATORS | OWNERS | READERS)


@dataclass(eq=False)
class Model:
    """One room: roles (0 nobody, 1 member, 2 moderator, 3 owner) and what holds against whom.

    :ivar said: whether anything was ever said in it
    :ivar ended: it was public, and is gone
    """

    name: str
    invite_only: bool = False
    roles: dict[str, int] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)
    said: bool = False
    ended: bool = False

    def role(self, name: str) -> int:
        return 0 if name in self.banned else self.roles.get(name, int(self.name == "general"))

    def refusal(self, deed: str, who: str) -> str:
        """Why somebody may not do this, whoever it is against: a code, or "" who may."""
        if self.ended or (self.invite_only and who not in self.roles and who not in self.invited):
            return "no_room"
        if who in self.banned and deed in ("join", "say"):
            return "banned"
        if deed == "join":
            return ""
        if deed == "say" and who in self.muted:
            return "muted"
        needed = 2 if deed in MODERATORS else 3 if deed in OWNERS else 1
        if self.role(who) >= needed:
            return ""
        return "banned" if who in self.banned else "not_allowed" if self.role(who) else "not_member"

    def try_(self, deed: str, who: str, whom: str) -> str:
        """Does it; what comes of it is a code, or "" where it is done."""
        refusal = self.refusal(deed, who)
        if refusal:
            return refusal
        return self._join(who) if deed == "join" else self._do(deed, who, whom)

    def _join(self, who: str) -> str:
        if not self.role(who):
            ownerless = self.name not in ("general", "random", "tech") and 3 not in self.roles.values()
            self.roles[who] = 3 if ownerless else 1
            self.invited.discard(who)
        return ""

    def _do(self, deed: str, who: str, whom: str) -> str:
        against = deed in OWNERS | MODERATORS - {"topic", "invite", "audit"}
        if against and self.role(whom) >= self.role(who):
            return "not_allowed"
        done = getattr(self, f"_{deed}", None)
        if deed in OWNERS:
            return self._appoint(deed, who, whom)
        return "" if done is None else done(who, whom)

    def _leave(self, who: str, _: str) -> str:
        if self.name == "general" or (self.roles[who] == 3 and len(self.roles) > 1):
            return "not_allowed"
        del self.roles[who]
        if self.invite_only and not self.roles:
            self.invited.clear()
        self.ended = not (self.invite_only or self.roles or self.said or self.name in ("random", "tech"))
        return ""

    def _say(self, _: str, __: str) -> str:
        self.said = True
        return ""

    def _invite(self, _: str, whom: str) -> str:
        if not self.role(whom):
            self.invited.add(whom)
        return ""

    def _kick(self, _: str, whom: str) -> str:
        if self.name == "general":
            return "not_allowed"
        return "" if self.roles.pop(whom, None) else "not_member"

    def _mute(self, _: str, whom: str) -> str:
        self.muted.add(whom)
        return ""

    def _ban(self, _: str, whom: str) -> str:
        self.banned.add(whom)
        self.roles.pop(whom, None)
        self.invited.discard(whom)
        return ""

    def _unmute(self, _: str, whom: str) -> str:
        return "not_allowed" if whom not in self.muted else self.muted.discard(whom) or ""

    def _unban(self, _: str, whom: str) -> str:
        return "not_allowed" if whom not in self.banned else self.banned.discard(whom) or ""

    def _appoint(self, role: str, who: str, whom: str) -> str:
        if whom not in self.roles:
            return "not_member"
        if role == "owner":
            self.roles[who], self.roles[whom] = self.roles[whom], 3
        else:
            self.roles[whom] = 2 if role == "moderator" else 1
        return ""
