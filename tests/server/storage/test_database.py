"""Opening the database: made once, private, refused in one line when it is not whole or not ours."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable
from minechat.server.storage.database import opened


def make(path: Path) -> Path:
    with opened(str(path), 5.0):
        pass
    return path


def fails(path: Path | str) -> str:
    """The one line with which the database is refused."""
    with pytest.raises(DatabaseUnusable) as caught, opened(str(path), 0.1):
        pass
    line = str(caught.value)
    assert line.isprintable()
    return line


def modes(folder: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}


def test_every_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with opened(str(tmp_path / "a.db"), 5.0) as (connection, _):
            connection.execute("INSERT INTO room (name) VALUES ('another')")
            found = modes(tmp_path)
    finally:
        os.umask(before)
    assert found == dict.fromkeys(("a.db", "a.db-wal", "a.db-shm", "a.db.lock"), 0o600)


OPEN = """
import os, sys
from minechat.server.storage.database import opened
os.umask(0)
with opened(sys.argv[1], 5.0):
    pass
"""


@pytest.mark.needs("strace")
def test_every_file_is_private_from_the_first_system_call(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    watch = ("strace", "-f", "-e", "trace=open,openat,creat,chmod,fchmod", "-o", trace)
    subprocess.run([*watch, sys.executable, "-c", OPEN, tmp_path / "a.db"], check=True)
    created = [line for line in trace.read_text().splitlines() if "a.db" in line and "O_CREAT" in line]
    assert len(created) >= 4  # the database under its first name, its log, its index, its lock
    assert [line for line in created if ", 0600)" not in line] == []


def test_a_copy_that_lost_its_mode_is_private_again(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    path.chmod(0o644)
    with opened(str(path), 5.0):
        assert set(modes(tmp_path).values()) == {0o600}


@pytest.mark.parametrize("name", ["a b.db", "a?b#c%20d&mode=memory.db", "чат.db", "-rf", "\udcff.db"])
def test_any_name_is_a_name(tmp_path: Path, name: str) -> None:
    make(tmp_path / name)
    assert (tmp_path / name).stat().st_size > 0
    assert {path.name for path in tmp_path.iterdir()} == {name, name + ".lock"}


def test_settings_that_the_promise_stands_on(tmp_path: Path) -> None:
    with opened(str(tmp_path / "a.db"), 5.0) as (connection, _):
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]
    assert found == ["wal", 2, 1, 1]


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(str(path), 5.0):
        assert "a server that is running uses it" in fails(path)
    make(path)


def damage(position: int) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(position)
            file.write(b"\xa5" * 512)

    return write


def newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE schema_version SET version = 99")


def foreign(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE recipe (name TEXT)")


SPOILED: dict[str, tuple[Callable[[Path], object], str]] = {
    "empty": (lambda path: path.write_bytes(b""), "it is empty"),
    "garbage": (lambda path: path.write_bytes(b"garbage " * 1000), "file is not a database"),
    "truncated": (lambda path: os.truncate(path, path.stat().st_size // 2), "malformed"),
    "cut to one page": (lambda path: os.truncate(path, 4096), "malformed"),
    "header overwritten": (damage(0), "file is not a database"),
    "a page overwritten": (damage(4096), "malformed"),
    "a far page overwritten": (damage(4096 * 6), "damaged"),
    "newer": (newer, "newer minechat"),
    "foreign": (foreign, "not a database of minechat"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_a_database_that_is_not_whole_or_not_ours_is_left_as_it_is(tmp_path: Path, how: str) -> None:
    path = make(tmp_path / "a.db")
    spoil, reason = SPOILED[how]
    spoil(path)
    before = path.read_bytes()
    line = fails(path)
    assert reason in line and str(path) in line
    assert path.read_bytes() == before
    beside = {one.name: one.stat().st_size for one in tmp_path.iterdir()}
    assert set(beside) <= {"a.db", "a.db.lock", "a.db-wal", "a.db-shm"}
    assert not beside.get("a.db-wal")


def test_no_new_database_beside_the_log_of_a_lost_one(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    log = tmp_path / "a.db-wal"
    log.write_bytes(b"what a server left when it was killed")
    assert "it is gone" in fails(path)
    assert not path.exists()
    assert log.read_bytes() == b"what a server left when it was killed"


def test_places_that_cannot_hold_a_database(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(make(tmp_path / "a.db"))
    assert "folder" in fails(tmp_path / "folder")
    assert "pipe" in fails(tmp_path / "pipe")
    assert "symbolic link" in fails(tmp_path / "link")
    assert "folder it belongs in does not exist" in fails(tmp_path / "nowhere" / "a.db")
    assert "name" in fails(str(tmp_path / "a\0b.db"))
    assert "memory" in fails(":memory:")


NOBODY = """
import os, sys
from minechat.errors import DatabaseUnusable
from minechat.server.storage.database import opened
os.setuid(65534)
try:
    with opened(sys.argv[1], 1.0):
        pass
except DatabaseUnusable as error:
    print(error)
"""


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("mode", [0o600, 0o444])
def test_a_database_that_may_not_be_written(tmp_path: Path, mode: int) -> None:
    path = make(tmp_path / "a.db")
    path.chmod(mode)
    (tmp_path / "a.db.lock").chmod(0o666)
    for folder in (tmp_path, *tmp_path.parents[:3]):
        if folder.stat().st_uid == 0 and folder != Path("/tmp"):
            folder.chmod(0o755)
    result = subprocess.run([sys.executable, "-c", NOBODY, path], capture_output=True, text=True)
    assert result.stderr == ""
    assert "Permission denied" in result.stdout and str(path) in result.stdout


def test_a_file_that_is_taken_away_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with opened(str(path), 5.0) as (_, files):
        files.check()
        path.rename(tmp_path / "b.db")
        with pytest.raises(DatabaseUnusable, match="removed or replaced"):
            files.check()


def test_a_making_that_was_interrupted_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "a.db.new").write_bytes(b"half a database")
    (tmp_path / "a.db.new-journal").write_bytes(b"half a journal")
    make(tmp_path / "a.db")
    assert {one.name for one in tmp_path.iterdir()} == {"a.db", "a.db.lock"}


def test_another_program_that_holds_the_database_is_waited_for_a_bounded_time(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA locking_mode = EXCLUSIVE")
        other.execute("BEGIN EXCLUSIVE")
        assert "locked" in fails(path)
