"""SQLite without sockets: what durability itself costs, measured in the same run."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

TEXT = "a line of eighty bytes, as people in a chat would write it, or near enough to it"
SETTINGS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")
TABLE = (
    "CREATE TABLE message (room INTEGER, seq INTEGER, account INTEGER, text TEXT, said_at REAL, "
    "PRIMARY KEY (room, seq)) WITHOUT ROWID"
)
INSERT = "INSERT INTO message VALUES (1, ?, 1, ?, ?)"


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    with closing(
        sqlite3.connect(folder / "bare.db", isolation_level=None, check_same_thread=False)
    ) as connection:
        for statement in (*SETTINGS, TABLE):
            connection.execute(statement).fetchall()
        yield connection


def commits(folder: Path, count: int, gap: float = 0.0) -> list[float]:
    """Seconds of each of ``count`` commits of one row at synchronous=FULL, begun at least ``gap`` apart."""
    seconds = []
    with _database(folder) as connection:
        for number in range(count):
            began = time.perf_counter()
            connection.execute(INSERT, (number, TEXT, began))  # without BEGIN, each statement commits
            seconds.append(time.perf_counter() - began)
            time.sleep(max(0.0, gap - seconds[-1]))
    return seconds


class GroupCommit:
    """A group-commit loop on asyncio with SQLite in one thread: no socket, no wire, no rules.

    Each of the posters is a task that hands over its message and waits until it is on the disk, then hands
    over the next. The thread takes all that was handed over while it committed, numbers each, and commits
    them in one transaction; then the loop wakes the tasks.
    """

    def __init__(self, connection: sqlite3.Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._queued: list[asyncio.Future[None]] = []
        self._news = threading.Event()
        self.committed = 0
        self.waits: list[float] = []

    async def post(self, end: float) -> None:
        """One poster, until ``end`` on the clock of time.perf_counter."""
        while (said := time.perf_counter()) < end:
            stored = self._loop.create_future()
            self._queued.append(stored)
            self._news.set()
            await stored
            self.waits.append(time.perf_counter() - said)

    def commit_until(self, end: float) -> None:
        """The thread: one transaction after another, until ``end`` has passed and nobody waits."""
        while time.perf_counter() < end or self._queued:
            self._news.wait(0.01)
            self._news.clear()
            batch, self._queued = self._queued, []
            if batch:
                self._commit(len(batch))
                self._loop.call_soon_threadsafe(_wake, batch)

    def _commit(self, count: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        for _ in range(count):
            self.committed += 1
            self._connection.execute(INSERT, (self.committed, TEXT, time.time()))
        self._connection.execute("COMMIT")


def _wake(batch: list[asyncio.Future[None]]) -> None:
    for stored in batch:
        stored.set_result(None)


async def group_commits(folder: Path, posters: int, seconds: float) -> tuple[float, list[float]]:
    """Messages a second of the group-commit loop, and the seconds each message waited."""
    loop = asyncio.get_running_loop()
    with _database(folder) as connection:
        group = GroupCommit(connection, loop)
        began = time.perf_counter()
        end = began + seconds
        thread = loop.run_in_executor(None, group.commit_until, end)
        await asyncio.gather(*(group.post(end) for _ in range(posters)))
        took = time.perf_counter() - began
        await thread
    return len(group.waits) / took, group.waits
