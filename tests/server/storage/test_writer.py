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


def reading(result: object) -> Task:
    return Task(asyncio.get_running_loop().create_future(), lambda _: result, reads=True)


def tries(connection: sqlite3.Connection) -> list[str]:
    """The tries to begin a transaction, as they come."""
    begun: list[str] = []
    connection.set_trace_callback(lambda sql: begun.append(sql) if sql == statements.BEGIN else None)
    return begun


async def test_another_program_keeps_nobody_waiting_who_only_reads(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    tried = threading.Event()
    connection.set_trace_callback(lambda sql: tried.set() if sql == statements.BEGIN else None)
    done: list[list[object]] = []
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        def deliver(operations: Sequence[Operation]) -> None:
            done.append([one.result for one in operations])
            if done == [["read"]]:
                other.execute("ROLLBACK")
                writer.close()

        writer = Writer(apply, deliver)
        writer.put(task(lambda _: "first"))
        later = (task(lambda _: "second"), reading("read"), task(lambda _: "third"))
        company = threading.Thread(target=lambda: (tried.wait(10), writer.put(*later)))
        company.start()
        writer.serve(connection, files)
        company.join()
    assert done == [["read"], ["first"], ["second", "third"]]


async def test_what_only_reads_is_answered_before_what_came_with_it_waits(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    done: list[list[object]] = []
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")

        def deliver(operations: Sequence[Operation]) -> None:
            done.append([one.result for one in operations])
            if done == [["read"]]:
                other.execute("ROLLBACK")

        writer = Writer(apply, deliver)
        writer.put(task(lambda _: "write"), reading("read"))
        writer.close()
        writer.serve(connection, files)
    assert done == [["read"], ["write"]]


async def test_the_wait_for_another_program_counts_from_when_an_operation_came(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    begun = tries(connection)
    now = 0.0
    came: list[float] = []
    waited: dict[object, float] = {}

    def clock() -> float:
        nonlocal now
        now += 1.0
        if len(begun) == 2 and not came:
            came.append(now)
            writer.put(late)
            writer.close()
        return now

    def deliver(operations: Sequence[Operation]) -> None:
        for one in operations:
            waited[one] = now
            assert str(one.error) == "another program holds the database"

    writer = Writer(apply, deliver, patience=20.0, clock=clock)
    early, late = task(lambda _: None), task(lambda _: None)
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writer.put(early)
        writer.serve(connection, files)
    assert set(waited) == {early, late}
    assert 20.0 < waited[early] <= 23.0
    assert waited[late] - came[0] <= 23.0


async def test_a_read_that_fails_for_good_while_another_program_writes_leaves_nobody_without_an_answer(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    def fails(_: sqlite3.Connection) -> None:
        raise DatabaseUnusable("the disk is gone")

    tried = threading.Event()
    connection.set_trace_callback(lambda sql: tried.set() if sql == statements.BEGIN else None)
    done: list[Operation] = []
    writer = Writer(apply, done.extend)
    first, held, bad = task(lambda _: "first"), task(lambda _: "held"), reading(None)
    bad.run = fails
    writer.put(first)
    company = threading.Thread(target=lambda: (tried.wait(10), writer.put(held, bad)))
    company.start()
    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(DatabaseUnusable):
            writer.serve(connection, files)
    company.join()
    writer.close()
    writer.refuse_all()
    assert {first: DatabaseUnusable, held: NotStored, bad: NotStored} == {
        one: type(one.error) for one in done
    }


async def test_a_batch_has_its_limit_whatever_comes_at_once(
    connection: sqlite3.Connection, files: Files
) -> None:
    batches: list[list[object]] = []
    writer = Writer(apply, lambda done: batches.append([one.result for one in done]))
    writer.put(*(task(lambda _, number=number: number) for number in range(5000)))
    writer.close()
    writer.serve(connection, files)
    assert [len(batch) for batch in batches] == [2048, 2048, 904]
    assert [number for batch in batches for number in batch] == list(range(5000))


async def test_while_somebody_reads_for_too_long_the_log_stays_short_and_posts_are_told(
    connection: sqlite3.Connection, files: Files, tmp_path: Path
) -> None:
    answers: list[str] = []
    sizes: list[int] = []

    def write(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO blob VALUES (zeroblob(4000000))")

    def next_one(operations: Sequence[Operation]) -> None:
        answers.append(str(operations[0].error))
        sizes.append((tmp_path / "a.db-wal").stat().st_size)
        if len(answers) == 30:
            reader.execute("COMMIT")
        if len(answers) == 33:
            writer.close()
        else:
            writer.put(task(write))

    with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM blob").fetchall()
        writer = Writer(apply, next_one)
        writer.put(task(write))
        writer.serve(connection, files)
    refused = "another program has been reading the database for too long"
    assert answers[29:] == [refused, "None", "None", "None"]
    assert answers == sorted(answers[:30]) + answers[30:]
    assert max(sizes) < 64 << 20
    assert sizes[-1] < 16 << 20
