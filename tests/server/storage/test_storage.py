"""What every storage promises, tried on each engine there is."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable, InvalidInput, NotStored
from minechat.server.keys import keys_of
from minechat.server.storage import Candidate, Storage, Stored, open_storage

Open = Callable[..., AbstractAsyncContextManager[Storage]]


def one(name: str, key: str | None = None) -> Callable[[], Iterator[Candidate]]:
    return lambda: iter([Candidate("Able", name, f"Able {name}", key and keys_of(key))])


def proof(word: str) -> bytes:
    return hashlib.sha256(word.encode()).digest()


@pytest.fixture
def heard() -> list[Stored]:
    return []


@pytest.fixture
def reopen(tmp_path: Path, heard: list[Stored]) -> Open:
    def reopen(**options: object) -> AbstractAsyncContextManager[Storage]:
        return open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=heard.extend, **options)

    return reopen


@pytest.fixture
async def storage(reopen: Open) -> AsyncIterator[Storage]:
    async with reopen() as storage:
        yield storage


@pytest.fixture
async def author(storage: Storage) -> int:
    return (await storage.add_account(one("Poster"), proof("author"))).id


async def test_messages_are_numbered_without_a_gap_in_each_room(storage: Storage, author: int) -> None:
    chance = random.Random(1)
    names = ("general", "random", "tech")
    rooms = [chance.choice(names) for _ in range(300)]
    said = await asyncio.gather(*(storage.say(author, "Able Poster", room, "x") for room in rooms))
    for room in names:
        mine = [one.seq for one in said if one.room == room]
        assert mine == list(range(1, len(mine) + 1))


async def test_numbers_go_on_after_a_restart(reopen: Open) -> None:
    for expected in (1, 2, 3):
        async with reopen() as storage:
            author = await storage.add_account(one("Poster"), proof("author"))
            assert (await storage.say(author.id, author.name, "general", "x")).seq == expected


async def test_authors_are_told_of_a_commit_before_its_readers_hear(tmp_path: Path) -> None:
    heard: list[Stored] = []
    known_when_heard: list[bool] = []

    def hear(batch: Sequence[Stored]) -> None:
        heard.extend(batch)
        known_when_heard.extend(said[stored.seq - 1].done() for stored in batch)

    said: list[asyncio.Future[Stored]] = []
    known: list[Stored] = []
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=hear) as storage:
        author = await storage.add_account(one("Poster"), proof("author"))
        for number in range(50):
            said.append(storage.say(author.id, author.name, "general", str(number)))
            said[-1].add_done_callback(lambda future: known.append(future.result()))
        await asyncio.gather(*said)
    assert known_when_heard == [True] * 50
    assert known == heard
    assert [one.text for one in heard] == [str(n) for n in range(50)]
    first = heard[0]
    assert first == Stored("general", 1, "Able Poster", "0", author.id, first.said_at)


async def test_a_text_is_kept_exactly(storage: Storage, author: int, heard: list[Stored]) -> None:
    texts = ["a\nb", "'; DROP TABLE message; --", "привет\t👋🏽", " ", "%s {0} ?", "\x1b[31m", "\N{BOM}"]
    await asyncio.gather(*(storage.say(author, "n", "general", text) for text in texts))
    assert [stored.text for stored in heard] == texts


async def test_a_message_that_cannot_be_stored_hurts_nobody_else(
    storage: Storage, author: int, heard: list[Stored]
) -> None:
    said = [
        storage.say(author, "n", "general", "first"),
        storage.say(author, "n", "general", "lone \ud800 surrogate"),
        storage.say(author + 1000, "nobody", "general", "who am I"),
        storage.say(author, "n", "\udfff", "nowhere"),
        storage.say(1 << 80, "n", "general", "too large a number"),
        storage.say(author, "n", "general", "last"),
    ]
    first, lone, nobody, nowhere, large, last = await asyncio.gather(*said, return_exceptions=True)
    assert (first.seq, last.seq) == (1, 2)
    assert isinstance(lone, InvalidInput) and isinstance(nowhere, InvalidInput)
    assert isinstance(nobody, NotStored) and isinstance(large, OverflowError)
    assert [stored.text for stored in heard] == ["first", "last"]


async def test_a_cancelled_wait_takes_nothing_back(
    storage: Storage, author: int, heard: list[Stored]
) -> None:
    trouble: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: trouble.append(context))
    gone = storage.say(author, "n", "general", "gone")
    gone.cancel()
    assert (await storage.say(author, "n", "general", "here")).seq == 2
    assert [stored.text for stored in heard] == ["gone", "here"]
    assert trouble == []


async def test_what_is_over_the_limit_of_the_queue_is_refused_at_once(reopen: Open) -> None:
    async with reopen(queue_limit=10) as storage:
        author = (await storage.add_account(one("Poster"), proof("author"))).id
        # No turn of the loop in between: nothing can have been answered yet.
        said = [storage.say(author, "n", "general", "x") for _ in range(13)]
        assert [future.done() for future in said] == [False] * 10 + [True] * 3
        results = await asyncio.gather(*said, return_exceptions=True)
        assert [one.seq for one in results[:10]] == list(range(1, 11))
        assert [str(result) for result in results[10:]] == ["the server is too busy"] * 3
        assert (await storage.say(author, "n", "general", "x")).seq == 11


async def test_closing_stores_what_is_queued(reopen: Open, heard: list[Stored]) -> None:
    async with reopen() as storage:
        author = (await storage.add_account(one("Poster"), proof("author"))).id
        said = [storage.say(author, "n", "general", "x") for _ in range(100)]
    assert [future.result().seq for future in said] == list(range(1, 101))
    late = storage.say(author, "n", "general", "late")
    with pytest.raises(NotStored, match="stopping"):
        await late
    assert len(heard) == 100


async def test_an_account_is_known_by_its_token_after_a_restart(reopen: Open) -> None:
    async with reopen() as storage:
        row = await storage.add_account(one("Вася", "k"), proof("secret"))
    async with reopen() as storage:
        assert await storage.account_by_token(proof("secret")) == row
        assert row.name == "Able Вася"
        assert await storage.account_by_token(proof("another")) is None


async def test_the_first_free_name_is_taken(storage: Storage) -> None:
    def candidates() -> Iterator[Candidate]:
        for number in range(200):
            yield Candidate("Able", "x", f"Able {number}", keys_of(f"key {number}"))

    rows = await asyncio.gather(*(storage.add_account(candidates, proof(str(n))) for n in range(100)))
    assert {row.name for row in rows} == {f"Able {number}" for number in range(100)}
    assert len({row.id for row in rows}) == 100


async def test_accounts_without_a_key_may_share_a_name(storage: Storage) -> None:
    rows = await asyncio.gather(*(storage.add_account(one(""), proof(str(n))) for n in range(5)))
    assert len({row.id for row in rows}) == 5


async def test_one_token_never_makes_two_accounts(storage: Storage) -> None:
    rows = await asyncio.gather(*(storage.add_account(one(""), proof("same")) for _ in range(5)))
    assert len({row.id for row in rows}) == 1


async def test_when_every_name_is_taken_nothing_is_stored(storage: Storage) -> None:
    await storage.add_account(one("x", "key"), proof("1"))
    with pytest.raises(NotStored):
        await storage.add_account(one("x", "key"), proof("2"))
    assert await storage.account_by_token(proof("2")) is None


@pytest.mark.parametrize(
    "url", ["", "minechat.db", "postgresql://user:secret@host/db", "sqlite://", "sqlite:///", "mysql:///x"]
)
async def test_an_unknown_kind_of_database_is_refused_without_showing_its_password(url: str) -> None:
    with pytest.raises(DatabaseUnusable) as caught:
        async with open_storage(url, on_committed=lambda _: None):
            pass
    assert "sqlite:///FILE" in str(caught.value)
    assert "secret" not in str(caught.value)


async def test_a_relative_path_is_relative(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with open_storage("sqlite:///here.db", on_committed=lambda _: None):
        assert (tmp_path / "here.db").exists()
