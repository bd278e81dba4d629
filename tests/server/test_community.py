"""Rights as a property: whatever anybody tries in whatever order, a simple model knows what comes of it."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server.owner import Owner
from minechat.server.rights import NEEDED, Role
from tests.server.circle import Circle, Guest, circle
from tests.server.community import DEEDS, OWNERS, Model

PEOPLE = ("Eva", "Bob", "Vlad")
ROOMS = ("general", "club", "secret")


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
    models = {name: Model(name, invite_only=name == "secret") for name in ROOMS}
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
