"""Restoring: only what is whole, only where nothing is, and exactly what was backed up."""

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from minechat.errors import BackupUnusable, DatabaseUnusable
from minechat.server.storage import manifest, migrations, open_storage
from minechat.server.storage import restore as restoring
from minechat.server.storage.backup import back_up
from minechat.server.storage.restore import restore
from tests.server.storage.disks import small_disk
from tests.server.storage.test_backup import database, furnish, say_much, storage
from tests.server.storage.test_migrations import content, old_database, schema
from tests.server.storage.test_orders import proof


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    """A backup of a database with 250 messages, in a folder of its own."""
    source = tmp_path / "source"
    source.mkdir()
    async with storage(source) as running:
        await furnish(running)
    say_much(source, 200)
    back_up(database(source), str(tmp_path / "backup"))
    return tmp_path / "backup"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An empty folder for the database."""
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def fails(backup: Path, path: Path, *, verify: bool = False) -> str:
    """The one line with which it is refused."""
    with pytest.raises((BackupUnusable, DatabaseUnusable)) as caught:
        restore(str(backup), str(path), verify=verify)
    assert str(caught.value).isprintable()
    return str(caught.value)


def change(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(sql)


@pytest.mark.parametrize("verify", [False, True])
async def test_a_server_goes_on_where_the_backup_was_made(backup: Path, place: Path, verify: bool) -> None:
    before = backup.read_bytes()
    found = restore(str(backup), str(place / "a.db"), verify=verify)
    assert next(one.rows for one in found if one.table == "message") == 250
    with closing(sqlite3.connect(place / "a.db")) as connection:
        assert manifest.digests(connection, migrations.NEWEST) == found
        assert manifest.recorded(connection) is None
    assert {one.name: one.stat().st_mode & 0o777 for one in place.iterdir()} == {
        "a.db": 0o600,
        "a.db.lock": 0o600,
    }
    assert schema(place / "a.db") == schema(backup.parent / "source" / "a.db")
    async with open_storage(f"sqlite:///{place}/a.db", on_committed=lambda _: None) as running:
        one = await running.account_by_token(proof("Brave Вася"))
        assert one is not None
        assert (await running.say(one.id, one.name, "general", "x")).seq == 226
    assert backup.read_bytes() == before
    assert not list(backup.parent.glob("backup?*"))


@pytest.mark.parametrize(
    ("verify", "sql"),
    [
        (True, "UPDATE message SET text = 'other' WHERE seq = 1"),
        (False, "UPDATE manifest SET sha256 = 'other' WHERE name = 'message'"),
    ],
)
def test_a_copy_that_is_not_what_was_examined_is_not_kept(
    backup: Path, place: Path, monkeypatch: pytest.MonkeyPatch, verify: bool, sql: str
) -> None:
    def copied_otherwise(source: str, new: str) -> None:
        shutil.copyfile(source, new)
        change(Path(new), sql)

    monkeypatch.setattr(restoring, "_copy", copied_otherwise)
    assert "does not hold what the backup was made with" in fails(backup, place / "a.db", verify=verify)
    assert not [one for one in place.iterdir() if one.suffix != ".lock"]


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TRIGGER t AFTER INSERT ON message BEGIN DELETE FROM message WHERE seq = NEW.seq; END",
        "CREATE VIEW v AS SELECT 1",
        "CREATE TABLE more (x)",
        "ALTER TABLE account ADD COLUMN more",
    ],
)
def test_what_would_work_inside_the_database_later_is_refused(backup: Path, place: Path, sql: str) -> None:
    change(backup, sql)
    assert "its schema is not the one" in fails(backup, place / "a.db", verify=True)
    assert not (place / "a.db").exists()


async def test_a_backup_of_an_older_database_is_restored_and_migrated(tmp_path: Path, place: Path) -> None:
    old = old_database(tmp_path / "old.db")
    before = content(old)
    back_up(str(old), str(tmp_path / "backup"))
    restore(str(tmp_path / "backup"), str(place / "a.db"), verify=True)
    async with storage(place):
        pass
    assert content(place / "a.db") == before


@pytest.mark.parametrize("there", ["a.db", "a.db-wal", "a.db-journal"])
async def test_what_is_there_already_is_left_as_it_is(backup: Path, place: Path, there: str) -> None:
    (place / there).write_text("messages")
    line = fails(backup, place / "a.db")
    assert "nothing is overwritten" in line and str(place / there) in line
    assert (place / there).read_text() == "messages"
    assert {one.name for one in place.iterdir()} == {there}


async def test_a_server_that_runs_on_the_database_is_not_disturbed(backup: Path, place: Path) -> None:
    async with storage(place):
        (place / "a.db").rename(place / "moved")
        assert "a server that is running uses it" in fails(backup, place / "a.db")
        assert not (place / "a.db").exists()


def garbage(path: Path) -> None:
    path.write_bytes(b"garbage " * 1000)


def without_manifest(path: Path) -> None:
    change(path, "DROP TABLE manifest")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def foreign(path: Path) -> None:
    path.unlink()
    change(path, "CREATE TABLE manifest (name TEXT, row_count INTEGER, sha256 TEXT)")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (Path.unlink, "does not exist"),
    "empty": (lambda path: path.write_bytes(b""), "not a backup of minechat"),
    "garbage": (garbage, "file is not a database"),
    "a folder": (folder, "it is a folder"),
    "a plain copy": (without_manifest, "not a backup of minechat"),
    "foreign": (foreign, "not a backup of minechat"),
    "newer": (
        lambda path: change(path, "INSERT INTO schema_version VALUES (99)"),
        "a newer minechat wrote it",
    ),
    "cut short": (lambda path: os.truncate(path, path.stat().st_size - 4096), r"malformed|damaged"),
    "a message of nobody": (lambda path: change(path, "DELETE FROM account"), "damaged"),
    "a table less in the list": (
        lambda path: change(path, "DELETE FROM manifest WHERE name = 'ban'"),
        "damaged",
    ),
}


@pytest.mark.parametrize("how", SPOILED)
async def test_a_file_that_is_no_whole_backup_makes_nothing(backup: Path, place: Path, how: str) -> None:
    spoil, reason = SPOILED[how]
    spoil(backup)
    line = fails(backup, place / "a.db")
    assert any(one in line for one in reason.split("|")), line
    assert str(backup) in line
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    ("sql", "table"),
    [
        ("UPDATE message SET text = 'forged' WHERE seq = 3 AND room_id = 1", "message"),
        ("DELETE FROM message WHERE room_id = 1 AND seq = 225", "message"),
        ("UPDATE account SET token_hash = zeroblob(32)", "account"),
        ("DELETE FROM ban", "ban"),
        ("UPDATE manifest SET sha256 = 'ff' WHERE name = 'deed'", "deed"),
        ("UPDATE manifest SET row_count = 7 WHERE name = 'room'", "room"),
    ],
)
async def test_verifying_finds_any_difference_to_when_it_was_made(
    backup: Path, place: Path, sql: str, table: str
) -> None:
    change(backup, sql)
    assert f"its table {table!r} does not hold what the backup was made with" in fails(
        backup, place / "a.db", verify=True
    )
    assert list(place.iterdir()) == []


@pytest.mark.needs("mount", "umount")
async def test_a_full_disk_leaves_nothing(backup: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "40k"):
        assert "No space" in fails(backup, tmp_path / "disk" / "a.db")
        assert list((tmp_path / "disk").iterdir()) == []


RESTORE = """
import sys
from minechat.server.storage.restore import restore
restore(sys.argv[1], sys.argv[2], verify=True)
"""


async def test_killed_at_any_moment_it_leaves_no_half_database(backup: Path, place: Path) -> None:
    source = backup.parent / "source"
    say_much(source, 3000)
    back_up(database(source), str(backup.parent / "larger"))
    command = [sys.executable, "-c", RESTORE, str(backup.parent / "larger"), str(place / "a.db")]
    for patience in (0.08, 0.1, 0.13, 0.17):
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(patience)
            process.kill()
        if (place / "a.db").exists():
            assert len(content(place / "a.db", 3)) == 10
            (place / "a.db").unlink()
    restore(str(backup.parent / "larger"), str(place / "a.db"), verify=True)
    assert {one.name for one in place.iterdir()} == {"a.db", "a.db.lock"}
