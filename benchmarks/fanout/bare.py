"""SQLite alone, without sockets and threads: what durability itself costs, measured in the same run."""

import sqlite3
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
    with closing(sqlite3.connect(folder / "bare.db", isolation_level=None)) as connection:
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


def group_commits(folder: Path, posters: int, seconds: float) -> tuple[float, list[float]]:
    """Messages a second of a group-commit loop in one thread, and the seconds each message waited.

    Each of the ``posters`` says its next message the moment the last one is on the disk, so while one commit
    runs all of them queue: each transaction takes what was queued meanwhile, a row at a time, as a server
    has to that numbers messages one by one.
    """
    waits = []
    with _database(folder) as connection:
        began = now = time.perf_counter()
        queued = [now] * posters
        number = 0
        while now < began + seconds:
            connection.execute("BEGIN IMMEDIATE")
            for said in queued:
                number += 1
                connection.execute(INSERT, (number, TEXT, said))
            connection.execute("COMMIT")
            now = time.perf_counter()
            waits += [now - said for said in queued]
            queued = [now] * posters
    return number / (now - began), waits
