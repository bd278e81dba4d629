"""Messages: stored once however often they are sent, numbered without a gap, read back in pages."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minechat.errors import NotStored, Refused
from minechat.server.keys import keys_of
from minechat.server.storage import Candidate, Deed, Stored
from minechat.server.storage.database import ensure_whole
from tests.server.storage.keeping import NOW, Home, home


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made


async def test_a_message_comes_back_with_all_that_is_known_of_it(house: Home) -> None:
    one, origin = await house.account("Anna"), object()
    said = await house.storage.say(one.id, "Anna", "general", "x", key="k", hidden=True, origin=origin)
    assert said == Stored("general", 1, "Anna", "x", one.id, NOW, "k", True)
    assert said.origin is origin and said.waited > 0
    assert house.heard == [said]
    assert await house.storage.history((await house.general()).id, most=9, reader_id=one.id) == [said]


async def test_a_key_that_comes_again_in_one_commit_is_stored_once(house: Home) -> None:
    one = await house.account("Anna")
    said = await asyncio.gather(
        *(house.storage.say(one.id, "Anna", "general", "x", key="k") for _ in range(50)),
        house.storage.say(one.id, "Anna", "general", "x"),
    )
    assert [message.seq for message in said] == [1] * 50 + [2]
    assert [message.seq for message in house.heard] == [1, 2]


async def test_a_key_that_comes_again_later_is_stored_once(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        one = await house.account("Anna")
        first = await house.storage.say(one.id, "Anna", "general", "x", key="k", hidden=True)
    async with home(tmp_path) as house:
        house.at += 60
        for hidden in (True, False):
            assert await house.storage.say(one.id, "Anna", "general", "x", key="k", hidden=hidden) == first
        assert house.heard == []
        assert (await house.storage.say(one.id, "Anna", "general", "y")).seq == 2


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize(("room", "text"), [("general", "y"), ("random", "x")])
async def test_a_key_of_another_message_is_refused(house: Home, room: str, text: str, apart: bool) -> None:
    one = await house.account("Anna")
    first = house.storage.say(one.id, "Anna", "general", "x", key="k")
    if apart:
        await first
    second = house.storage.say(one.id, "Anna", room, text, key="k")
    with pytest.raises(Refused) as caught:
        await second
    assert caught.value.code == "id_reused"
    assert house.heard == [await first]
    # Its neighbours are not harmed, and a refused one takes no number.
    assert (await house.storage.say(one.id, "Anna", "general", "z")).seq == 2


async def test_people_use_the_same_keys(house: Home) -> None:
    people = [await house.account(name) for name in ("Anna", "Boris")]
    said = [await house.storage.say(one.id, one.name, "general", "x", key="k") for one in people]
    assert [message.seq for message in said] == [1, 2]


async def test_a_room_that_nobody_made_takes_nothing(house: Home) -> None:
    one = await house.account("Anna")
    said = [house.storage.say(one.id, "Anna", room, "x") for room in ("general", "nowhere", "general")]
    results = await asyncio.gather(*said, return_exceptions=True)
    assert isinstance(results[1], NotStored)
    assert [message.seq for message in house.heard] == [1, 2]


Said = st.tuples(
    st.integers(0, 1),
    st.sampled_from(["general", "random"]),
    st.sampled_from("abc"),
    st.none() | st.sampled_from("kl"),
)


@given(batches=st.lists(st.lists(Said, max_size=8), max_size=4), broken=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_how_often_it_is_kept_once_and_numbered(
    tmp_path_factory: pytest.TempPathFactory,
    batches: list[list[tuple[int, str, str, str | None]]],
    broken: bool,
) -> None:
    asyncio.run(say_all(tmp_path_factory.mktemp("said"), batches, broken=broken))


async def say_all(
    folder: Path, batches: list[list[tuple[int, str, str, str | None]]], *, broken: bool
) -> None:
    """Against a dictionary. ``broken``: each batch holds one that cannot be done: all go one by one."""
    expected: list[tuple[int, str, str]] = []
    known: dict[tuple[int, str], tuple[str, str]] = {}
    async with home(folder) as house:
        people = [await house.account(name) for name in ("Anna", "Boris")]
        for batch in batches:
            said = [
                house.storage.say(people[who].id, people[who].name, room, text, key=key)
                for who, room, text, key in batch
            ]
            if broken:
                said.append(house.storage.say(99, "nobody", "general", "x"))
            await asyncio.gather(*said, return_exceptions=True)
            for (who, room, text, key), future in zip(batch, said, strict=False):
                before = known.get((who, key)) if key is not None else None
                if before is None:
                    expected.append((who, room, text))
                    known[who, key or ""] = (room, text)
                assert (future.exception() is None) is (before in (None, (room, text)))
        assert [(people[0].id != one.account_id, one.room, one.text) for one in house.heard] == expected
    with closing(sqlite3.connect(folder / "a.db")) as connection:
        ensure_whole(connection)


async def test_history_is_read_in_both_directions_and_shows_hidden_ones_to_their_author(house: Home) -> None:
    anna, boris = [await house.account(name) for name in ("Anna", "Boris")]
    for number in range(1, 21):
        await house.say(anna, "general", str(number), hidden=number % 5 == 0)
    room = (await house.general()).id

    async def seqs(**asked: int | None) -> list[int]:
        return [one.seq for one in await house.storage.history(room, **asked)]

    assert await seqs(most=3) == [17, 18, 19]
    assert await seqs(most=3, reader_id=boris.id) == [17, 18, 19]
    assert await seqs(most=3, reader_id=anna.id) == [18, 19, 20]
    assert await seqs(most=3, before=6) == [2, 3, 4]
    assert await seqs(most=3, before=6, reader_id=anna.id) == [3, 4, 5]
    assert await seqs(most=3, after=4) == [6, 7, 8]
    assert await seqs(most=3, after=4, before=7, reader_id=anna.id) == [5, 6]
    assert await seqs(most=100, after=-(1 << 90), before=1 << 90, reader_id=anna.id) == list(range(1, 21))
    assert await seqs(most=-1) == await seqs(most=5, before=-7) == await seqs(most=5, after=1 << 90) == []
    assert (await house.general()).last == 20


async def test_names_of_history_are_those_of_today(house: Home) -> None:
    anna = await house.account("Anna")
    await house.say(anna, "general", "x")
    await house.storage.rename(
        anna.id, Candidate("", "Ann", "Ann", keys_of("Ann")), Deed(NOW, "rename", "Anna", "")
    )
    (said,) = await house.storage.history((await house.general()).id, most=1)
    assert said == replace(house.heard[0], nick="Ann")


async def test_a_hundred_thousand_messages_are_paged_each_once(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        await house.account("Anna")
        await house.account("Boris")
    chance = random.Random(1)
    hidden = {seq for seq in range(1, 100_001) if chance.random() < 0.1}
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection, connection:
        rows = ((1, seq, 1 + seq % 2, str(seq), seq, seq in hidden) for seq in range(1, 100_001))
        connection.executemany(
            "INSERT INTO message (room_id, seq, account_id, text, said_at, hidden) VALUES (?, ?, ?, ?, ?, ?)",
            rows,
        )
    expected = [seq for seq in range(1, 100_001) if seq not in hidden or seq % 2 == 0]
    async with home(tmp_path) as house:
        forth: list[int] = []
        while page := await house.storage.history(1, after=forth[-1] if forth else 0, most=100, reader_id=1):
            forth += [one.seq for one in page]
        back: list[int] = []
        while page := await house.storage.history(
            1, before=back[-1] if back else None, most=100, reader_id=1
        ):
            back += [one.seq for one in reversed(page)]
        assert forth == back[::-1] == expected
