"""Rooms: one of each name, who is what in them, and conversations that nobody else finds."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from minechat.errors import NotStored
from minechat.server.keys import keys_of
from minechat.server.rights import Role
from minechat.server.storage import AccountRow, Deed, RoomKind, RoomRow, Sanction
from tests.server.storage.keeping import NOW, Home, home

DEED = Deed(1000.5, "topic", "Boris", "news", "club", "Anna")

CLUB = keys_of("club")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(house: Home) -> AccountRow:
    return await house.account("Anna")


@pytest.fixture
async def boris(house: Home, anna: AccountRow) -> AccountRow:
    return await house.account("Boris")


@pytest.fixture
async def club(house: Home, anna: AccountRow) -> RoomRow:
    made = await house.storage.add_room("club", CLUB, RoomKind.INVITE, "words", anna.id, None)
    assert made is not None
    return made


async def test_a_room_is_made_with_its_owner_and_its_deed(house: Home, anna: AccountRow) -> None:
    deed = Deed(1.0, "create", "", "", "club", "Anna")
    made = await house.storage.add_room("club", CLUB, RoomKind.INVITE, "words", anna.id, deed)
    assert made is not None
    assert (
        made
        == await house.storage.room(CLUB.small)
        == RoomRow(made.id, "club", CLUB.small, "words", RoomKind.INVITE, 0)
    )
    state = await house.storage.room_state(made.id)
    assert (state.row, state.roles, state.names) == (made, {anna.id: Role.OWNER}, {anna.id: "Anna"})
    assert [one for _, one in await house.storage.room_deeds("club", None, 9)] == [deed]


async def test_of_a_hundred_that_make_a_room_of_one_name_one_does(house: Home, anna: AccountRow) -> None:
    deed = Deed(1.0, "create", "", "", "club", "Anna")
    made = await asyncio.gather(
        *(house.storage.add_room(f"club{n}", CLUB, RoomKind.PUBLIC, "", anna.id, deed) for n in range(100))
    )
    assert sum(one is not None for one in made) == 1
    assert len(await house.storage.room_deeds("club", None, 9)) == 1
    other, general = keys_of("other"), keys_of("general")
    assert await house.storage.add_room("general", other, RoomKind.PUBLIC, "", None, None) is None
    for keys in (
        other._replace(small=general.small),
        other._replace(capital=general.capital),
        other._replace(shown=general.shown),
    ):
        assert await house.storage.add_room("other", keys, RoomKind.PUBLIC, "", None, None) is None


async def test_a_room_of_nobody_or_of_a_stranger(house: Home) -> None:
    made = await house.storage.add_room("club", CLUB, RoomKind.PUBLIC, "", None, None)
    assert made is not None and (await house.storage.room_state(made.id)).roles == {}
    with pytest.raises(NotStored):
        await house.storage.add_room("other", keys_of("other"), RoomKind.PUBLIC, "", 99, None)
    assert await house.storage.room("other") is None
    with pytest.raises(ValueError, match="its own method"):
        await house.storage.add_room("@1:2", keys_of("@1:2"), RoomKind.PRIVATE, "", None, None)
    with pytest.raises(NotStored):
        await house.storage.room_state(99)


async def test_rooms_are_listed_in_pages_to_those_who_may_know_them(
    house: Home, anna: AccountRow, boris: AccountRow, club: RoomRow
) -> None:
    for name in ("books", "films"):
        await house.storage.add_room(name, keys_of(name), RoomKind.PUBLIC, "", anna.id, None)
    await house.storage.set_role((await house.room("books")).id, boris.id, Role.MEMBER, None)
    await house.storage.conversation(anna.id, boris.id)

    async def listed(who: AccountRow) -> list[tuple[str, int, int | None]]:
        found, after = [], ""
        while page := await house.storage.public_rooms(who.id, after, 2):
            found += [(row.name, members, role) for row, members, role in page]
            after = page[-1][0].key
        return found

    always = [("general", 0, None), ("tech", 0, None), ("random", 0, None)]
    shared = [("books", 2, Role.MEMBER), ("films", 1, None)]
    assert sorted(await listed(boris)) == sorted(always + shared)
    owned = [("books", 2, Role.OWNER), ("films", 1, Role.OWNER), ("club", 1, Role.OWNER)]
    assert sorted(await listed(anna)) == sorted(always + owned)
    assert [(row.name, role) for row, role in await house.storage.rooms_of(boris.id)] == [
        ("books", Role.MEMBER)
    ]


async def test_who_joins_is_invited_no_more_and_who_leaves_is_gone(
    house: Home, anna: AccountRow, boris: AccountRow, club: RoomRow
) -> None:
    invited = Deed(2.0, "invite", "Boris", "", "club", "Anna")
    for _ in range(2):
        await house.storage.add_invitation(club.id, boris.id, "Anna", invited)
    state = await house.storage.room_state(club.id)
    assert (state.invited, state.names[boris.id]) == ({boris.id}, "Boris")
    for role in (Role.MEMBER, Role.MODERATOR):
        await house.storage.set_role(club.id, boris.id, role, None)
        state = await house.storage.room_state(club.id)
        assert (state.roles[boris.id], state.invited) == (role, set())
    await house.storage.set_role(club.id, boris.id, None, None)
    state = await house.storage.room_state(club.id)
    assert (state.roles, state.names) == ({anna.id: Role.OWNER}, {anna.id: "Anna"})


async def test_a_room_is_handed_over_to_a_member(
    house: Home, anna: AccountRow, boris: AccountRow, club: RoomRow
) -> None:
    with pytest.raises(NotStored):
        await house.storage.hand_over(club.id, anna.id, boris.id, DEED)
    await house.storage.set_role(club.id, boris.id, Role.MEMBER, None)
    await house.storage.hand_over(club.id, anna.id, boris.id, DEED)
    roles = (await house.storage.room_state(club.id)).roles
    assert roles == {anna.id: Role.MEMBER, boris.id: Role.OWNER}
    with pytest.raises(NotStored):
        await house.storage.hand_over(club.id, anna.id, anna.id, DEED)
    assert [one for _, one in await house.storage.room_deeds("club", None, 9)] == [DEED]


@pytest.mark.parametrize("kind", [RoomKind.PUBLIC, RoomKind.INVITE])
@pytest.mark.parametrize("said", [False, True])
async def test_a_room_ends_and_its_row_stays_for_its_messages_only(
    house: Home, anna: AccountRow, boris: AccountRow, kind: RoomKind, said: bool
) -> None:
    ended = kind is RoomKind.INVITE or not said
    storage, create = house.storage, Deed(1.0, "create", "", "", "club", "Anna")
    club = await storage.add_room("club", CLUB, kind, "", anna.id, create)
    assert club is not None
    ban = Sanction(boris.id, "ban", None, "", "Anna", NOW)
    await storage.add_sanction(club.id, ban, Deed(2.0, "ban", "Boris", "", "club", "Anna"))
    await storage.add_invitation(club.id, boris.id, "Anna", None)
    if said:
        await house.say(anna, "club", "hello")
    assert await storage.close_room(club, anna.id) is ended
    assert (await storage.room(CLUB.small) is None) is ended
    assert await storage.count_rooms_of(anna.id) == (not ended)
    if said:
        assert (await storage.room_state(club.id)).roles == {}
    else:
        with pytest.raises(NotStored):
            await storage.room_state(club.id)
    name = f"club:{club.id}" if ended else "club"
    deeds = [one.what for _, one in await storage.room_deeds(name, None, 9)]
    assert deeds == (["ban", "create"] if said else ["ban"])


async def test_rooms_made_and_owned_count_once_each(
    house: Home, anna: AccountRow, boris: AccountRow, club: RoomRow
) -> None:
    await house.storage.set_role(club.id, boris.id, Role.MEMBER, None)
    assert [await house.storage.count_rooms_of(one.id) for one in (anna, boris)] == [1, 0]
    await house.storage.hand_over(club.id, anna.id, boris.id, None)
    await house.storage.conversation(anna.id, boris.id)
    assert [await house.storage.count_rooms_of(one.id) for one in (anna, boris)] == [1, 1]
    assert [await house.storage.count_rooms_of(one.id, but=club.id) for one in (anna, boris)] == [0, 0]


async def test_a_topic_is_set_where_there_is_a_room(house: Home, club: RoomRow) -> None:
    await house.storage.set_topic(club.id, "news", DEED)
    assert (await house.room("club")).topic == "news"
    with pytest.raises(NotStored):
        await house.storage.set_topic(99, "news", DEED)


async def test_a_sanction_holds_until_it_ends(house: Home, boris: AccountRow, club: RoomRow) -> None:
    until = Sanction(boris.id, "mute", NOW + 60, "noise", "Anna", NOW)
    for_ever = Sanction(boris.id, "ban", None, "", "Anna", NOW)
    await house.storage.add_sanction(club.id, Sanction(boris.id, "mute", None, "", "Anna", NOW), None)
    await house.storage.add_sanction(club.id, until, None)
    await house.storage.add_sanction(club.id, for_ever, None)
    state = await house.storage.room_state(club.id)
    assert (state.sanctions, state.names[boris.id]) == ([for_ever, until], "Boris")
    house.at += 61
    assert (await house.storage.room_state(club.id)).sanctions == [for_ever]
    assert await house.storage.remove_sanction(club.id, boris.id, "ban", DEED)
    assert not await house.storage.remove_sanction(club.id, boris.id, "ban", DEED)
    assert (await house.storage.room_state(club.id)).sanctions == []
    assert len(await house.storage.room_deeds("club", None, 9)) == 1
    with pytest.raises(NotStored):
        await house.storage.add_sanction(club.id, Sanction(boris.id, "frown", None, "", "Anna", NOW), None)


async def test_the_audit_of_a_room_is_paged_and_apart_from_the_servers(house: Home) -> None:
    deeds = [
        Deed(float(n), "kick", "Boris", str(n), room, "Anna") for n in range(5) for room in ("a", "b", "")
    ]
    for deed in deeds:
        await house.storage.write_deed(deed)
    pages, before = [], None
    while page := await house.storage.room_deeds("a", before, 2):
        pages.append([deed.detail for _, deed in page])
        before = page[-1][0]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert [one.room for one in await house.storage.deeds(99)] == [""] * 5
    assert await house.storage.room_deeds("a", 1 << 90, 1) != []


async def test_two_people_have_one_conversation_whoever_begins(
    house: Home, anna: AccountRow, boris: AccountRow
) -> None:
    rooms = await asyncio.gather(
        *(house.storage.conversation(*pair) for pair in [(anna.id, boris.id), (boris.id, anna.id)] * 20)
    )
    assert {(room.name, room.kind, room.key) for room in rooms} == {("@1:2", RoomKind.PRIVATE, "")}
    assert len({room.id for room in rooms}) == 1
    assert (await house.storage.room_state(rooms[0].id)).names == {1: "Anna", 2: "Boris"}
    with pytest.raises(ValueError, match="alone"):
        await house.storage.conversation(anna.id, anna.id)
    with pytest.raises(NotStored):
        await house.storage.conversation(anna.id, 99)


async def test_a_conversation_is_found_by_nobody_else(
    house: Home, anna: AccountRow, boris: AccountRow
) -> None:
    eva = await house.account("Eva")
    room = await house.storage.conversation(anna.id, boris.id)
    await house.say(anna, room.name, "secret")
    for key in ("@1:2", "", room.key):
        assert await house.storage.room(key) is None
    for who in (anna, boris, eva):
        listed = await house.storage.public_rooms(who.id, "", 99)
        assert {row.kind for row, *_ in listed} == {RoomKind.PUBLIC}
        assert await house.storage.rooms_of(who.id) == []
    assert await house.storage.conversations(eva.id, 99) == []


async def test_conversations_are_told_latest_first_and_not_by_hidden_messages(
    house: Home, anna: AccountRow
) -> None:
    others = [await house.account(name) for name in ("Boris", "Vera", "Gleb")]
    for at, other in enumerate(others):
        house.at = NOW + at
        room = await house.storage.conversation(anna.id, other.id)
        # Anna has blocked Gleb.
        await house.say(other, room.name, "x", "y", hidden=other.name == "Gleb")
    boris, vera, gleb = others
    assert await house.storage.conversations(anna.id, 9) == [(vera, 2, NOW + 1), (boris, 2, NOW)]
    assert await house.storage.conversations(anna.id, 1) == [(vera, 2, NOW + 1)]
    assert await house.storage.conversations(gleb.id, 9) == [(anna, 2, NOW + 2)]
    house.at = NOW + 9
    await house.say(anna, "@1:2", "z")
    assert (await house.storage.conversations(anna.id, 1)) == [(boris, 3, NOW + 9)]


async def test_a_deed_is_written_with_what_was_done_or_not_at_all(house: Home, club: RoomRow) -> None:
    with pytest.raises(NotStored):
        await house.storage.set_role(club.id, 99, Role.MEMBER, DEED)
    with pytest.raises(NotStored):
        await house.storage.add_invitation(club.id, 99, "Anna", DEED)
    assert await house.storage.room_deeds("club", None, 9) == []
