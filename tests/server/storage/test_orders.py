"""What the owner asks of a database: accounts, names, tokens, bans, and what was done, all or nothing."""

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import NotStored
from minechat.server.keys import keys_of
from minechat.server.storage import (
    AccountInfo,
    AccountRow,
    Ban,
    Candidate,
    Deed,
    Storage,
    asked,
    open_storage,
)

DEED = Deed(1000.5, "ban", "Brave Vasya", "for 2 h: flooding")
NOW = 1_795_354_215.25


def proof(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


def candidate(name: str) -> Candidate:
    epithet, _, nick = name.partition(" ")
    return Candidate(epithet, nick, name, keys_of(name) if nick else None)


async def register(storage: Storage, name: str) -> AccountRow:
    def only() -> Iterator[Candidate]:
        yield candidate(name)

    return await storage.add_account(only, proof(name))


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(
        f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None, clock=lambda: NOW
    ) as storage:
        yield storage


async def test_accounts_come_in_pages_with_what_they_said(storage: Storage) -> None:
    rows = [await register(storage, f"Brave {name}") for name in "abcde"]
    await asyncio.gather(
        *(storage.say(rows[at].id, "n", room, "x") for at in (1, 1, 3) for room in ("general", "random"))
    )
    pages = [await storage.accounts(0, 2), await storage.accounts(2, 2), await storage.accounts(4, 100)]
    assert [[(one.name, one.messages) for one in page] for page in pages] == [
        [("Brave a", 0), ("Brave b", 4)],
        [("Brave c", 0), ("Brave d", 2)],
        [("Brave e", 0)],
    ]
    assert pages[0][1] == AccountInfo(2, "Brave b", NOW, NOW, 4)
    assert pages[0][0].last_said_at is None
    assert await storage.accounts(5, 100) == []


async def test_listing_accounts_holds_nobody_up(storage: Storage, tmp_path: Path) -> None:
    """It has a connection of its own: another one that writes is never opened."""
    one = await register(storage, "Brave a")
    listed = [storage.accounts(0, 10) for _ in range(20)]
    said = [storage.say(one.id, "n", "general", "x") for _ in range(20)]
    pages, numbers = await asyncio.gather(asyncio.gather(*listed), asyncio.gather(*said))
    assert [one.seq for one in numbers] == list(range(1, 21))
    assert {page[0].name for page in pages} == {"Brave a"}


async def test_an_account_is_found_by_its_id_its_name_or_what_looks_like_it(storage: Storage) -> None:
    one = await register(storage, "Brave Vasya")
    nameless = await register(storage, "Calm ")
    assert await storage.account(one.id) == one
    assert await storage.account(99) is None
    assert await storage.account_by_name("Brave Vasya", keys_of("brave vasya").small) == one
    assert await storage.account_by_name("BRAVE VASYA", keys_of("brave vasya").small) == one
    assert await storage.account_by_name("Brave Vasya", "a key of other tables") == one
    assert await storage.account_by_name("Nobody", "nobody") is None
    assert await storage.account_by_name("Calm ", "calm") is None
    assert await storage.account(nameless.id) == nameless


async def test_a_new_token_ends_the_old_one(storage: Storage) -> None:
    one = await register(storage, "Brave Vasya")
    await storage.new_token(one.id, proof("new"), DEED)
    assert await storage.account_by_token(proof("new")) == one
    assert await storage.account_by_token(proof("Brave Vasya")) is None
    assert await storage.deeds(10) == [DEED]


async def test_a_new_token_ends_the_sessions_when_it_is_to(storage: Storage) -> None:
    one, other = await register(storage, "Brave Vasya"), await register(storage, "Able Basil")
    for whose, word in ((one, "a session"), (other, "another")):
        await storage.add_session(whose.id, proof(word), 20)
    await storage.new_token(one.id, proof("newer"), DEED)
    assert await storage.has_session(one.id)
    await storage.new_token(one.id, proof("newest"), DEED, ends_sessions=True)
    assert not await storage.has_session(one.id)
    assert await storage.has_session(other.id)
    assert await storage.account_by_token(proof("newest")) == one


async def test_a_new_name_is_taken_unless_another_has_it(storage: Storage) -> None:
    one = await register(storage, "Brave Vasya")
    await register(storage, "Able Basil")
    assert await storage.rename(one.id, candidate("ABLE BASIL"), DEED) is False
    assert await storage.deeds(10) == []
    assert await storage.rename(one.id, candidate("Brave VASYA"), DEED) is True
    assert await storage.account(one.id) == AccountRow(one.id, "Brave VASYA")
    assert await storage.account_by_token(proof("Brave Vasya")) == AccountRow(one.id, "Brave VASYA")
    assert await storage.deeds(10) == [DEED]


async def test_an_account_that_is_not_there_is_not_changed_and_no_deed_is_written(storage: Storage) -> None:
    for change in (
        storage.new_token(7, proof("new"), DEED),
        storage.rename(7, candidate("Brave Vasya"), DEED),
        storage.add_ban(Ban(7, None, None, "", NOW), DEED),
    ):
        with pytest.raises(NotStored):
            await change
    assert await storage.deeds(10) == []
    assert await storage.bans() == []


async def test_a_token_that_another_account_has_is_not_taken(storage: Storage) -> None:
    one = await register(storage, "Brave Vasya")
    await register(storage, "Able Basil")
    with pytest.raises(NotStored):
        await storage.new_token(one.id, proof("Able Basil"), DEED)
    assert await storage.deeds(10) == []


async def test_bans_are_kept_until_they_are_over_or_ended(storage: Storage) -> None:
    one = await register(storage, "Brave Vasya")
    over = Ban(None, "192.0.2.1", NOW - 0.5, "over", NOW - 60)
    source = Ban(None, "192.0.2.7", NOW + 60, "flooding", NOW)
    account = Ban(one.id, None, None, "", NOW)
    for ban in (over, source, account):
        await storage.add_ban(ban, DEED)
    assert await storage.bans() == [source, account]
    assert await storage.remove_ban(None, "192.0.2.7", DEED) is True
    assert await storage.remove_ban(None, "192.0.2.7", DEED) is False
    assert await storage.bans() == [account]
    assert await storage.remove_ban(one.id, None, DEED) is True
    assert await storage.bans() == []
    assert len(await storage.deeds(100)) == 5


async def test_a_later_ban_takes_the_place_of_an_earlier_one(storage: Storage) -> None:
    await storage.add_ban(Ban(None, "192.0.2.7", None, "first", NOW), DEED)
    later = Ban(None, "192.0.2.7", NOW + 5, "second", NOW)
    await storage.add_ban(later, DEED)
    assert await storage.bans() == [later]


async def test_a_ban_is_of_one_thing(storage: Storage) -> None:
    for ban in (Ban(None, None, None, "", NOW), Ban(1, "192.0.2.7", None, "", NOW)):
        with pytest.raises(ValueError, match="account or of a source"):
            await storage.add_ban(ban, DEED)


async def test_deeds_are_kept_exactly_the_newest_first(storage: Storage) -> None:
    deeds = [Deed(float(at), "announce", "", f"'; DROP TABLE deed; -- {at}\n") for at in range(5)]
    for deed in deeds:
        await storage.write_deed(deed)
    assert await storage.deeds(3) == deeds[:1:-1]
    assert await storage.deeds(100) == deeds[::-1]


async def test_what_is_done_and_its_deed_are_one_commit(storage: Storage, tmp_path: Path) -> None:
    one = await register(storage, "Brave Vasya")
    await storage.add_session(one.id, proof("a session"), 20)
    bad = Deed(1.0, "token", "lone \ud800 surrogate", "")
    for change in (
        storage.new_token(one.id, proof("new"), bad, ends_sessions=True),
        storage.rename(one.id, candidate("Able Basil"), bad),
        storage.add_ban(Ban(one.id, None, None, "", NOW), bad),
    ):
        with pytest.raises(Exception, match="Unicode"):
            await change
    assert await storage.account_by_token(proof("Brave Vasya")) == one
    assert await storage.has_session(one.id)
    assert await storage.bans() == []


async def test_a_listing_that_cannot_be_made_says_so(storage: Storage, tmp_path: Path) -> None:
    await register(storage, "Brave Vasya")
    with closing(sqlite3.connect(tmp_path / "a.db")) as other:
        other.execute("DROP TABLE message")
    with pytest.raises(NotStored, match="cannot be asked now"):
        await storage.accounts(0, 10)


#: So many that a look at all of them takes longer than between two questions whether to go on.
MANY = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO message (room_id, seq, account_id, text, said_at)
    SELECT room.id, i, 1, 'x', i FROM n, (SELECT id FROM room LIMIT 1) AS room
"""


async def test_a_listing_that_takes_too_long_is_told_in_our_words(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await register(storage, "Brave Vasya")
    with closing(sqlite3.connect(tmp_path / "a.db")) as other, other:
        other.execute(MANY)
    monkeypatch.setattr(asked, "LONGEST", 0.0)
    with pytest.raises(NotStored) as error:
        await storage.accounts(0, 10)
    assert str(error.value) == "the database cannot be asked now: it takes longer than 0 s"
