"""The way from an older schema: nothing is lost on it, whatever ends it, and there is no way back."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable
from minechat.server.keys import keys_of
from minechat.server.storage import migrations
from minechat.server.storage.database import opened
from minechat.server.storage.manifest import TableDigest, digests
from tests.server.storage.disks import small_disk

HERE = Path(__file__).parent
KEYS_OF_ROOMS = "SELECT name, key, capital_key, shown_key, topic, kind FROM room ORDER BY name"
KEYS = "SELECT name, key, capital_key, shown_key FROM account ORDER BY id"
SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"


def old_database(path: Path, version: int = 1) -> Path:
    """A database as an older version of the schema was, with accounts and messages in two rooms."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript((HERE / f"version_{version}.sql").read_text(encoding="utf-8"))
        connection.execute("PRAGMA journal_mode = WAL")
    return path


def content(path: Path, version: int = 1) -> list[TableDigest]:
    """What the tables of a version hold, but for the version itself, rooms without a message, and keys."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE account SET key = NULL")
        connection.execute("DELETE FROM room WHERE id NOT IN (SELECT room_id FROM message)")
        return [one for one in digests(connection, version) if one.table != "schema_version"]


def version_of(path: Path) -> int | None:
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return migrations.version_of(connection)


def schema(path: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(SCHEMA).fetchall()


def open_and_close(path: Path) -> Path:
    with opened(str(path), 5.0):
        pass
    return path


OLD = pytest.mark.parametrize("version", range(1, migrations.NEWEST))


@OLD
def test_an_old_database_becomes_what_a_new_one_is_and_keeps_everything(tmp_path: Path, version: int) -> None:
    old = old_database(tmp_path / "old.db", version)
    before = content(old, version)
    assert [one.table for one in before] == migrations.tables(version)[1:]
    open_and_close(old)
    assert content(old, version) == before
    assert version_of(old) == migrations.NEWEST == 3
    assert schema(old) == schema(open_and_close(tmp_path / "new.db"))


@OLD
def test_a_private_copy_of_the_old_one_is_kept_beside_it(tmp_path: Path, version: int) -> None:
    old = old_database(tmp_path / "old.db", version)
    before = content(old, version)
    open_and_close(old)
    copy = tmp_path / "old.db.before-3"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert version_of(copy) == version
    assert content(copy, version) == before
    assert {one.name for one in tmp_path.iterdir()} == {"old.db", "old.db.lock", "old.db.before-3"}


@pytest.mark.parametrize("version", [0, *range(1, migrations.NEWEST)])
def test_the_rooms_that_are_always_there_are_there_with_their_keys(tmp_path: Path, version: int) -> None:
    path = tmp_path / "a.db"
    if version:
        old_database(path, version)
    with closing(sqlite3.connect(open_and_close(path))) as connection:
        found = connection.execute(KEYS_OF_ROOMS).fetchall()
    assert found == [(name, *keys_of(name), "", "public") for name in ("general", "random", "tech")]


@OLD
def test_names_have_the_keys_of_today_and_those_that_are_shared_stay_shared(
    tmp_path: Path, version: int
) -> None:
    path = open_and_close(old_database(tmp_path / "a.db", version))
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(KEYS).fetchall()
    named = [(name, *keys_of(name)) for name in ("Brave Вася", "Able O'Neil")]
    assert found == [*named, ("Calm ", None, None, None)]


def grow(path: Path, names: Sequence[str]) -> None:
    """Adds accounts to an old database, under keys that nobody makes any more."""
    with closing(sqlite3.connect(path)) as connection:
        rows = ((10 + n, name, f"{n} key", str(n).encode()) for n, name in enumerate(names))
        connection.executemany("INSERT INTO account VALUES (?, '', 'x', ?, ?, ?, 0)", rows)
        connection.commit()


def test_of_two_that_share_a_key_now_the_older_keeps_it(tmp_path: Path) -> None:
    path = old_database(tmp_path / "a.db", 2)
    names = ["Ivan", "lvan", "ivan", "Ivan", "Вера", "BEPA", "4 key"]
    grow(path, names)
    with closing(sqlite3.connect(open_and_close(path))) as connection:
        found = connection.execute(KEYS).fetchall()[3:]
    ivan, another, vera, bepa, rest = (keys_of(names[n]) for n in (0, 1, 4, 5, 6))
    assert found == [
        ("Ivan", *ivan),
        ("lvan", another.small, another.capital, None),
        ("ivan", None, None, keys_of("ivan").shown),
        ("Ivan", None, None, None),
        ("Вера", *vera),
        ("BEPA", bepa.small, None, bepa.shown),
        ("4 key", *rest),
    ]


def test_a_hundred_thousand_accounts_take_seconds(tmp_path: Path) -> None:
    path = old_database(tmp_path / "a.db", 2)
    grow(path, [f"Brave Вася{number}" for number in range(100_000)])
    began = time.monotonic()
    open_and_close(path)
    assert time.monotonic() - began < 30
    with closing(sqlite3.connect(path)) as connection:
        (count,) = connection.execute("SELECT count(shown_key) FROM account").fetchone()
    assert count == 100_002


def test_a_database_of_the_newest_schema_is_left_alone(tmp_path: Path) -> None:
    new = open_and_close(tmp_path / "new.db")
    before = new.read_bytes()
    open_and_close(new)
    assert new.read_bytes() == before
    assert {one.name for one in tmp_path.iterdir()} == {"new.db", "new.db.lock"}


@OLD
def test_killed_at_any_step_it_is_unchanged_or_done_and_the_next_start_finishes(
    tmp_path: Path, version: int
) -> None:
    old = old_database(tmp_path / "old.db", version)
    before = content(old, version)
    lives = tmp_path / "lives"
    lives.mkdir()
    command = [sys.executable, str(HERE / "migrating.py"), str(old), str(lives)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert (result.returncode, result.stderr) == (0, "")
    steps = int(result.stdout)
    assert steps > 20
    left = {}
    for step in range(1, steps + 1):
        path = lives / str(step) / "a.db"
        left[step] = version_of(path)
        open_and_close(path)
        assert (content(path, version), version_of(path)) == (before, 3), step
        if left[step] == version:
            assert content(Path(f"{path}.before-3"), version) == before, step
    assert set(left.values()) == {version, 3}
    assert list(left.values()) == sorted(left.values())


@pytest.mark.needs("mount", "umount")
@pytest.mark.parametrize("room", [0, 16, 40, 56])
def test_on_a_full_disk_it_is_refused_and_nothing_is_changed(tmp_path: Path, room: int) -> None:
    """:param room: KiB that are free: not even for the copy, or for the copy and no more"""
    disk = tmp_path / "disk"
    with small_disk(disk, "512k"):
        old = old_database(disk / "old.db")
        old.with_name("old.db.lock").touch()
        before = content(old)
        ballast = disk / "ballast"
        fill(ballast)
        os.truncate(ballast, ballast.stat().st_size - (room << 10))
        with pytest.raises(DatabaseUnusable, match=r"full|No space"):
            open_and_close(old)
        ballast.unlink()
        assert version_of(old) == 1
        assert content(old) == before
        open_and_close(old)
        assert (content(old), version_of(old)) == (before, 3)


def fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return


def test_a_newer_schema_is_refused_and_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = open_and_close(tmp_path / "new.db")
    before = new.read_bytes()
    # As a program knows them that is older by one version.
    monkeypatch.setattr(migrations, "VERSIONS", migrations.VERSIONS[:-1])
    monkeypatch.setattr(migrations, "NEWEST", 2)
    with pytest.raises(DatabaseUnusable, match=r"a newer minechat wrote it \(schema 3, known is 2\)"):
        open_and_close(new)
    assert new.read_bytes() == before


@OLD
def test_versions_are_in_order_and_an_older_one_is_as_it_was_released(tmp_path: Path, version: int) -> None:
    assert [one.number for one in migrations.VERSIONS] == list(range(1, migrations.NEWEST + 1))
    old = old_database(tmp_path / "old.db", version)
    with closing(sqlite3.connect(tmp_path / "built.db", isolation_level=None)) as connection:
        migrations.build(connection, upto=version)
    assert schema(tmp_path / "built.db") == schema(old)
