"""The write-ahead log: copied into the database when it is due, emptied when it is long."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from minechat.server.storage import statements
from minechat.server.storage.wal import Checkpoints, is_too_long


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        for statement in (
            *statements.PRAGMAS,
            statements.NEVER_WAIT,
            statements.USE_WAL,
            "CREATE TABLE n (n)",
        ):
            connection.execute(statement).fetchall()
        yield connection


def log_of(folder: Path) -> int:
    return (folder / "a.db-wal").stat().st_size


@pytest.mark.parametrize("step", [1, 100])
def test_a_checkpoint_is_due_after_so_many_commits_or_operations(
    connection: sqlite3.Connection, step: int
) -> None:
    made: list[str] = []
    connection.set_trace_callback(made.append)
    checkpoints = Checkpoints(commits=10, operations=1000)
    for _ in range(20):
        checkpoints.note(step)
        checkpoints.make_when_due(connection)
    assert made == [statements.CHECKPOINT] * 2


def test_a_log_that_is_long_is_emptied(connection: sqlite3.Connection, tmp_path: Path) -> None:
    connection.execute("INSERT INTO n VALUES (1)")
    assert not is_too_long(connection, log_of(tmp_path), long=1 << 20)
    assert log_of(tmp_path) > 0
    assert not is_too_long(connection, log_of(tmp_path), long=1, most=1)
    assert log_of(tmp_path) == 0


def test_a_log_that_somebody_reads_is_too_long_from_its_limit_on(
    connection: sqlite3.Connection, tmp_path: Path
) -> None:
    connection.execute("INSERT INTO n VALUES (1)")
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM n").fetchall()
        size = log_of(tmp_path)
        assert not is_too_long(connection, size, long=1, most=size)
        assert is_too_long(connection, size, long=1, most=size - 1)
        assert connection.execute("SELECT * FROM n").fetchall() == [(1,)]
    assert not is_too_long(connection, size, long=1, most=1)


def test_room_is_made_at_once(connection: sqlite3.Connection, tmp_path: Path) -> None:
    connection.execute("INSERT INTO n VALUES (1)")
    Checkpoints().make_room(connection)
    assert log_of(tmp_path) == 0
    assert connection.execute("SELECT * FROM n").fetchall() == [(1,)]
