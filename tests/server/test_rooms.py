"""Rooms: who hears what, who comes in, and what outsiders learn, which is nothing."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from minechat.errors import NotStored, Refused
from minechat.server.happenings import Ended, RoomHappening
from minechat.server.keys import keys_of
from minechat.server.rights import Role
from minechat.server.settings import Limits
from minechat.server.storage import RoomRow
from tests.server.circle import NONE, PLENTY, Circle, circle
from tests.server.sockets import until


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path) as people:
        yield people


def refused(code: str) -> object:
    return pytest.raises(Refused, check=lambda error: error.code == code)


async def test_what_is_said_in_a_room_is_heard_by_its_members_but_for_the_connection_that_said_it(
    people: Circle,
) -> None:
    eva, eva_too, bob, vlad = [await people.come(name) for name in ("Eva", "Eva", "Bob", "Vlad")]
    for guest in (eva, bob):
        await people.hub.rooms.join(guest.member, "random")
    stored = await people.say(eva, "random", "hi", "k1")
    assert (stored.room, stored.seq, stored.key) == ("random", 1, "k1")
    await people.settled()
    assert [one.texts("random") for one in (eva, eva_too, bob, vlad)] == [[], ["hi"], ["hi"], []]


async def test_general_is_heard_by_everybody_from_every_door(people: Circle) -> None:
    eva, old = await people.come("Eva"), await people.come("Old", NONE)
    bob = await people.person("Bob")
    await people.hub.say(bob, "from port 5050")
    people.hub.speak("Vlad", "a character")
    await people.say(eva, "general", "from RIFT")
    await people.settled()
    assert old.texts() == ["from port 5050", "a character", "from RIFT", "settled"]
    assert eva.texts() == ["from port 5050", "a character", "settled"]
    assert [one.seq for one in eva.heard if hasattr(one, "seq")][:2] == [1, None]


async def test_a_client_that_knows_of_no_rooms_joins_one_by_posting_in_it(people: Circle) -> None:
    old, eva = await people.come("Old", NONE), await people.come("Eva")
    await people.hub.rooms.join(eva.member, "random")
    await people.say(eva, "random", "too early")
    await people.say(old, "random", "hello")
    await people.say(eva, "random", "hi")
    await people.settled()
    assert old.texts("random") == ["hi"]
    assert eva.texts("random") == ["hello"]
    members = await people.hub.rooms.members(eva.member, "random")
    assert [(one.name, one.role, one.online) for one in members.members] == [
        ("Eva", Role.MEMBER, True),
        ("Old", Role.MEMBER, True),
    ]
    again = await people.come("Old", NONE)
    await people.say(eva, "random", "later")
    await people.settled()
    assert again.texts("random") == []


async def test_who_knows_of_rooms_has_to_join_before_posting(people: Circle) -> None:
    eva = await people.come("Eva")
    with refused("not_member"):
        await people.say(eva, "random", "hello")
    with refused("no_room"):
        await people.say(eva, "nowhere", "hello")


async def test_whoever_comes_back_hears_the_rooms_of_before(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    for guest in (eva, bob):
        await people.hub.rooms.join(guest.member, "tech")
    people.hub.rooms.leave_all(bob.member)
    await people.say(eva, "tech", "missed")
    bob = await people.come("Bob")
    await people.say(eva, "tech", "heard")
    await people.settled()
    assert bob.texts("tech") == ["heard"]


async def test_a_room_is_made_once_under_every_look_of_its_name(people: Circle) -> None:
    eva = await people.come("Eva")
    view = await people.hub.rooms.create(eva.member, "Climbing", "up")
    assert (view.name, view.topic, view.role, view.members, view.last) == ("Climbing", "up", Role.OWNER, 1, 0)
    for name in ("climbing", "CLIMBING", "Cl1mbing"[:2] + "imbing", "general", "RANDOM"):
        with refused("taken"):
            await people.hub.rooms.create(eva.member, name)
    bob = await people.come("Bob")
    assert (await people.hub.rooms.join(bob.member, "cLIMBING")).name == "Climbing"


async def test_who_hears_a_room_is_told_who_comes_and_goes(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.join(bob.member, "club")
    await until(lambda: eva.happened("club") == [("joined", "Bob")])
    await people.hub.rooms.leave(bob.member, "club")
    await until(lambda: eva.happened("club") == [("joined", "Bob"), ("left", "Bob")])
    await people.hub.rooms.set_topic(eva.member, "club", "news")
    await until(lambda: ("topic", None) in eva.happened("club"))
    assert ("topic", None) not in bob.happened("club")


async def test_other_connections_of_who_makes_or_leaves_a_room_are_told(people: Circle) -> None:
    eva, other = await people.come("Eva"), await people.come("Eva")
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.leave(eva.member, "club")
    joined, left = RoomHappening("club", "joined", "Eva"), RoomHappening("club", "left", "Eva")
    assert other.told == [joined, left]
    assert eva.told == []


async def test_an_owner_hands_over_before_leaving_unless_alone(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.join(bob.member, "club")
    with refused("not_allowed"):
        await people.hub.rooms.leave(eva.member, "club")
    await people.hub.moderation.set_role(eva.member, "club", "Bob", "owner")
    await people.hub.rooms.leave(eva.member, "club")
    await people.hub.rooms.leave(bob.member, "club")
    with refused("no_room"):
        await people.hub.rooms.leave(bob.member, "club")
    with refused("not_allowed"):
        await people.hub.rooms.leave(bob.member, "general")


async def test_the_next_who_joins_an_empty_room_owns_it(tmp_path: Path) -> None:
    async with circle(tmp_path, Limits(rooms_created=1)) as people:
        eva, bob, vlad = [await people.come(name) for name in ("Eva", "Bob", "Vlad")]
        rooms = people.hub.rooms
        await rooms.create(eva.member, "club")
        await rooms.create(bob.member, "own")
        await people.say(eva, "club", "hello")
        await rooms.leave(eva.member, "club")
        joined = [await rooms.join(guest.member, "club") for guest in (bob, vlad, eva)]
        assert [one.role for one in joined] == [Role.MEMBER, Role.OWNER, Role.MEMBER]
        audit = await people.hub.moderation.audit(vlad.member, "club")
        assert [(one.what, one.whom, one.by, one.detail) for one in audit.deeds] == [
            ("role", "", "Vlad", "owner"),
            ("create", "", "Eva", "public"),
        ]
        assert (await rooms.join(eva.member, "random")).role is Role.MEMBER


async def test_who_made_a_room_owns_it_again_when_they_come_back(tmp_path: Path) -> None:
    async with circle(tmp_path, Limits(rooms_created=1)) as people:
        eva, rooms = await people.come("Eva"), people.hub.rooms
        await rooms.create(eva.member, "club")
        await people.say(eva, "club", "hello")
        await rooms.leave(eva.member, "club")
        assert (await rooms.join(eva.member, "club")).role is Role.OWNER


@pytest.mark.parametrize("invite_only", [False, True])
async def test_of_a_room_in_which_nothing_was_said_nothing_is_left(people: Circle, invite_only: bool) -> None:
    eva, other, bob = [await people.come(name) for name in ("Eva", "Eva", "Bob")]
    rooms, moderation = people.hub.rooms, people.hub.moderation
    for _ in range(3):
        await rooms.create(eva.member, "club", "words", invite_only=invite_only)
        await rooms.set_topic(eva.member, "club", "other words")
        await moderation.mute(eva.member, "club", "Bob")
        row = await people.storage.room(keys_of("club").small)
        assert row is not None
        await rooms.leave(eva.member, "club")
        for guest in (eva, other, bob):
            with refused("no_room"):
                await rooms.join(guest.member, "club")
    # The deeds against somebody stay with the person.
    assert [one.what for _, one in await people.storage.room_deeds("club", None, 9)] == []
    entries, _ = await people.storage.own_data(eva.member.id, "", 99)
    assert {one["what"] for one in entries if one["kind"] == "deed"} == {"mute"}
    with pytest.raises(NotStored):
        await people.storage.room_state(row.id)
    view = await rooms.create(bob.member, "club")
    assert (view.role, view.topic, view.members) == (Role.OWNER, "", 1)
    await people.say(bob, "club", "hello")
    await people.settled()
    assert eva.texts("club") == other.texts("club") == []


async def test_a_public_room_in_which_something_was_said_stays_for_the_next(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club")
    await people.say(eva, "club", "hello")
    await people.hub.rooms.leave(eva.member, "club")
    with refused("taken"):
        await people.hub.rooms.create(bob.member, "club")
    assert (await people.hub.rooms.join(bob.member, "club")).role is Role.OWNER
    assert [one.text for one in (await people.hub.archive.room_history(bob.member, "club")).lines] == [
        "hello"
    ]


@pytest.mark.parametrize("name", ["random", "tech"])
async def test_a_room_that_is_always_there_stays_without_anybody(people: Circle, name: str) -> None:
    eva = await people.come("Eva")
    for _ in range(2):
        assert (await people.hub.rooms.join(eva.member, name)).role is Role.MEMBER
        await people.hub.rooms.leave(eva.member, name)


async def test_something_said_in_the_last_moment_keeps_a_public_room(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = await people.come("Eva")
    await people.hub.rooms.create(eva.member, "club")
    look = people.storage.room

    async def seen_before(key: str) -> RoomRow | None:
        row = await look(key)
        await people.storage.say(eva.member.id, "Eva", "club", "hello")
        return row

    with monkeypatch.context() as patch:
        patch.setattr(people.storage, "room", seen_before)
        await people.hub.rooms.leave(eva.member, "club")
    assert (await people.hub.rooms.join(eva.member, "club")).last == 1


async def test_rooms_that_one_made_count_as_long_as_they_are_there(tmp_path: Path) -> None:
    """Whoever leaves them or gives them away has made them all the same, over a restart too."""
    async with circle(tmp_path, Limits(rooms_created=3)) as people:
        eva, bob = await people.come("Eva"), await people.come("Bob")
        rooms, moderation = people.hub.rooms, people.hub.moderation
        for name in ("left", "given", "kept"):
            await rooms.create(eva.member, name)
        await people.say(eva, "left", "hello")
        await rooms.leave(eva.member, "left")
        await rooms.join(bob.member, "given")
        await moderation.set_role(eva.member, "given", "Bob", "owner")
    async with circle(tmp_path, Limits(rooms_created=3)) as people:
        eva, bob = await people.come("Eva"), await people.come("Bob")
        rooms, moderation = people.hub.rooms, people.hub.moderation
        with refused("too_many"):
            await rooms.create(eva.member, "more")
        # What comes back is counted already.
        await moderation.set_role(bob.member, "given", "Eva", "owner")
        await rooms.leave(eva.member, "kept")
        await rooms.create(eva.member, "more")
        for name in ("one", "two"):
            await rooms.create(bob.member, name)
        await rooms.join(bob.member, "left")
        with refused("too_many"):
            await rooms.create(bob.member, "three")


async def test_a_room_of_the_invited_ends_with_its_last_member_and_its_name_is_free(people: Circle) -> None:
    eva, bob, vlad = [await people.come(name) for name in ("Eva", "Bob", "Vlad")]
    rooms, moderation = people.hub.rooms, people.hub.moderation
    await rooms.create(eva.member, "club", invite_only=True)
    await moderation.invite(eva.member, "club", "Bob")
    stored = await people.say(eva, "club", "secret", "k1")
    await rooms.leave(eva.member, "club")
    for guest in (eva, bob, vlad):
        for name in ("club", "CLUB", "club:4"):
            with refused("no_room"):
                await rooms.join(guest.member, name)
    with refused("no_room"):
        await people.say(eva, "club", "more", "k2")
    again = await people.say(eva, "club", "secret", "k1")
    assert (again.room, again.seq, again.said_at) == ("club", 1, stored.said_at)
    view = await rooms.create(vlad.member, "club")
    assert (view.role, view.last) == (Role.OWNER, 0)
    assert [one.what for one in (await moderation.audit(vlad.member, "club")).deeds] == ["create"]
    assert (await people.hub.archive.room_history(vlad.member, "club")).lines == ()
    entries, _ = await people.storage.own_data(eva.member.id, "", 99)
    assert [one["text"] for one in entries if one["kind"] == "message"] == ["secret"]
    await rooms.join(eva.member, "club")
    await people.say(eva, "club", "hello")
    await people.settled()
    assert (vlad.texts("club"), bob.texts("club")) == (["hello"], [])


async def test_a_room_that_cannot_be_closed_stays(people: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    eva = await people.come("Eva")
    await people.hub.rooms.create(eva.member, "club", invite_only=True)

    async def full(*_: object) -> bool:
        raise NotStored("the disk of the server is full")

    with monkeypatch.context() as patch:
        patch.setattr(people.storage, "close_room", full)
        with pytest.raises(NotStored):
            await people.hub.rooms.leave(eva.member, "club")
    await people.say(eva, "club", "still here")
    await people.hub.rooms.leave(eva.member, "club")


async def test_nothing_is_said_in_a_room_that_is_being_closed(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, other = await people.come("Eva"), await people.come("Eva")
    await people.hub.rooms.create(eva.member, "club", invite_only=True)
    close, asked, go_on = people.storage.close_room, asyncio.Event(), asyncio.Event()

    async def slowly(room: RoomRow, account_id: int) -> bool:
        asked.set()
        await go_on.wait()
        return await close(room, account_id)

    monkeypatch.setattr(people.storage, "close_room", slowly)
    async with asyncio.TaskGroup() as group:
        group.create_task(people.hub.rooms.leave(eva.member, "club"))
        await asked.wait()
        with refused("no_room"):
            await people.say(other, "club", "too late")
        go_on.set()


async def test_nothing_said_while_a_room_ends_comes_into_the_next_of_its_name(people: Circle) -> None:
    eva, other, bob = [await people.come(name) for name in ("Eva", "Eva", "Bob")]
    for number in range(20):
        await people.hub.rooms.create(eva.member, "club", invite_only=True)
        await asyncio.gather(
            people.hub.rooms.leave(eva.member, "club"),
            *(people.say(other, "club", f"x{number}") for _ in range(3)),
            people.come("Eva"),
            people.hub.rooms.create(bob.member, "club", invite_only=True),
            return_exceptions=True,
        )
        with suppress(Refused):
            await people.hub.rooms.create(bob.member, "club", invite_only=True)
        assert (await people.hub.archive.room_history(bob.member, "club")).lines == ()
        await people.hub.rooms.leave(bob.member, "club")


@pytest.mark.parametrize("end", ["mute", "kick", "ban"])
async def test_what_is_sent_again_is_answered_as_stored_whatever_one_may_by_now(
    people: Circle, end: str
) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club", invite_only=True)
    await people.hub.moderation.invite(eva.member, "club", "Bob")
    await people.hub.rooms.join(bob.member, "club")
    stored = await people.say(bob, "club", "hi", "k1")
    await getattr(people.hub.moderation, end)(eva.member, "club", "Bob")
    again = await people.say(bob, "CLUB", "hi", "k1")
    assert (again.room, again.seq, again.said_at) == (stored.room, stored.seq, stored.said_at)
    for room, text in (("club", "other"), ("nowhere", "hi")):
        with refused("id_reused"):
            await people.say(bob, room, text, "k1")
    for key in ("k2", None):
        with refused("muted" if end == "mute" else "no_room"):
            await people.say(bob, "club", "hi", key)
    await people.settled()
    assert eva.texts("club") == ["hi"]


async def test_rooms_are_bounded_for_an_account_however_many_it_asks_for_at_once(tmp_path: Path) -> None:
    async with circle(tmp_path, Limits(rooms_created=2, rooms_joined=3)) as people:
        eva, other = await people.come("Eva"), await people.come("Eva")
        made = await asyncio.gather(
            *[people.hub.rooms.create((eva, other)[n % 2].member, f"room{n}") for n in range(6)],
            return_exceptions=True,
        )
        assert [isinstance(one, Refused) for one in made].count(False) == 2
        joined = await asyncio.gather(
            *[people.hub.rooms.join(eva.member, name) for name in ("random", "tech")], return_exceptions=True
        )
        assert [isinstance(one, Refused) for one in joined].count(False) == 1
        assert {one.code for one in (*made, *joined) if isinstance(one, Refused)} == {"too_many"}


async def tried(people: Circle, guest: object, room: str) -> list[str]:
    """What somebody is told who tries everything with a room."""
    hub, member = people.hub, guest.member  # type: ignore[attr-defined]
    answers = []
    for work in (
        hub.rooms.join(member, room),
        hub.rooms.leave(member, room),
        hub.rooms.members(member, room),
        hub.rooms.online(member, room),
        hub.rooms.set_topic(member, room, "x"),
        hub.rooms.say(member, room, "x"),
        hub.archive.room_history(member, room),
        hub.archive.search(member, "x", room=room),
        hub.moderation.audit(member, room),
        hub.moderation.invite(member, room, "Eva"),
        hub.moderation.kick(member, room, "Eva"),
        hub.moderation.mute(member, room, "Nobody"),
        hub.moderation.unmute(member, room, "Eva"),
        hub.moderation.ban(member, room, "Eva"),
        hub.moderation.unban(member, room, "Eva"),
        hub.moderation.set_role(member, room, "Eva", "member"),
    ):
        try:
            answers.append(repr(await work))
        except Refused as refusal:
            answers.append(repr((refusal.reason, refusal.code, refusal.retry_after)))
    return answers


@pytest.mark.parametrize("features", [NONE, frozenset({"rooms"})])
async def test_an_invite_only_room_does_not_exist_for_outsiders(
    people: Circle, features: frozenset[str]
) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob", features)
    await people.hub.rooms.create(eva.member, "secret", invite_only=True)
    await people.say(eva, "secret", "x y z")
    for name in ("secret", "SECRET", "@1:2"):
        assert await tried(people, bob, name) == await tried(people, bob, "nothing")
    listed = (await people.hub.rooms.list(bob.member)).rooms
    assert sorted(one.name for one in listed) == ["general", "random", "tech"]


async def test_who_is_invited_joins_and_is_told_once(people: Circle) -> None:
    eva, bob, vlad = [await people.come(name) for name in ("Eva", "Bob", "Vlad")]
    await people.hub.rooms.create(eva.member, "secret", invite_only=True)
    for _ in range(2):
        await people.hub.moderation.invite(eva.member, "secret", "bob")
    assert bob.told == [RoomHappening("secret", "invited", "Bob", "Eva")]
    with refused("not_member"):
        await people.hub.archive.room_history(bob.member, "secret")
    assert (await people.hub.rooms.join(bob.member, "secret")).members == 2
    with refused("no_room"):
        await people.hub.rooms.join(vlad.member, "secret")
    await people.hub.rooms.leave(bob.member, "secret")
    with refused("no_room"):
        await people.hub.rooms.join(bob.member, "secret")


@pytest.mark.parametrize(
    "name", ["", ".x", "-", "_._", "a b", "a:b", "@1:2", "x" * 65, "aя", "a\u0301", "é\u202e", "a/b"]
)
async def test_a_name_that_is_none_is_refused_and_not_mended(people: Circle, name: str) -> None:
    eva = await people.come("Eva")
    with refused("bad_name"):
        await people.hub.rooms.create(eva.member, name)


@pytest.mark.parametrize("topic", ["x" * 391, "two\nlines", "\x1b[2J", "a\u202eb"])
async def test_a_topic_that_is_none_is_refused(people: Circle, topic: str) -> None:
    eva = await people.come("Eva")
    with refused("bad_name"):
        await people.hub.rooms.create(eva.member, "club", topic)
    await people.hub.rooms.create(eva.member, "club", "x" * 390)
    with refused("bad_name"):
        await people.hub.rooms.set_topic(eva.member, "club", topic)


async def test_the_oldest_connection_ends_when_an_account_has_one_too_many(tmp_path: Path) -> None:
    async with circle(tmp_path, Limits(sessions=2)) as people:
        first, second, third = [await people.come("Eva") for _ in range(3)]
        assert [type(one) for one in first.told] == [Ended] and first.told[0].reason.code == "too_many"
        assert people.hub.presence.members(first.member.id) == (second.member, third.member)
        bob = await people.come("Bob")
        await people.say(bob, "general", "hi")
        await people.settled()
        assert (first.texts(), second.texts(), third.texts()) == ([], ["hi", "settled"], ["hi", "settled"])


async def test_a_list_of_rooms_comes_by_pages_each_room_once(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    clubs = ("anna", "boris", "vera", "greg", "dora", "egor", "jan")
    for number, club in enumerate(clubs):
        await people.hub.rooms.create(eva.member, club, "т" * 390, invite_only=number % 2 == 1)
    for guest, names in ((bob, set(clubs[::2])), (eva, set(clubs))):
        found, after = [], ""
        while True:
            page = await people.hub.rooms.list(guest.member, after, 2)
            found += [one.name for one in page.rooms]
            if page.after is None:
                break
            after = page.after
        assert sorted(found) == sorted({"general", "random", "tech"} | names)
    mine = await people.hub.rooms.list(eva.member, mine=True)
    assert {(one.name, one.role) for one in mine.rooms} == {
        ("general", Role.MEMBER),
        *((club, Role.OWNER) for club in clubs),
    }


async def test_members_come_by_pages_in_the_order_of_their_names(people: Circle) -> None:
    eva = await people.come("Eva", frozenset({"rooms"}))
    names = {f"Guest {letter}" for letter in "adeghmx"}
    for name in names:
        await people.hub.rooms.join((await people.come(name)).member, "random")
    await people.hub.rooms.join(eva.member, "random")
    for room in ("random", "general"):
        found, after = [], ""
        while True:
            page = await people.hub.rooms.members(eva.member, room, after, 3)
            found += [one.name for one in page.members]
            if page.after is None:
                break
            after = page.after.replace(" ", "_")
        assert found == sorted({"Eva", *names})


async def test_a_membership_that_ends_while_somebody_comes_in_is_not_heard(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.join(bob.member, "club")
    kicked, again = await asyncio.gather(
        people.hub.moderation.kick(eva.member, "club", "Bob"), people.come("Bob")
    )
    await people.say(eva, "club", "without Bob")
    await people.settled()
    assert kicked is None
    assert bob.texts("club") == again.texts("club") == []


async def test_a_room_that_nobody_holds_is_forgotten_and_found_again(people: Circle) -> None:
    eva = await people.come("Eva", NONE)
    people.hub.directory._capacity = 2
    for number in range(5):
        await people.hub.rooms.create(eva.member, f"club{number}")
        people.hub.rooms.leave_all(eva.member)
        eva = await people.come("Eva", NONE)
    assert people.hub.directory.at_hand("club0") is None
    assert people.hub.directory.at_hand("club4") is not None
    first, second = await asyncio.gather(*[people.hub.directory.open("club0") for _ in range(2)])
    assert first is second and first.roles == {eva.member.id: Role.OWNER}


async def test_what_is_on_the_disk_is_known_in_memory_though_who_asked_has_gone(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.join(bob.member, "club")
    room = people.hub.directory.at_hand("club")
    assert room is not None
    asking = asyncio.create_task(people.hub.moderation.kick(eva.member, "club", "Bob"))
    await until(room.lock.locked)
    asking.cancel()
    await asyncio.wait([asking])
    await until(lambda: ("kicked", "Bob") in eva.happened("club"))
    with refused("not_member"):
        await people.say(bob, "club", "still here?")


async def test_no_more_than_five_times_a_second_is_told_who_comes_and_goes(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.join(eva.member, "random")
    loop = asyncio.get_running_loop()
    begun = loop.time()
    for _ in range(200):
        await people.hub.rooms.join(bob.member, "random")
        await people.hub.rooms.leave(bob.member, "random")
    await people.hub.rooms.join(bob.member, "random")
    took = loop.time() - begun
    told = eva.happened("random")
    await until(lambda: [what for what, name in eva.happened("random") if name == "Bob"][-1] == "joined")
    assert len([one for one in told if one[1] == "Bob"]) <= 5 * took + 2


async def test_limits_of_a_page_are_cut_to_what_it_holds(people: Circle) -> None:
    eva = await people.come("Eva")
    assert len((await people.hub.rooms.list(eva.member, limit=0)).rooms) == 1
    assert len((await people.hub.rooms.list(eva.member, limit=10**9)).rooms) == 3
    assert PLENTY.sessions == 10
