"""Looking at a database: everything there is to know, nothing changed."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from minechat.server.storage.inspection import Finding, Weight, inspect
from tests.server.storage.disks import small_disk
from tests.server.storage.test_backup import database, furnish, storage
from tests.server.storage.test_migrations import old_database


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/a.db"


def state(folder: Path) -> dict[str, tuple[bytes, float]]:
    return {one.name: (one.read_bytes(), one.stat().st_mtime) for one in folder.iterdir()}


def texts(found: list[Finding], weight: Weight) -> str:
    return "\n".join(one.text for one in found if one.weight is weight)


async def test_a_database_without_a_server_is_described_and_left_as_it_is(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
    before = state(tmp_path)
    found = inspect(url(tmp_path))
    assert state(tmp_path) == before
    good = texts(found, Weight.GOOD)
    assert "no server runs on it" in good
    assert "its schema is 3" in good
    assert "it is whole: 3 rooms, 1 account, 5 messages, 1 ban, 2 deeds, 1 session, 1 member" in good
    assert "free disk space" in good
    assert texts(found, Weight.BAD) == ""


async def test_a_server_is_found_and_not_disturbed(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
        good = texts(inspect(url(tmp_path)), Weight.GOOD)
        assert "\na server runs on it" in good and "5 message" in good
        one = await running.account(1)
        assert one is not None
        assert (await running.say(one.id, one.name, "general", "x")).seq == 4


async def test_what_a_killed_server_left_is_seen(tmp_path: Path) -> None:
    killed = tmp_path / "killed"
    killed.mkdir()
    async with storage(tmp_path) as running:
        await furnish(running, 5)
        for name in ("a.db", "a.db-wal"):
            (killed / name).write_bytes((tmp_path / name).read_bytes())
    before = state(killed)
    assert "5 message" in texts(inspect(url(killed)), Weight.GOOD)
    after = state(killed)
    after.pop("a.db-shm", None)
    assert after == before


def test_a_database_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    found = inspect(url(tmp_path))
    assert "the first start makes it" in texts(found, Weight.GOOD)
    assert texts(found, Weight.BAD) == ""
    assert list(tmp_path.iterdir()) == []


def test_an_older_schema_is_worth_knowing(tmp_path: Path) -> None:
    old_database(tmp_path / "a.db")
    found = inspect(url(tmp_path))
    assert "its schema is 1; the next start brings it to 3" in texts(found, Weight.NOTE)
    assert "12 message" in texts(found, Weight.GOOD)
    assert texts(found, Weight.BAD) == ""


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
        connection.execute("INSERT INTO schema_version VALUES (99)")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: path.write_bytes(b""), "it is empty"),
        (lambda path: path.write_bytes(b"garbage " * 1000), "file is not a database"),
        (lambda path: path.mkdir(), "it is a folder"),
        (lambda path: path.with_name("a.db-wal").write_bytes(b"log"), "it is gone, but its log"),
        (newer, "a newer minechat wrote it"),
    ],
)
def test_what_keeps_a_server_from_starting_is_bad(tmp_path: Path, make, reason: str) -> None:
    make(tmp_path / "a.db")
    assert reason in texts(inspect(url(tmp_path)), Weight.BAD)


async def test_damage_is_bad(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
    with open(database(tmp_path), "r+b") as file:
        file.seek(os.path.getsize(database(tmp_path)) - 4096)
        file.write(b"\xa5" * 64)
    assert "damaged" in (bad := texts(inspect(url(tmp_path)), Weight.BAD)) or "malformed" in bad


@pytest.mark.parametrize(
    "bad", ["postgresql://user:secret@host/db", "sqlite:///:memory:", "sqlite:////nowhere/a"]
)
def test_a_database_that_cannot_be_is_bad(bad: str) -> None:
    found = inspect(bad)
    assert texts(found, Weight.BAD)
    assert "secret" not in str(found)


@pytest.mark.needs("mount", "umount")
async def test_little_room_is_bad(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "2m"):
        assert "free disk space: " in texts(inspect(url(tmp_path / "disk")), Weight.BAD)
