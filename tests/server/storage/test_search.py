"""Search over a whole storage: own rooms only, newest first, each once; whatever becomes of the index."""

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from minechat.errors import Refused
from minechat.server.storage import AccountRow, Stored, search, search_index, search_statements, searcher
from minechat.server.storage.words import holds, words
from tests.server.storage.keeping import NOW, Home, home
from tests.server.storage.test_words import HOSTILE

#: In the place of the statement that finds.
ENDLESS = """WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
    SELECT i, i, i FROM n WHERE i + ? + ? + ? + ? + ? < 0"""
ALWAYS = ("general", "random", "tech")


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made


async def find(
    house: Home, query: str, rooms: tuple[str, ...] = ALWAYS, who: AccountRow | None = None
) -> list[Stored]:
    """Every message that is found, page by page."""
    found: list[Stored] = []
    before: str | None = None
    while True:
        page, before = await house.storage.search(rooms, query, before, 7, who and who.id)
        found += page
        if before is None:
            return found
        assert len(page) <= 7


def texts(found: list[Stored]) -> list[str]:
    return [one.text for one in found]


async def test_a_message_is_found_as_soon_as_it_is_stored(house: Home) -> None:
    anna = await house.account("Anna")
    for number in range(3):
        (said,) = await house.say(anna, "general", f"Привет, мир {number}!")
        assert (await find(house, "мир прив"))[0] == said
    assert await find(house, "привета") == []


async def test_what_is_found_is_what_a_plain_look_finds_newest_first_each_once(house: Home) -> None:
    chance = random.Random(1)
    anna = await house.account("Anna")
    vocabulary = ["ёлка", "елена", "Fox", "fog", "x", "y_z", "漢字"]
    for _ in range(30):
        house.at += chance.choice((0, 0, 1, -5))
        batch = [(chance.choice(ALWAYS), " ".join(chance.choices(vocabulary, k=3))) for _ in range(20)]
        await asyncio.gather(*(house.storage.say(anna.id, "Anna", room, text) for room, text in batch))
    for query in ("е", "елк", "fo x", "FOX Ё", "y_", "漢", "fox fog x y_z"):
        for rooms in (ALWAYS, ("random",), ("tech", "nowhere")):
            found = await find(house, query, rooms)
            expected = [one for one in house.heard if one.room in rooms and holds(one.text, words(query))]
            assert sorted(found, key=place) == sorted(expected, key=place)
            assert [one.said_at for one in found] == sorted((one.said_at for one in expected), reverse=True)
            for room in rooms:
                seqs = [(one.said_at, one.seq) for one in found if one.room == room]
                assert seqs == sorted(seqs, reverse=True)


def place(message: Stored) -> tuple[str, int]:
    return message.room, message.seq


async def test_a_page_goes_on_where_the_last_one_ended_whatever_comes_meanwhile(house: Home) -> None:
    anna = await house.account("Anna")
    await house.say(anna, "general", *(f"x {n}" for n in range(20)))
    first, before = await house.storage.search(ALWAYS, "x", None, 5, None)
    house.at += 1
    await house.say(anna, "general", "x new")
    second, _ = await house.storage.search(ALWAYS, "x", before, 5, None)
    assert texts([*first, *second]) == [f"x {n}" for n in range(19, 9, -1)]


async def test_a_page_fits_in_a_frame(house: Home) -> None:
    anna = await house.account("Anna")
    await house.say(anna, "general", *(f"x {char * 4000}" for char in "y\x01я\U0001f600" * 20))
    page, before = await house.storage.search(ALWAYS, "x", None, 1000, None)
    assert before is not None
    assert 8000 < len(json.dumps(texts(list(page)), ensure_ascii=False).encode()) < 64 << 10
    assert len(await find(house, "x")) == 80


async def test_other_rooms_and_hidden_messages_are_never_found(house: Home) -> None:
    anna, boris, eva = [await house.account(name) for name in ("Anna", "Boris", "Eva")]
    ours = (await house.storage.conversation(anna.id, boris.id)).name
    theirs = (await house.storage.conversation(boris.id, eva.id)).name
    for room in ("general", ours, theirs):
        await house.say(boris, room, "secret", f"secret {room}")
        await house.say(boris, room, "secret and hidden", hidden=True)
    assert {one.room for one in await find(house, "secret", ("general", ours), anna)} == {"general", ours}
    for who in (anna, None):
        assert await find(house, "hidden", ("general", ours), who) == []
    assert len(await find(house, "hidden", ("general", ours), boris)) == 2
    assert await find(house, "secret", (), anna) == []


async def test_in_many_rooms_at_once(house: Home) -> None:
    anna = await house.account("Anna")
    others = [await house.account(f"P{n}") for n in range(search_index.FEW + 5)]
    rooms = [(await house.storage.conversation(anna.id, one.id)).name for one in others]
    for room in rooms:
        await house.say(anna, room, "x")
    assert {one.room for one in await find(house, "x", tuple(rooms))} == set(rooms)
    assert {one.room for one in await find(house, "x", tuple(rooms[1:]))} == set(rooms[1:])


@pytest.mark.parametrize("query", HOSTILE)
async def test_a_hostile_query_finds_or_is_empty(house: Home, query: str) -> None:
    anna = await house.account("Anna")
    text = query.replace("\ud800", "")[:4000]
    await house.say(anna, "general", text)
    if words(query):
        assert texts(await find(house, query)) == [text]
    else:
        with pytest.raises(Refused) as caught:
            await find(house, query)
        assert caught.value.code == "empty"


@pytest.mark.parametrize("before", ["", "x", "-1", "1.5", "9" * 30, "٣", "1\n"])
async def test_a_page_that_never_was_is_refused(house: Home, before: str) -> None:
    with pytest.raises(Refused) as caught:
        await house.storage.search(ALWAYS, "x", before, 5, None)
    assert caught.value.code == "bad_frame"
    assert await house.storage.search(ALWAYS, "x", "9" * 19, -5, None) == ([], None)


def index_of(folder: Path) -> Path:
    return folder / "a.db.search"


async def indexed(folder: Path, *said: str) -> AccountRow:
    """A database whose messages are indexed, and no server on it."""
    async with home(folder) as house:
        anna = await house.account("Anna")
        await house.say(anna, "general", *said)
        assert len(await find(house, "x")) == len(said)
    return anna


async def test_the_index_is_private_and_is_read_by_the_next_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = os.umask(0)
    try:
        await indexed(tmp_path, "x 1", "x 2")
        files = list(tmp_path.glob("a.db.search*"))
        assert files
        assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    finally:
        os.umask(old)
    index_of(tmp_path).chmod(0o644)
    monkeypatch.setattr(search_statements, "GET_PAGE", "no statement")
    async with home(tmp_path) as house:
        assert texts(await find(house, "x")) == ["x 2", "x 1"]
        assert index_of(tmp_path).stat().st_mode & 0o777 == 0o600


def gone(path: Path) -> None:
    path.unlink()


def empty(path: Path) -> None:
    path.write_bytes(b"")


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 1000)


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flipped(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for page in range(1, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xa5" * 64
    path.write_bytes(data)


def other_rule(path: Path) -> None:
    change(path, "UPDATE rule SET name = '0'")


def other_schema(path: Path) -> None:
    change(path, "DROP TABLE place")


def lying(path: Path) -> None:
    change(path, "UPDATE place SET seq = 3 - seq")


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(sql)


@pytest.mark.parametrize("harm", [gone, empty, garbage, cut, flipped, other_rule, other_schema, lying])
async def test_an_index_that_is_damaged_or_gone_is_made_again(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    anna = await indexed(tmp_path, "x 1", "x y 2")
    harm(index_of(tmp_path))
    async with home(tmp_path) as house:
        assert texts(await find(house, "y")) == ["x y 2"]
        await house.say(anna, "general", "x 3")
        assert texts(await find(house, "x")) == ["x 3", "x y 2", "x 1"]


async def test_the_index_of_another_database_is_made_again(tmp_path: Path) -> None:
    """As when a backup was restored beside it, and other messages came since."""
    (tmp_path / "other").mkdir()
    await indexed(tmp_path / "other", "x 1", "x 2", "x 3")
    await indexed(tmp_path, "x 1", "x two")
    index_of(tmp_path).write_bytes(index_of(tmp_path / "other").read_bytes())
    async with home(tmp_path) as house:
        assert texts(await find(house, "two")) == ["x two"]


async def test_a_place_that_cannot_hold_an_index_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    index_of(tmp_path).symlink_to(tmp_path / "elsewhere")
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        for _ in range(3):
            await house.say(anna, "general", "x")
            with pytest.raises(Refused) as caught:
                await find(house, "x")
            assert (caught.value.code, caught.value.retry_after is not None) == ("busy", True)
        assert (tmp_path / "elsewhere").read_bytes() == b""


async def test_an_index_that_breaks_again_and_again_is_let_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_statements, "FIND", "SELECT * FROM nowhere WHERE ?")
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        await house.say(anna, "general", "x")
        for _ in range(5):
            with pytest.raises(Refused) as caught:
                await find(house, "x")
            assert caught.value.code == "busy"
        assert (await house.say(anna, "general", "y"))[0].seq == 2


async def test_on_a_disk_with_little_room_nothing_is_indexed_and_what_is_can_be_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = await indexed(tmp_path, "x 1")
    async with home(tmp_path) as house:
        monkeypatch.setattr(search_index, "LITTLE", 1 << 60)
        assert texts(await find(house, "x")) == ["x 1"]
        await house.say(anna, "general", "x 2")
        with pytest.raises(Refused) as caught:
            await find(house, "x")
        assert caught.value.code == "busy"
        monkeypatch.setattr(search_index, "LITTLE", 0)
        assert texts(await find(house, "x")) == ["x 2", "x 1"]


async def test_it_is_indexed_in_the_background_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "DELAY", 0.01)
    monkeypatch.setattr(searcher, "FEW", 3)
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        for _ in range(2):
            await house.say(anna, "general", *(["x"] * 10))
            async with asyncio.timeout(10):
                while await asyncio.to_thread(ends, tmp_path) != len(house.heard):
                    await asyncio.sleep(0.01)
    monkeypatch.setattr(search_statements, "GET_PAGE", "no statement")
    async with home(tmp_path) as house:
        assert len(await find(house, "x")) == 20


async def test_whoever_indexed_all_that_was_said_is_done_in_every_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or the thread would look again at once, and index a lively chat message by message."""
    monkeypatch.setattr(search, "DELAY", 1e6)
    monkeypatch.setattr(searcher, "FEW", 3)
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        await house.say(anna, "general", *(["x"] * 5))
        await house.say(anna, "random", "x")
    with closing(searcher.Searcher(str(tmp_path / "a.db"))) as one:
        assert [one.index_some() for _ in range(4)] == [False, False, True, True]
    assert ends(tmp_path) == 5


def ends(folder: Path) -> int:
    """How many messages of the first room are indexed, from a copy: a server holds the file."""
    copy = folder / "copy"
    for end in ("", "-wal"):
        source = Path(f"{index_of(folder)}{end}")
        Path(f"{copy}{end}").write_bytes(source.read_bytes() if source.exists() else b"")
    try:
        with closing(sqlite3.connect(copy)) as connection:
            return connection.execute("SELECT max(seq) FROM indexed").fetchone()[0] or 0
    except sqlite3.Error:
        return -1
    finally:
        Path(f"{copy}-shm").unlink(missing_ok=True)


async def test_a_bug_in_the_background_stops_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(search, "DELAY", 0.01)
    monkeypatch.setattr(searcher.Searcher, "index_some", broken)
    async with home(tmp_path) as house:
        with pytest.raises(ZeroDivisionError):
            async with asyncio.timeout(5):
                await house.storage.broken()


async def test_a_bug_that_a_query_meets_is_for_whoever_asked(
    house: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(searcher.Searcher, "_find", broken)
    with pytest.raises(ZeroDivisionError):
        await find(house, "x")
    monkeypatch.undo()
    assert await find(house, "x") == []


async def test_too_many_queries_are_told_to_come_again_and_late_ones_are_not_begun(
    house: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, begun = threading.Event(), []

    def slow(self: object, query: searcher.Query) -> tuple[list[Stored], None]:
        begun.append(query)
        go_on.wait(10)
        return [], None

    monkeypatch.setattr(searcher.Searcher, "find", slow)
    asked = [asyncio.create_task(find(house, "x")) for _ in range(search.QUEUE_LIMIT)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await find(house, "x")
    assert caught.value.code == "busy"
    for one in asked[1:]:
        one.cancel()
    await asyncio.gather(*asked[1:], return_exceptions=True)
    with pytest.raises(Refused):
        await find(house, "x")  # they wait for the thread still
    go_on.set()
    assert await asked[0] == []
    assert await find(house, "x") == []
    assert len(begun) == 2


async def test_a_query_that_takes_too_long_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await indexed(tmp_path, "x")
    monkeypatch.setattr(search, "LONGEST", 0.3)
    async with home(tmp_path) as house:
        assert len(await find(house, "x")) == 1
        monkeypatch.setattr(search_statements, "FIND", ENDLESS)
        began = time.monotonic()
        with pytest.raises(Refused) as caught:
            await find(house, "x")
        assert caught.value.code == "busy"
        assert time.monotonic() - began < 3
        monkeypatch.undo()
        assert len(await find(house, "x")) == 1


async def test_closing_does_not_wait_for_a_query(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_statements, "FIND", ENDLESS)
    before = threading.enumerate()
    async with home(tmp_path) as house:
        asked = asyncio.create_task(find(house, "x"))
        await asyncio.sleep(0.05)
        began = time.monotonic()
    assert time.monotonic() - began < 2
    with pytest.raises(Refused):
        await asked
    assert threading.enumerate() == before
    with pytest.raises(Refused) as caught:
        await house.storage.search(ALWAYS, "x", None, 5, None)
    assert caught.value.code == "stopping"


async def test_the_database_is_only_read_by_it(tmp_path: Path) -> None:
    """While another program holds the database, nothing can be posted and all can be searched."""
    async with home(tmp_path) as house:
        anna = await house.account("Anna")
        await house.say(anna, "general", "x")
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            assert texts(await find(house, "x")) == ["x"]


def test_a_number_of_an_entry_has_room_for_many_messages_of_one_moment() -> None:
    assert search_index._TIMES / 1000 > NOW + 80 * 365 * 86400


SEARCHES = """
import asyncio, sys
from pathlib import Path
from minechat.server.keys import keys_of
from tests.server.storage.keeping import home
keys_of("its tables take a while")
async def main():
    async with home(Path(sys.argv[1])) as house:
        print("ready", flush=True)
        while True:
            await house.say(await house.account("Anna"), "general", *["x y"] * 500)
            await house.storage.search(("general",), "y", None, 1, None)
asyncio.run(main())
"""


async def test_killed_at_any_moment_it_finds_everything_at_the_next_start(tmp_path: Path) -> None:
    chance = random.Random(1)
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", SEARCHES, tmp_path], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None and process.stdout.readline() == b"ready\n"
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.05, 0.2))
            process.kill()
        async with home(tmp_path) as house:
            last = (await house.general()).last
            page, _ = await house.storage.search(("general",), "y", None, 50, None)
            assert [one.seq for one in page] == list(range(last, last - 50, -1))[: last and 50]
    with closing(sqlite3.connect(index_of(tmp_path))) as connection:
        places = connection.execute("SELECT count(*), max(seq) FROM place").fetchone()
        assert (
            places == connection.execute("SELECT max(seq), max(seq) FROM indexed").fetchone() == (last, last)
        )
