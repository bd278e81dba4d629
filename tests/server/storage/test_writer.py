"""The writer's queue: everything that waits in one batch, order kept, the log kept short."""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable, NotStored
from minechat.server.storage import statements
from minechat.server.storage.commit import Operation, Task
from minechat.server.storage.files import Files
from minechat.server.storage.wal import Checkpoints
from minechat.server.storage.writer import Writer


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as connection:
        for statement in (
            *statements.PRAGMAS,
            statements.NEVER_WAIT,
            statements.USE_WAL,
            "CREATE TABLE blob (bytes BLOB)",
        ):
            connection.execute(statement).fetchall()
        yield connection


def apply(connection: sqlite3.Connection, tasks: Sequence[Operation]) -> None:
    for task in tasks:
        assert isinstance(task, Task)
        task.result = task.run(connection)


@pytest.fixture
def files(connection: sqlite3.Connection, tmp_path: Path) -> Files:
    return Files(str(tmp_path / "a.db"))


def task(run: Callable[[sqlite3.Connection], object]) -> Task:
    return Task(asyncio.get_running_loop().create_future(), run)


async def test_what_waits_is_one_batch_in_order(connection: sqlite3.Connection, files: Files) -> None:
    batches: list[list[object]] = []
    writer = Writer(apply, lambda done: batches.append([one.result for one in done]))
    for number in range(100):
        writer.put(task(lambda _, number=number: number))
    writer.close()
    writer.serve(connection, files)
    assert batches == [list(range(100))]


async def test_it_never_waits_for_company(connection: sqlite3.Connection, files: Files) -> None:
    batches: list[int] = []
    writer = Writer(apply, lambda done: batches.append(len(done)))

    def first(_: sqlite3.Connection) -> None:
        writer.put(task(lambda _: writer.close()))

    writer.put(task(first))
    writer.serve(connection, files)
    assert batches == [1, 1]


async def test_closing_drains_the_queue(connection: sqlite3.Connection, files: Files) -> None:
    done: list[Operation] = []
    entered, go_on = threading.Event(), threading.Event()

    def slow(_: sqlite3.Connection) -> None:
        entered.set()
        go_on.wait(10)

    writer = Writer(apply, done.extend)
    writer.put(task(slow))
    closer = threading.Thread(
        target=lambda: (entered.wait(10), writer.put(late), writer.close(), go_on.set())
    )
    late = task(lambda _: "late")
    closer.start()
    writer.serve(connection, files)
    closer.join()
    assert [one.result for one in done] == [None, "late"]


async def test_after_a_failure_everything_is_refused(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    done: list[Operation] = []
    writer = Writer(apply, done.extend)

    (tmp_path / "a.db").unlink()
    writer.put(task(lambda _: "one"))
    with pytest.raises(DatabaseUnusable):
        writer.serve(connection, files)
    writer.put(task(lambda _: "two"))
    writer.close()
    writer.refuse_all()
    assert [type(one.error) for one in done] == [NotStored, NotStored]


async def test_after_a_commit_that_failed_half_way_nobody_is_told_that_nothing_was_stored(
    connection: sqlite3.Connection, files: Files
) -> None:
    done: list[Operation] = []
    writer = Writer(apply, done.extend)

    def fails(_: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_FSYNC
        raise error

    writer.put(task(fails))
    with pytest.raises(sqlite3.OperationalError):
        writer.serve(connection, files)
    writer.put(task(lambda _: "never tried"))
    writer.close()
    writer.refuse_all()
    assert [type(one.error) for one in done] == [DatabaseUnusable, NotStored]


async def test_the_log_stays_short(connection: sqlite3.Connection, files: Files, tmp_path: Path) -> None:
    left = 300
    lengths = []

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO blob VALUES (zeroblob(3000))")

    def next_one(_: Sequence[Operation]) -> None:
        nonlocal left
        left -= 1
        lengths.append((tmp_path / "a.db-wal").stat().st_size)
        if left:
            writer.put(task(write))
        else:
            writer.close()

    writer = Writer(apply, next_one, checkpoints=Checkpoints(commits=20))
    writer.put(task(write))
    writer.serve(connection, files)
    assert len(lengths) == 300
    assert max(lengths) < 20 * 4 * 4200 < 300 * 4200
