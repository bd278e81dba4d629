"""A copy of a database while a server writes to it: many short looks, and yet of one moment.

SQLite's backup API would either read all of it in one transaction, during which the log cannot be emptied
and grows, or begin anew with each commit of the server. What was said is never changed, though: so the
first look takes all that is small and the number of the last message in each room, and the next ones take
the messages up to there, a few thousand at a time. The connection only reads the server's file, and rests
as long as it reads, so that the server's checkpoints find their moment.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from minechat.errors import BackupUnusable
from minechat.server.atomic import making
from minechat.server.storage import manifest, migrations, statements
from minechat.server.storage.database import (
    FAILURES,
    ensure_known,
    ensure_readable,
    file_path,
    reason,
    told,
)
from minechat.server.storage.manifest import TableDigest
from minechat.server.storage.reading import Stop, never, reading, uri, writing_alone

#: Messages of one look.
SLICE = 4096


def back_up(
    path: str,
    target: str,
    stop: Stop = never,
    *,
    messages: int = SLICE,
    rest: Callable[[float], None] = time.sleep,
) -> list[TableDigest]:
    """Writes a backup, and in it the digests of what it holds, which it returns.

    It holds the messages 1 to n of each room without a gap, their accounts, and all else as it was at that
    moment. It gets its name when it is whole and on the disk.

    :param target: a file that must not exist
    :param stop: the copy is given up when it says so, with ``BackupUnusable``
    :param messages: of one look
    :param rest: waits so many seconds
    :raises DatabaseUnusable: what is to be copied cannot be read
    :raises BackupUnusable: the backup cannot be written, or the database proved damaged; nothing is left
    """
    path = file_path(path)
    with told(path):
        ensure_readable(path)
        with reading(path, stop) as source:
            version = ensure_known(migrations.version_of(source))
    with _told(path, target), making(target) as new:
        with closing(writing_alone(new, stop)) as copy:
            copy.execute(statements.ATTACH_SOURCE, (uri(path, "mode=ro"),))
            migrations.build(copy, version)
            _copy(copy, version, messages, rest)
            copy.execute(statements.DETACH_SOURCE)
            found = manifest.digests(copy, version)
            manifest.write(copy, found)
        return found


@contextmanager
def _told(path: str, target: str) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise BackupUnusable(f"cannot back up {path!r} to {target!r}: {reason(error)}") from error
    except FAILURES as error:
        raise BackupUnusable(f"cannot write the backup {target!r}: {reason(error)}") from error


def _copy(connection: sqlite3.Connection, version: int, messages: int, rest: Callable[[float], None]) -> None:
    with _look(connection, rest):
        for sql in statements.CLEAR_BUILT:
            connection.execute(sql)
        for table in migrations.tables(version):
            if table != "message":
                connection.execute(statements.COPY_ROWS[table])
        lasts = connection.execute(statements.LAST_MESSAGES).fetchall()
    for room, last in lasts:
        for first in range(0, last, messages):
            with _look(connection, rest):
                connection.execute(statements.COPY_MESSAGES, (room, first, min(first + messages, last)))


@contextmanager
def _look(connection: sqlite3.Connection, rest: Callable[[float], None]) -> Iterator[None]:
    """One transaction that reads the source, and a rest after it that is as long."""
    began = time.monotonic()
    connection.execute(statements.BEGIN_READING)
    yield
    connection.execute(statements.COMMIT)
    rest(time.monotonic() - began)
