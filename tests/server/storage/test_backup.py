"""Backups: whole, of one moment, private, never over another file, and no burden to the server."""

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from pathlib import Path

import pytest

from minechat.errors import BackupUnusable, DatabaseUnusable
from minechat.server.storage import Ban, Deed, Sanction, Storage, manifest, migrations, open_storage
from minechat.server.storage.backup import back_up
from minechat.server.storage.manifest import TableDigest
from tests.server.storage.disks import small_disk
from tests.server.storage.test_migrations import old_database
from tests.server.storage.test_orders import register

DEED = Deed(1.0, "ban", "someone", "")


def database(folder: Path) -> str:
    return str(folder / "a.db")


@asynccontextmanager
async def storage(folder: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{folder}/a.db", on_committed=lambda _: None) as storage:
        yield storage


def names(folder: Path) -> set[str]:
    """The files there, but for the index of the search, which a server makes when it has time."""
    return {one.name for one in folder.iterdir() if ".search" not in one.name}


async def furnish(storage: Storage, messages: int = 50) -> None:
    one = await register(storage, "Brave Вася")
    await storage.add_ban(Ban(None, "192.0.2.7", None, "flooding", 1.0), DEED)
    await storage.add_session(one.id, b"s" * 32, 20)
    await storage.set_role(1, one.id, 2, Deed(1.0, "role", one.name, "moderator", "general"))
    await storage.add_sanction(1, Sanction(one.id, "mute", None, "", "x", 1.0), None)
    await storage.add_invitation(1, one.id, "x", None)
    rooms = ("general", "random")
    await asyncio.gather(*(storage.say(one.id, one.name, rooms[at % 2], f"{at}") for at in range(messages)))


def say_much(folder: Path, messages: int) -> None:
    """Many messages at once, without a server."""
    with closing(sqlite3.connect(database(folder))) as connection, connection:
        (last,) = connection.execute("SELECT max(seq) FROM message WHERE room_id = 1").fetchone()
        rows = [(1, last + number, 1, f"said {number}", 0) for number in range(1, messages + 1)]
        connection.executemany(
            "INSERT INTO message (room_id, seq, account_id, text, said_at) VALUES (?, ?, ?, ?, ?)", rows
        )


def gaps(backup: Path) -> list[tuple[object, ...]]:
    """What is wrong in a backup that should be a prefix of what was said."""
    with closing(sqlite3.connect(backup)) as connection:
        found = connection.execute(
            "SELECT room_id, count(*), min(seq), max(seq) FROM message GROUP BY room_id"
            " HAVING count(*) <> max(seq) OR min(seq) <> 1"
        ).fetchall()
        found += connection.execute("PRAGMA foreign_key_check").fetchall()
        found += [row for row in connection.execute("PRAGMA integrity_check") if row != ("ok",)]
    return found


async def test_it_holds_what_the_database_holds_with_a_server_or_without(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
        beside = back_up(database(tmp_path), str(tmp_path / "one"))
    alone = back_up(database(tmp_path), str(tmp_path / "two"))
    assert beside == alone
    with closing(sqlite3.connect(database(tmp_path))) as connection:
        assert manifest.digests(connection, migrations.NEWEST) == alone
    with closing(sqlite3.connect(tmp_path / "one")) as connection:
        assert manifest.digests(connection, migrations.NEWEST) == alone
        assert sorted(manifest.recorded(connection) or []) == sorted(alone)
    assert {one.table: one.rows for one in alone} == {
        "schema_version": 3,
        "room": 3,
        "account": 1,
        "message": 50,
        "ban": 1,
        "deed": 2,
        "session": 1,
        "member": 1,
        "sanction": 1,
        "invitation": 1,
        "block": 0,
    }


async def test_it_has_what_a_killed_server_left_in_its_log(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
        (tmp_path / "killed").mkdir()
        for name in ("a.db", "a.db-wal"):
            (tmp_path / "killed" / name).write_bytes((tmp_path / name).read_bytes())
    found = back_up(database(tmp_path / "killed"), str(tmp_path / "one"))
    assert found == back_up(database(tmp_path), str(tmp_path / "two"))


async def test_under_load_it_is_a_prefix_with_all_its_authors(tmp_path: Path) -> None:
    chance = random.Random(1)
    enough = asyncio.Event()

    async def post(running: Storage, poster: int) -> None:
        number = 0
        while not enough.is_set():
            number += 1
            one = await register(running, f"Brave {poster} {number}")
            rooms = [chance.choice(("general", "random")) for _ in range(10)]
            await asyncio.gather(*(running.say(one.id, one.name, room, "x" * 200) for room in rooms))

    async with storage(tmp_path) as running:
        await furnish(running, 500)
        posters = [asyncio.create_task(post(running, poster)) for poster in range(5)]
        sizes = []
        for number in range(3):
            made = tmp_path / f"backup {number}"
            digests = await asyncio.to_thread(back_up, database(tmp_path), str(made), messages=50)
            assert gaps(made) == []
            sizes.append(next(one.rows for one in digests if one.table == "message"))
        enough.set()
        await asyncio.gather(*posters)
    assert 500 <= sizes[0] < sizes[2]


async def test_each_look_is_short_and_followed_by_as_long_a_rest(tmp_path: Path) -> None:
    rests: list[float] = []
    async with storage(tmp_path) as running:
        await furnish(running, 100)
        back_up(database(tmp_path), str(tmp_path / "one"), messages=10, rest=rests.append)
    assert len(rests) == 1 + 5 + 5
    assert all(0 < rest < 5 for rest in rests)


async def test_between_two_looks_the_log_can_be_emptied(tmp_path: Path) -> None:
    busy: list[int] = []
    async with storage(tmp_path) as running:
        await furnish(running, 100)

        def rest(_: float) -> None:
            with closing(sqlite3.connect(database(tmp_path))) as other:
                busy.append(other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

        back_up(database(tmp_path), str(tmp_path / "one"), messages=10, rest=rest)
    assert busy == [0] * 11


async def test_a_file_that_is_there_is_left_as_it_is(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
        taken = tmp_path / "taken"
        taken.write_text("mine")
        for target in (str(taken), database(tmp_path)):
            before = Path(target).read_bytes()
            with pytest.raises(BackupUnusable, match="it is there already, and nothing is overwritten"):
                back_up(database(tmp_path), target)
            assert Path(target).read_bytes() == before
    assert names(tmp_path) == {"a.db", "a.db.lock", "taken"}


async def test_an_older_database_is_copied_as_it_is(tmp_path: Path) -> None:
    old = old_database(tmp_path / "a.db")
    with closing(sqlite3.connect(old)) as connection:
        before = manifest.digests(connection, 1)
    assert back_up(str(old), str(tmp_path / "one")) == before
    assert [one.table for one in before] == migrations.tables(1)


def folder(path: Path) -> None:
    path.mkdir()


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE schema_version (version INTEGER)")
        connection.execute("INSERT INTO schema_version VALUES (99)")


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "does not exist"),
        (folder, "it is a folder"),
        (lambda path: path.write_bytes(b"garbage " * 1000), "file is not a database"),
        (lambda path: path.write_bytes(b""), "not a database of minechat"),
        (foreign, "not a database of minechat"),
        (newer, "a newer minechat wrote it"),
    ],
)
def test_what_is_no_database_of_ours_is_told_in_one_line(tmp_path: Path, make, reason: str) -> None:
    path = tmp_path / "a.db"
    make(path)
    with pytest.raises(DatabaseUnusable, match=reason) as caught:
        back_up(str(path), str(tmp_path / "one"))
    assert str(caught.value).isprintable() and str(path) in str(caught.value)
    assert not (tmp_path / "one").exists() and not (tmp_path / "one.new").exists()


async def test_a_damaged_database_gives_no_backup(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
    say_much(tmp_path, 2000)
    size = os.path.getsize(database(tmp_path))
    with open(database(tmp_path), "r+b") as file:
        for page in range(size // 4096 - 12, size // 4096, 3):
            file.seek(page * 4096)
            file.write(b"\xa5" * 64)
    with pytest.raises(BackupUnusable, match="malformed") as caught:
        back_up(database(tmp_path), str(tmp_path / "one"))
    assert str(caught.value).isprintable()
    assert names(tmp_path) <= {"a.db", "a.db.lock", "a.db-wal", "a.db-shm"}


@pytest.mark.needs("mount", "umount")
async def test_a_full_disk_leaves_nothing_of_it(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
    say_much(tmp_path, 5000)
    with small_disk(tmp_path / "disk", "128k"):
        with pytest.raises(BackupUnusable, match=r"full|No space"):
            back_up(database(tmp_path), str(tmp_path / "disk" / "one"))
        assert list((tmp_path / "disk").iterdir()) == []


async def test_it_can_be_given_up(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
    say_much(tmp_path, 20_000)
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 1

    with pytest.raises((BackupUnusable, DatabaseUnusable), match="interrupted"):
        back_up(database(tmp_path), str(tmp_path / "one"), stop)
    assert not (tmp_path / "one").exists() and not (tmp_path / "one.new").exists()


BACK_UP = """
import os, sys
from minechat.server.storage.backup import back_up
os.umask(0)
back_up(sys.argv[1], sys.argv[2])
"""


@pytest.mark.needs("strace")
async def test_it_is_private_from_its_first_system_call_and_the_database_is_only_read(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    async with storage(tmp_path) as running:
        await furnish(running)
        watch = ("strace", "-f", "-y", "-e", "trace=openat,pwrite64", "-o", trace)
        command = [*watch, sys.executable, "-c", BACK_UP, database(tmp_path), tmp_path / "one"]
        subprocess.run(command, check=True)
    lines = trace.read_text().splitlines()
    created = [line for line in lines if "O_CREAT" in line and str(tmp_path) in line]
    assert created
    assert [line for line in created if ", 0600)" not in line] == []
    opened = [line for line in lines if "openat" in line and f'{tmp_path}/a.db",' in line]
    assert opened
    assert [line for line in opened if "O_RDONLY" not in line] == []
    written = [line for line in lines if "pwrite64" in line]
    assert written
    assert [line for line in written if "a.db>" in line or "a.db-wal>" in line] == []


async def test_killed_at_any_moment_it_leaves_no_half_file(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
    say_much(tmp_path, 2950)
    chance = random.Random(3)
    command = [sys.executable, "-c", BACK_UP, database(tmp_path), str(tmp_path / "one")]
    for _ in range(4):
        with subprocess.Popen(command) as process:
            with suppress(subprocess.TimeoutExpired):
                process.wait(chance.uniform(0.05, 0.3))
            process.kill()
        assert not (tmp_path / "one").exists() or gaps(tmp_path / "one") == []
    (tmp_path / "one").unlink(missing_ok=True)
    found: list[TableDigest] = back_up(database(tmp_path), str(tmp_path / "one"))
    assert next(one.rows for one in found if one.table == "message") == 3000
    assert not (tmp_path / "one.new").exists()
