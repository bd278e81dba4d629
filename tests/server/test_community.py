"""Rights as a property: whatever anybody tries in whatever order, a simple model knows what comes of it."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server.owner import Owner
from minechat.server.rights import NEEDED, Role
from tests.server.circle import Circle, Guest, circle

PEOPLE = ("Eva", "Bob", "Vlad")
ROOMS = ("general", "club", "secret")
#: What moderators may, owners only, and members; written down once more, as the table must not judge itself.
MODERATORS = {"topic", "invite", "kick", "mute", "unmute", "ban", "unban", "audit"}
OWNERS = {"owner", "moderator", "member"}
READERS = {"read", "members", "say", "leave"}
DEEDS = sorted({"join"} | MODERATORS | OWNERS | READERS)


@dataclass
class Model:
    """One room: roles (0 nobody, 1 member, 2 moderator, 3 owner) and what holds against whom."""

    name: str
    roles: dict[str, int] = field(default_factory=dict)
    muted: set[str] = field(default_factory=set)
    banned: set[str] = field(default_factory=set)
    invited: set[str] = field(default_factory=set)

    def role(self, name: str) -> int:
        return 0 if name in self.banned else self.roles.get(name, int(self.name == "general"))

    def try_(self, deed: str, who: str, whom: str) -> str:
        """What comes of it: a code, or "" where it is done."""
        if self.name == "secret" and who not in self.roles and who not in self.invited:
            return "no_room"
        if deed == "join":
            return "banned" if who in self.banned else self._join(who)
        if deed == "say" and who in self.banned | self.muted:
            return "banned" if who in self.banned else "muted"
        needed = 2 if deed in MODERATORS else 3 if deed in OWNERS else 1
        if self.role(who) < needed:
            outside = "banned" if who in self.banned else "not_member"
            return outside if self.role(who) == 0 else "banned" if who in self.banned else "not_allowed"
        return self._do(deed, who, whom)

    def _join(self, who: str) -> str:
        if not self.role(who):
            ownerless = self.name != "general" and 3 not in self.roles.values()
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
        if self.name == "secret" and not self.roles:
            self.invited.clear()
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


async def attempt(people: Circle, deed: str, guest: Guest, room: str, whom: str) -> str:
    """What comes of it on a real hub."""
    hub, member = people.hub, guest.member
    try:
        if deed in OWNERS:
            await hub.moderation.set_role(member, room, whom, deed)
        elif deed == "say":
            await people.say(guest, room, "hello")
        elif deed in ("join", "leave"):
            await getattr(hub.rooms, deed)(member, room)
        elif deed == "topic":
            await hub.rooms.set_topic(member, room, "topic")
        elif deed == "members":
            await hub.rooms.members(member, room)
        elif deed == "read":
            await hub.archive.room_history(member, room)
        elif deed == "audit":
            await hub.moderation.audit(member, room)
        else:
            await getattr(hub.moderation, deed)(member, room, whom)
    except Refused as refusal:
        return refusal.code
    return ""


steps = st.lists(
    st.tuples(
        st.sampled_from(DEEDS),
        st.sampled_from(("Eva", *PEOPLE)),  # who begins with roles has more to do
        st.sampled_from(ROOMS),
        st.sampled_from(PEOPLE),
    ),
    min_size=40,
    max_size=120,
)


async def lived(folder: Path, tried: list[tuple[str, str, str, str]]) -> None:
    models = {name: Model(name) for name in ROOMS}
    async with circle(folder) as people:
        guests = {name: await people.come(name) for name in PEOPLE}
        eva = guests["Eva"].member
        await people.hub.rooms.create(eva, "club")
        await people.hub.rooms.create(eva, "secret", invite_only=True)
        await Owner(people.storage, people.hub).appoint("Eva", "general", Role.MODERATOR)
        models["club"].roles["Eva"] = models["secret"].roles["Eva"] = 3
        models["general"].roles["Eva"] = 2
        for deed, who, room, whom in tried:
            expected = models[room].try_(deed, who, whom)
            found = await attempt(people, deed, guests[who], room, whom)
            assert found == expected, f"{who}: {deed} {whom} in {room}"
        await heard_as_expected(people, guests, models)
    # Nothing of it was in memory only.
    async with circle(folder) as people:
        guests = {name: await people.come(name) for name in PEOPLE}
        for room, model in models.items():
            if any(model.roles.values()) or room == "general":
                for who in PEOPLE:
                    expected = model.try_("read", who, who)
                    assert await attempt(people, "read", guests[who], room, who) == expected, (
                        f"{who} in {room}"
                    )
        await heard_as_expected(people, guests, models)


async def heard_as_expected(people: Circle, guests: dict[str, Guest], models: dict[str, Model]) -> None:
    """Each room is heard by its members and nobody else."""
    await people.settled()
    for guest in guests.values():
        rooms = {wire.room for wire in guest.member.outlet.wires} & set(ROOMS)
        assert rooms == {name for name, model in models.items() if model.role(guest.name)}, guest.name


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps)
def test_whatever_is_tried_comes_out_as_the_roles_say(tried: list[tuple[str, str, str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(lived(Path(folder), tried))


def test_every_deed_of_the_table_of_rights_is_tried() -> None:
    assert {*DEEDS, "role", "search"} >= NEEDED.keys()
