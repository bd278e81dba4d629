"""Rooms in memory: one of each for whoever asks, forgotten when nobody holds it, silent to outsiders."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from minechat.errors import Refused
from minechat.server.directory import Directory
from minechat.server.rights import Role
from tests.server.circle import NONE, NOW, Circle, circle


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path) as people:
        yield people


async def test_whoever_asks_at_once_gets_the_same_room_and_one_load(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[int] = []
    state = people.storage.room_state

    async def counted(room_id: int) -> object:
        loads.append(room_id)
        return await state(room_id)

    monkeypatch.setattr(people.storage, "room_state", counted)
    directory = Directory(people.storage)
    row = await people.storage.room((await directory.open("tech")).row.key)
    assert row is not None
    loads.clear()
    directory = Directory(people.storage)
    names = ("tech", "TECH", "Tech", "tech")
    rooms = await asyncio.gather(*[directory.open(name) for name in names], directory.open_row(row))
    assert len({id(room) for room in rooms}) == 1 and loads == [row.id]


async def test_a_room_stays_as_long_as_somebody_holds_it(people: Circle) -> None:
    directory = Directory(people.storage, lambda: NOW, remembered=1)
    held = await directory.open("random")
    await directory.open("tech")
    await directory.open("general")
    gc.collect()
    assert directory.at_hand("random") is held and directory.at_hand("tech") is None
    assert await directory.open("RANDOM") is held


@pytest.mark.parametrize("name", ["", "x" * 65, "nothing", "@1:2", "\0"])
async def test_what_is_no_room_is_not_found(people: Circle, name: str) -> None:
    await people.come("Eva")
    bob = await people.come("Bob")
    await people.whisper(bob, "Eva", "makes @1:2")
    with pytest.raises(Refused, check=lambda error: error.code == "no_room"):
        await people.hub.directory.open(name)


async def test_a_room_of_others_costs_as_many_looks_at_the_database_as_none(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob", NONE)
    await people.hub.rooms.create(eva.member, "secret", invite_only=True)
    looks: list[object] = []
    put = people.storage._put  # type: ignore[attr-defined]
    monkeypatch.setattr(people.storage, "_put", lambda one: [looks.append(one), put(one)][1])
    counted = []
    for name in ("secret", "SECRET", "nothing"):
        looks.clear()
        with pytest.raises(Refused):
            await people.hub.directory.open_for(bob.member.id, name)
        counted.append(len(looks))
    assert counted == [1, 1, 1]
    assert (await people.hub.directory.open_for(eva.member.id, "secret")).roles == {eva.member.id: Role.OWNER}


async def test_a_room_that_was_closed_is_not_opened_by_a_row_of_before(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await people.hub.rooms.create(eva.member, "club", invite_only=True)
    rows = [row for row, _ in await people.storage.rooms_of(eva.member.id)]
    await people.hub.rooms.leave(eva.member, "club")
    assert await people.hub.directory.open_rows(rows) == []
    await people.hub.rooms.create(bob.member, "club")
    room = await people.hub.directory.open("club")
    assert room.roles == {bob.member.id: Role.OWNER}
