"""Moderation: what is done holds at once and for everything after it, is told and written down."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from minechat.errors import InvalidInput, Refused
from minechat.server.happenings import RoomHappening
from minechat.server.keys import keys_of
from minechat.server.owner import Owner
from minechat.server.rights import Role
from tests.server.circle import NONE, NOW, PLENTY, Circle, Guest, circle
from tests.server.sockets import until


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path) as people:
        yield people


def refused(code: str) -> object:
    return pytest.raises(Refused, check=lambda error: error.code == code)


async def club(people: Circle, *names: str) -> list[Guest]:
    """A room, the first its owner, the others members."""
    guests = [await people.come(name) for name in names]
    await people.hub.rooms.create(guests[0].member, "club")
    for guest in guests[1:]:
        await people.hub.rooms.join(guest.member, "club")
    return guests


async def test_who_is_kicked_hears_why_and_nothing_more_and_may_come_again(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    bob_too = await people.come("Bob")
    await people.hub.moderation.kick(eva.member, "club", "bob", "too\n loud ")
    await people.say(eva, "club", "gone?")
    await people.settled()
    kicked = RoomHappening("club", "kicked", "Bob", "Eva", "too loud")
    for guest in (bob, bob_too):
        assert kicked in guest.heard and guest.texts("club") == []
    with refused("not_member"):
        await people.say(bob, "club", "hello")
    await people.hub.rooms.join(bob.member, "club")
    await people.say(bob, "club", "back")
    await people.settled()
    assert eva.texts("club") == ["back"] and bob_too.texts("club") == ["back"]


async def test_who_is_muted_reads_and_does_not_write_until_the_time_is_over(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.mute(eva.member, "club", "Bob", 60, "spam")
    with pytest.raises(Refused, match=r"^you are muted in club: spam$") as caught:
        await people.say(bob, "club", "hello")
    assert (caught.value.code, caught.value.retry_after) == ("muted", 60)
    await people.say(eva, "club", "hi")
    await people.settled()
    assert bob.texts("club") == ["hi"]
    assert RoomHappening("club", "muted", "Bob", "Eva", "spam", NOW + 60) in bob.heard
    (view,) = [one for one in (await people.hub.rooms.members(eva.member, "club")).members if one.muted_until]
    assert (view.name, view.muted_until) == ("Bob", NOW + 60)
    people.now += 60
    await people.say(bob, "club", "again")


async def test_a_mute_outlives_leaving_and_a_restart(people: Circle, tmp_path: Path) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.mute(eva.member, "club", "Bob")
    await people.hub.rooms.leave(bob.member, "club")
    await people.hub.rooms.join(bob.member, "club")
    with refused("muted"):
        await people.say(bob, "club", "hello")


async def test_who_is_banned_stays_out_until_the_ban_ends(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.ban(eva.member, "club", "Bob", 60, "spam")
    for work in (
        people.hub.rooms.join(bob.member, "club"),
        people.hub.rooms.say(bob.member, "club", "hello"),
        people.hub.archive.room_history(bob.member, "club"),
    ):
        with pytest.raises(Refused, match=r"^you are banned from club: spam$") as caught:
            await work
        assert (caught.value.code, caught.value.retry_after) == ("banned", 60)
    await people.say(eva, "club", "gone")
    await people.settled()
    assert bob.texts("club") == [] and ("banned", "Bob") in bob.happened("club")
    await people.hub.moderation.unban(eva.member, "club", "Bob")
    assert bob.told == [RoomHappening("club", "unbanned", "Bob", "Eva")]
    assert (await people.hub.rooms.join(bob.member, "club")).role is Role.MEMBER


async def test_a_ban_ends_membership_and_invitation_on_the_disk_too(people: Circle, tmp_path: Path) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club", invite_only=True)
    await people.hub.moderation.invite(eva.member, "club", "Bob")
    await people.hub.rooms.join(bob.member, "club")
    await people.hub.moderation.ban(eva.member, "club", "Bob", 1)
    row = await people.storage.room(keys_of("club").small)
    assert row is not None
    people.now += 1
    state = await people.storage.room_state(row.id)
    assert bob.member.id not in state.roles and bob.member.id not in state.invited
    with refused("no_room"):
        await people.hub.rooms.join(bob.member, "club")


async def test_who_was_banned_is_no_member_when_the_ban_ends(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.ban(eva.member, "club", "Bob")
    await people.hub.moderation.unban(eva.member, "club", "Bob")
    with refused("not_member"):
        await people.say(bob, "club", "hello")


async def test_a_ban_in_general_silences_every_door_and_ends_by_itself(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with circle(tmp_path, clock=lambda: NOW + loop.time() - began) as people:
        eva, bob, old = await people.come("Eva"), await people.come("Bob"), await people.come("Bob", NONE)
        await Owner(people.storage, people.hub).appoint("Eva", "general", Role.MODERATOR)
        await people.hub.moderation.ban(eva.member, "general", "Bob", 0.3)
        with refused("banned"):
            await people.hub.say(bob.member.person, "by port 5050")
        with refused("banned"):
            await people.say(bob, "general", "by RIFT")
        with refused("banned"):
            await people.say(old, "general", "by RIFT 0.9")
        with refused("banned"):
            await people.hub.archive.room_history(bob.member, "general")
        again = await people.come("Bob")
        await people.say(eva, "general", "without Bob")
        await people.settled()
        assert [guest.texts() for guest in (bob, old, again)] == [[], [], []]
        async with asyncio.timeout(10):
            while not bob.texts():
                await people.say(eva, "general", "hello again")
        await people.say(bob, "general", "I am back")
        await people.settled()
        assert "hello again" in old.texts() and "I am back" in again.texts()


async def test_a_ban_in_general_of_before_a_restart_ends_by_itself(tmp_path: Path) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    async with circle(tmp_path, clock=lambda: NOW + loop.time() - began) as people:
        eva, _ = await people.come("Eva"), await people.come("Bob")
        await Owner(people.storage, people.hub).appoint("Eva", "general", Role.MODERATOR)
        await people.hub.moderation.ban(eva.member, "general", "Bob", 0.5)
        await people.hub.moderation.mute(eva.member, "general", "Bob", None, "for ever")
    async with circle(tmp_path, clock=lambda: NOW + loop.time() - began) as people:
        bob = await people.come("Bob")
        people.hub.speak("Vlad", "one")
        with refused("banned"):
            await people.hub.say(bob.member.person, "hello")
        async with asyncio.timeout(10):
            while not bob.texts():
                people.hub.speak("Vlad", "two")
                await asyncio.sleep(0)
        with pytest.raises(Refused, match="muted in general: for ever"):
            await people.hub.say(bob.member.person, "hello")
        assert "one" not in bob.texts()


async def test_an_unban_in_general_is_heard_at_once(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await Owner(people.storage, people.hub).appoint("Eva", "general", Role.MODERATOR)
    await people.hub.moderation.ban(eva.member, "general", "Bob")
    await people.hub.moderation.unban(eva.member, "general", "Bob")
    await people.say(eva, "general", "welcome")
    await people.settled()
    assert bob.texts() == ["welcome", "settled"]
    assert bob.told == [RoomHappening("general", "unbanned", "Bob", "Eva")]


async def test_nobody_can_be_put_out_of_general(people: Circle) -> None:
    eva, _ = await people.come("Eva"), await people.come("Bob")
    await Owner(people.storage, people.hub).appoint("Eva", "general", Role.MODERATOR)
    with refused("not_allowed"):
        await people.hub.moderation.kick(eva.member, "general", "Bob")


async def test_a_new_owner_takes_the_place_of_the_old_one(people: Circle) -> None:
    eva, bob, vlad = await club(people, "Eva", "Bob", "Vlad")
    await people.hub.moderation.set_role(eva.member, "club", "Bob", "moderator")
    with refused("not_allowed"):
        await people.hub.moderation.set_role(bob.member, "club", "Vlad", "moderator")
    await people.hub.moderation.set_role(eva.member, "club", "Bob", "owner")
    await people.settled()
    assert [one for one in vlad.happened("club") if one[0] == "role"] == [
        ("role", "Bob"),
        ("role", "Bob"),
        ("role", "Eva"),
    ]
    await people.hub.moderation.set_role(bob.member, "club", "Eva", "member")
    for name in ("Eva", "Vlad"):
        with refused("not_allowed"):
            await people.hub.moderation.kick(eva.member, "club", name)
    await people.hub.moderation.kick(bob.member, "club", "Eva")
    assert people.hub.directory.at_hand("club").roles == {  # type: ignore[union-attr]
        bob.member.id: Role.OWNER,
        vlad.member.id: Role.MEMBER,
    }


@pytest.mark.parametrize("role", ["", "admin", "stranger", "OWNER"])
async def test_a_role_that_is_none_is_refused(people: Circle, role: str) -> None:
    eva, _ = await club(people, "Eva", "Bob")
    with refused("bad_frame"):
        await people.hub.moderation.set_role(eva.member, "club", "Bob", role)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 1e12])
async def test_a_time_that_is_none_is_refused(people: Circle, seconds: float) -> None:
    eva, _ = await club(people, "Eva", "Bob")
    with refused("bad_frame"):
        await people.hub.moderation.mute(eva.member, "club", "Bob", seconds)


async def test_a_reason_is_one_safe_line(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.mute(eva.member, "club", "Bob", 1e11, "a\n\x1b[2Jb\u202e")
    with pytest.raises(Refused, match=r"^you are muted in club: a .\[2Jb\\u202e$"):
        await people.say(bob, "club", "x")
    with refused("too_long"):
        await people.hub.moderation.mute(eva.member, "club", "Bob", None, "x" * 201)


async def test_what_was_done_is_read_by_moderators_by_pages(people: Circle) -> None:
    eva, bob, vlad = await club(people, "Eva", "Bob", "Vlad")
    await people.hub.rooms.set_topic(eva.member, "club", "news")
    await people.hub.moderation.mute(eva.member, "club", "Bob", 60, "spam")
    await people.hub.moderation.unmute(eva.member, "club", "Bob")
    await people.hub.moderation.kick(eva.member, "club", "Bob", "again")
    with refused("not_allowed"):
        await people.hub.moderation.audit(vlad.member, "club")
    with refused("not_member"):
        await people.hub.moderation.audit(bob.member, "club")
    page = await people.hub.moderation.audit(eva.member, "club", limit=3)
    rest = await people.hub.moderation.audit(eva.member, "club", page.deeds[-1].number, 50)
    assert (page.more, rest.more) == (True, False)
    assert [(one.what, one.whom, one.by, one.detail) for one in (*page.deeds, *rest.deeds)] == [
        ("kick", "Bob", "Eva", "again"),
        ("unmute", "Bob", "Eva", ""),
        ("mute", "Bob", "Eva", "until 2027-01-15T08:01:00Z: spam"),
        ("topic", "", "Eva", "news"),
        ("create", "", "Eva", "public"),
    ]


async def test_what_nobody_did_cannot_be_ended(people: Circle) -> None:
    eva, _ = await club(people, "Eva", "Bob")
    for work in (people.hub.moderation.unmute, people.hub.moderation.unban):
        with refused("not_allowed"):
            await work(eva.member, "club", "Bob")
    with refused("no_user"):
        await people.hub.moderation.kick(eva.member, "club", "nobody")
    await people.come("Vlad")
    with refused("not_member"):
        await people.hub.moderation.kick(eva.member, "club", "Vlad")


async def test_of_two_who_put_each_other_out_at_once_one_is_first(people: Circle) -> None:
    eva, bob, vlad = await club(people, "Eva", "Bob", "Vlad")
    for name in ("Bob", "Vlad"):
        await people.hub.moderation.set_role(eva.member, "club", name, "moderator")
    await people.hub.moderation.set_role(eva.member, "club", "Vlad", "owner")
    # Eva is a moderator now, as Bob is: neither may. Vlad takes Bob's role while Bob bans Eva's friend.
    dora = await people.come("Dora")
    await people.hub.rooms.join(dora.member, "club")
    done = await asyncio.gather(
        people.hub.moderation.set_role(vlad.member, "club", "Bob", "member"),
        people.hub.moderation.kick(bob.member, "club", "Dora"),
        people.hub.moderation.kick(eva.member, "club", "Dora"),
        return_exceptions=True,
    )
    codes = [one.code if isinstance(one, Refused) else one for one in done]
    assert codes[0] is None and sorted(map(str, codes[1:])) in (
        ["None", "not_allowed"],
        ["None", "not_member"],
    )
    await until(lambda: eva.happened("club").count(("kicked", "Dora")) == 1)


async def test_after_a_hand_over_everybody_is_the_same_after_a_restart(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await people.hub.moderation.set_role(eva.member, "club", "Bob", "owner")
    room = people.hub.directory.at_hand("club")
    assert room is not None
    kept = (await people.storage.room_state(room.row.id)).roles
    assert kept == room.roles == {eva.member.id: Role.MEMBER, bob.member.id: Role.OWNER}


async def test_the_servers_owner_appoints_and_everybody_there_is_told(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    owner = Owner(people.storage, people.hub, user="root")
    assert (await owner.appoint("bob", "CLUB", Role.OWNER))[1] == "club"
    await people.settled()
    roles = [one for one in bob.heard if isinstance(one, RoomHappening) and one.what == "role"]
    assert roles == [
        RoomHappening("club", "role", "Bob", role="owner"),
        RoomHappening("club", "role", "Eva", role="member"),
    ]
    (deed, *_) = (await people.hub.moderation.audit(bob.member, "club")).deeds
    assert (deed.what, deed.whom, deed.by, deed.detail) == ("role", "Bob", "", "by root: owner")
    (deed, *_) = await people.storage.deeds(1)  # type: ignore[assignment]
    assert (deed.what, deed.whom, deed.detail) == ("role", "Bob", "by root: owner in club")
    for name, room, role in (
        ("Bob", "club", Role.MEMBER),
        ("Bob", "general", Role.OWNER),
        ("Eva", "random", Role.MODERATOR),
        ("Eva", "nowhere", Role.MODERATOR),
        ("Nobody", "club", Role.MEMBER),
    ):
        with pytest.raises(InvalidInput):
            await owner.appoint(name, room, role)
    await people.hub.rooms.join(eva.member, "random")
    await owner.appoint("Eva", "random", Role.OWNER)
    await people.hub.rooms.set_topic(eva.member, "random", "mine")


async def test_who_gets_another_name_bears_it_in_every_room(people: Circle) -> None:
    eva, bob = await club(people, "Eva", "Bob")
    await Owner(people.storage, people.hub).rename("Bob", "Basil")
    people.hub.rooms.leave_all(bob.member)
    members = await people.hub.rooms.members(eva.member, "club")
    assert [one.name for one in members.members] == ["Basil", "Eva"]


DEEDS = ("create", "topic", "invite", "kick", "mute", "unmute", "ban", "unban", "role", "own")


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_the_audit_keeps_is_done_within_a_budget(tmp_path: Path, deed: str) -> None:
    async with circle(tmp_path, replace(PLENTY, deeds=3)) as people:
        eva, bob = await people.come("Eva"), await people.come("Bob")
        rooms, moderation = people.hub.rooms, people.hub.moderation
        await rooms.create(bob.member, "left")
        await people.say(bob, "left", "hello")
        await rooms.leave(bob.member, "left")
        await rooms.create(eva.member, "club")
        await rooms.join(bob.member, "club")
        for _ in range(2):
            await rooms.set_topic(eva.member, "club", "words")
        done = {
            "create": lambda: rooms.create(eva.member, "other"),
            "topic": lambda: rooms.set_topic(eva.member, "club", "more words"),
            "role": lambda: moderation.set_role(eva.member, "club", "Bob", "moderator"),
            "own": lambda: rooms.join(eva.member, "left"),
        }.get(deed) or (lambda: getattr(moderation, deed)(eva.member, "club", "Bob"))
        before = await people.storage.room_deeds("club", None, 99)
        with refused("too_fast"):
            await done()
        assert await people.storage.room_deeds("club", None, 99) == before
        # What costs nothing, and what others do, goes on.
        await people.say(eva, "club", "hello")
        await rooms.create(bob.member, "his")
