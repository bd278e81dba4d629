"""Connections beside the writer's: those that only read, each for a short time, and to files of our own."""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from minechat.server.storage import statements

#: Seconds that one look may take: the log of the database cannot be emptied meanwhile, and grows.
LONGEST = 5.0
#: Steps of SQLite's machine between two questions whether to go on.
STEPS = 10_000

#: Says whether to stop; asked often, from the thread that works.
Stop = Callable[[], bool]


def never() -> bool:
    """Nothing asks to stop."""
    return False


def overdue(seconds: float, clock: Callable[[], float] = time.monotonic) -> Stop:
    """A ``Stop`` that says so from then on."""
    end = clock() + seconds
    return lambda: clock() >= end


def uri(path: str, mode: str) -> str:
    """The name of a file for SQLite, which so never makes one.

    :param mode: ``mode=ro``, ``mode=rw``, or ``immutable=1`` for a file that nobody changes
    """
    return f"{Path(path).absolute().as_uri()}?{mode}"


@contextmanager
def reading(path: str, stop: Stop = never, *, mode: str = "mode=ro") -> Iterator[sqlite3.Connection]:
    """A connection that cannot write; what it runs ends with ``SQLITE_INTERRUPT`` when ``stop`` says so.

    It never checkpoints: only the last connection to close does, and one that may write. Two that do
    so at once can damage the log before SQLite 3.51.3 (https://sqlite.org/wal.html).

    :raises sqlite3.Error: it cannot be opened
    """
    connection = sqlite3.connect(uri(path, mode), uri=True, isolation_level=None, timeout=LONGEST)
    with closing(connection):
        connection.set_progress_handler(stop, STEPS)
        connection.execute(statements.DISTRUST).fetchall()
        yield connection


def writing_alone(path: str, stop: Stop = never) -> sqlite3.Connection:
    """A connection to a file that nobody else knows yet; who calls makes it durable as a whole.

    :raises sqlite3.Error: it cannot be opened
    """
    connection = sqlite3.connect(uri(path, "mode=rw"), uri=True, isolation_level=None)
    try:
        connection.set_progress_handler(stop, STEPS)
        for pragma in (*statements.UNLOGGED, statements.DISTRUST):
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection
