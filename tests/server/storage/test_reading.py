"""Connections beside the writer's: they cannot write, they end in time, they leave the log alone."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from minechat.server.storage.database import opened
from minechat.server.storage.reading import overdue, reading, writing_alone

ENDLESS = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def test_it_reads_what_the_writer_wrote_and_cannot_write(tmp_path: Path) -> None:
    with opened(str(tmp_path / "a.db"), 5.0) as (writer, _), reading(str(tmp_path / "a.db")) as connection:
        writer.execute("INSERT INTO room (name) VALUES ('new')")
        assert connection.execute("SELECT max(id), name FROM room").fetchall() == [(4, "new")]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM room")


def test_what_a_strangers_schema_would_call_is_not_called(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    with closing(writing_alone(str(path))) as ours, closing(sqlite3.connect(path)) as unwary:
        ours.execute("CREATE VIEW v AS SELECT harm()")
        with reading(str(path)) as readers:
            for connection in (ours, readers, unwary):
                connection.create_function("harm", 0, lambda: "done")
            assert unwary.execute("SELECT * FROM v").fetchone() == ("done",)
            for connection in (ours, readers):
                with pytest.raises(sqlite3.OperationalError, match="unsafe use of harm"):
                    connection.execute("SELECT * FROM v")


def test_what_takes_too_long_is_ended(tmp_path: Path) -> None:
    with opened(str(tmp_path / "a.db"), 5.0):
        began = time.monotonic()
        with (
            reading(str(tmp_path / "a.db"), overdue(0.05)) as connection,
            pytest.raises(sqlite3.OperationalError) as caught,
        ):
            connection.execute(ENDLESS).fetchone()
        assert caught.value.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT
        assert time.monotonic() - began < 5


def test_it_never_makes_a_file(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError), reading(str(tmp_path / "nothing.db")):
        pass
    assert list(tmp_path.iterdir()) == []


def test_the_last_to_leave_does_not_copy_the_log(tmp_path: Path) -> None:
    """As where a server was killed: its log is for the next one that writes."""
    path = tmp_path / "a.db"
    with opened(str(path), 5.0) as (writer, _):
        writer.execute("INSERT INTO room (name) VALUES ('new')")
        database, log = path.read_bytes(), (tmp_path / "a.db-wal").read_bytes()
    path.write_bytes(database)
    (tmp_path / "a.db-wal").write_bytes(log)
    with reading(str(path)) as connection:
        assert connection.execute("SELECT max(id), name FROM room").fetchall() == [(4, "new")]
    assert (path.read_bytes(), (tmp_path / "a.db-wal").read_bytes()) == (database, log)


def test_a_file_of_our_own_has_no_companions(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()
    with closing(writing_alone(str(path))) as connection:
        connection.execute("CREATE TABLE word (text)")
        connection.execute("BEGIN")
        connection.execute("INSERT INTO word VALUES ('x')")
        assert [one.name for one in tmp_path.iterdir()] == ["a.db"]
