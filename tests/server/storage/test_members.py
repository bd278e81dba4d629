"""Accounts with a password: one of each name, sessions that end with it, and whom they block."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import NotStored
from minechat.server.keys import keys_of
from minechat.server.storage import AccountRow, Candidate, Deed, LoginRow
from tests.server.storage.keeping import Home, home
from tests.server.storage.test_orders import proof

ANNA = Candidate("", "Anna", "Anna", keys_of("Anna"))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made


@pytest.fixture
async def anna(house: Home) -> AccountRow:
    made = await house.storage.add_member_account(ANNA, proof("anna"), "a hash")
    assert made is not None
    return made


async def test_of_a_hundred_that_take_a_name_at_once_one_gets_it(house: Home) -> None:
    for number in range(5):
        name = Candidate("", f"Anna{number}", f"Anna{number}", keys_of(f"anna{number}"))
        made = await asyncio.gather(
            *(house.storage.add_member_account(name, proof(f"{number} {n}"), str(n)) for n in range(100))
        )
        (winner,) = [at for at, one in enumerate(made) if one is not None]
        login = await house.storage.login(keys_of(name.name).small)
        assert login == LoginRow(made[winner].id, name.name, str(winner))
        assert await house.storage.account_by_token(proof(f"{number} {winner}")) == made[winner]


async def test_a_name_of_port_5050_is_taken_too(house: Home) -> None:
    one = await house.account("Anna")
    assert await house.storage.add_member_account(ANNA, proof("x"), "a hash") is None
    assert await house.storage.login("anna") == LoginRow(one.id, "Anna", None)
    with pytest.raises(ValueError, match="its name alone"):
        await house.storage.add_member_account(Candidate("", "", "", None), proof("y"), "a hash")


async def test_an_account_is_found_by_its_key_its_name_or_its_id(house: Home, anna: AccountRow) -> None:
    expected = LoginRow(anna.id, "Anna", "a hash")
    assert await house.storage.login("anna") == expected
    assert await house.storage.login_by_id(expected.id) == expected
    assert await house.storage.login_by_id(anna.id) == expected
    assert await house.storage.login("boris") is None
    assert await house.storage.login_by_id(99) is None
    assert "a hash" not in repr(expected)


async def test_a_new_password_ends_all_sessions_but_one(house: Home, anna: AccountRow) -> None:
    boris = await house.account("Boris")
    for word in ("a", "b", "c"):
        await house.storage.add_session(anna.id, proof(word), 20)
    await house.storage.add_session(boris.id, proof("d"), 20)
    deed = Deed(1.0, "password", "Anna", "")
    assert not await house.storage.set_password(anna.id, "another hash", "new", proof("b"), deed)
    assert not await house.storage.set_password(99, None, "new", None, deed)
    assert await house.storage.account_by_session(proof("a")) == anna
    assert await house.storage.set_password(anna.id, "a hash", "new", proof("b"), deed)
    known = [await house.storage.account_by_session(proof(word)) for word in "abcd"]
    assert known == [None, anna, None, boris]
    assert await house.storage.login_by_id(anna.id) == LoginRow(anna.id, "Anna", "new")
    assert await house.storage.set_password(anna.id, "new", "newer", None, None)
    assert not await house.storage.has_session(anna.id)
    assert await house.storage.deeds(9) == [deed]


async def test_a_first_password_is_set_where_there_is_none(house: Home) -> None:
    boris = await house.account("Boris")
    results = await asyncio.gather(
        *(house.storage.set_password(boris.id, None, str(n), None, None) for n in range(20))
    )
    assert sum(results) == 1


async def test_the_same_password_is_hashed_anew_and_no_session_ends(house: Home, anna: AccountRow) -> None:
    await house.storage.add_session(anna.id, proof("a"), 20)
    assert await house.storage.rehash(anna.id, "a hash", "a stronger one")
    assert not await house.storage.rehash(anna.id, "a hash", "a third")
    assert await house.storage.has_session(anna.id)
    assert await house.storage.login_by_id(anna.id) == LoginRow(anna.id, "Anna", "a stronger one")


async def test_the_oldest_sessions_are_forgotten(house: Home, anna: AccountRow) -> None:
    for number in range(7):
        await house.storage.add_session(anna.id, proof(str(number)), 3)
    known = [await house.storage.account_by_session(proof(str(number))) for number in range(7)]
    assert known == [None] * 4 + [anna] * 3


async def test_sessions_end_one_by_one_or_all(tmp_path: Path) -> None:
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        for word in ("a", "b", "c"):
            await house.storage.add_session(anna.id, proof(word), 20)
        await house.storage.remove_session(proof("a"))
        await house.storage.remove_session(proof("nobody's"))
    async with home(tmp_path) as house:
        assert [await house.storage.account_by_session(proof(word)) for word in "abc"] == [None, anna, anna]
        await house.storage.remove_sessions(anna.id)
        assert not await house.storage.has_session(anna.id)
        with pytest.raises(NotStored):
            await house.storage.add_session(99, proof("x"), 20)


async def test_a_block_holds_one_way_until_it_is_taken_back(house: Home, anna: AccountRow) -> None:
    boris = await house.account("Boris")
    for _ in range(2):
        await house.storage.set_block(anna.id, boris.id, True)
    assert (await house.storage.blocked(anna.id), await house.storage.blocked(boris.id)) == (
        {boris.id},
        set(),
    )
    for _ in range(2):
        await house.storage.set_block(anna.id, boris.id, False)
    assert await house.storage.blocked(anna.id) == set()
    with pytest.raises(NotStored):
        await house.storage.set_block(anna.id, 99, True)


async def test_what_asks_by_a_hash_or_a_name_uses_an_index(tmp_path: Path) -> None:
    from minechat.server.storage import statements

    async with home(tmp_path):
        pass
    asked = {
        statements.GET_ACCOUNT_BY_SESSION: 1,
        statements.HAS_SESSION: 1,
        statements.LOGIN_BY_KEY: 1,
        statements.GET_KEYED: 2,
        statements.GET_ROOM_BY_KEY: 1,
        statements.GET_ROOM_BY_NAME: 1,
        statements.LIST_ROOMS: 3,
        statements.ROOMS_OF: 1,
        statements.GET_DEEDS: 3,
        statements.CONVERSATIONS: 2,
        statements.OWN_CONVERSATIONS: 4,
        statements.MESSAGES_AFTER: 5,
        statements.MESSAGES_BEFORE: 4,
    }
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        for sql, values in asked.items():
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [None] * values)]
            assert [step for step in plan if step.startswith("SCAN")] == [], (sql, plan)
