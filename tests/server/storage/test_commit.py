"""Operations in one transaction: all or nothing, except for those that cannot be done at all."""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable, InvalidInput, NotStored
from minechat.server.storage.commit import Fault, Operation, Task, commit, fault, refuse


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0)) as connection:
        connection.execute("CREATE TABLE word (id INTEGER PRIMARY KEY, text TEXT UNIQUE)")
        yield connection


def add(word: str, future: asyncio.Future[object]) -> Task:
    def run(connection: sqlite3.Connection) -> int | None:
        return connection.execute("INSERT INTO word (text) VALUES (?)", (word,)).lastrowid

    return Task(future, run)


def apply(connection: sqlite3.Connection, tasks: Sequence[Operation]) -> None:
    for task in tasks:
        assert isinstance(task, Task)
        task.result = task.run(connection)


def words(connection: sqlite3.Connection) -> list[str]:
    return [text for (text,) in connection.execute("SELECT text FROM word ORDER BY id")]


@pytest.fixture
async def future() -> asyncio.Future[object]:
    return asyncio.get_running_loop().create_future()


async def test_all_are_committed_together(connection: sqlite3.Connection, future) -> None:
    syncs: list[str] = []
    connection.set_trace_callback(syncs.append)
    tasks = [add(word, future) for word in "abc"]
    commit(connection, tasks, apply)
    assert [task.result for task in tasks] == [1, 2, 3]
    assert words(connection) == ["a", "b", "c"]
    assert syncs.count("COMMIT") == 1


async def test_one_bad_operation_does_not_sink_the_rest(connection: sqlite3.Connection, future) -> None:
    tasks = [add(word, future) for word in ("a", "a", "\ud800", "b")]
    commit(connection, tasks, apply)
    assert words(connection) == ["a", "b"]
    assert [type(task.error) for task in tasks] == [type(None), NotStored, InvalidInput, type(None)]
    assert [tasks[0].result, tasks[3].result] == [1, 2]


async def test_a_bug_in_an_operation_stays_what_it_is(connection: sqlite3.Connection, future) -> None:
    bug = Task(future, lambda _: 1 // 0)
    good = add("a", future)
    commit(connection, [bug, good], apply)
    assert isinstance(bug.error, ZeroDivisionError)
    assert words(connection) == ["a"]


async def test_a_half_done_operation_leaves_nothing(connection: sqlite3.Connection, future) -> None:
    def half(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO word (text) VALUES ('half')")
        raise NotStored("changed my mind")

    task = Task(future, half)
    commit(connection, [task, add("a", future)], apply)
    assert isinstance(task.error, NotStored)
    assert words(connection) == ["a"]


async def test_another_program_that_holds_the_database_makes_all_wait_for_later(
    connection: sqlite3.Connection, future, tmp_path: Path
) -> None:
    look = Task(future, words, reads=True)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        tasks = [add("a", future), look, add("b", future)]
        commit(connection, tasks, apply)
    assert [str(task.error) for task in tasks] == [
        "another program holds the database",
        "None",
        "another program holds the database",
    ]
    assert look.result == []
    commit(connection, [add("c", future)], apply)
    assert words(connection) == ["c"]


async def test_a_full_disk_refuses_all_that_write_and_none_that_read(
    connection: sqlite3.Connection, future
) -> None:
    connection.execute("PRAGMA max_page_count = 4")
    look = Task(future, words, reads=True)
    tasks = [add("a", future), add("b" * 50_000, future)]
    commit(connection, [*tasks, look], apply)
    assert [str(task.error) for task in tasks] == ["the disk of the server is full"] * 2
    assert look.error is None
    assert not connection.in_transaction
    assert words(connection) == []


async def test_a_failed_engine_is_nobody_s_small_fault(connection: sqlite3.Connection, future) -> None:
    def broken(_: sqlite3.Connection) -> None:
        raise DatabaseUnusable("taken away")

    with pytest.raises(DatabaseUnusable):
        commit(connection, [add("a", future), Task(future, broken)], apply)
    assert not connection.in_transaction
    assert words(connection) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        (sqlite3.SQLITE_FULL, Fault.PASSING),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Fault.PASSING),
        (sqlite3.SQLITE_IOERR_SHMSIZE, Fault.PASSING),
        (sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY, Fault.OPERATION),
        (sqlite3.SQLITE_ERROR, Fault.OPERATION),
        (sqlite3.SQLITE_IOERR_FSYNC, Fault.FATAL),
        (sqlite3.SQLITE_IOERR_WRITE, Fault.FATAL),
        (sqlite3.SQLITE_CORRUPT, Fault.FATAL),
        (sqlite3.SQLITE_READONLY_DBMOVED, Fault.FATAL),
        (sqlite3.SQLITE_NOTADB, Fault.FATAL),
    ],
)
def test_what_an_error_of_the_engine_means(code: int, expected: Fault) -> None:
    error = sqlite3.OperationalError("it happens")
    error.sqlite_errorcode = code
    assert fault(error) is expected


async def test_refusing_leaves_the_reason(future) -> None:
    task = add("a", future)
    refuse([task], "no")
    assert isinstance(task.error, NotStored) and str(task.error) == "no"
