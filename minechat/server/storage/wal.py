"""The write-ahead log, kept short: when it is copied into the database, and who is told when it cannot be.

See https://sqlite.org/wal.html. A page that is written goes to the log; a checkpoint copies it into the
database. Whoever reads keeps the log from being begun anew meanwhile, so that it grows.
"""

import sqlite3

from minechat.server.storage import statements

#: The first version of SQLite in which a second connection that writes could do no harm.
SAFE_FOR_MANY = (3, 51, 3)
#: Bytes of the log beyond which it is emptied at every chance; in good order it never gets so long.
LONG = 40 << 20
#: Bytes of the log on a disk that has little room.
SHORT = 1 << 20
#: Bytes beyond which nothing more is written. A batch adds 11 MiB at most: the log stays under 64 MiB.
TOO_LONG = 48 << 20
#: Operations of one batch; a message of 4 KiB takes a page and a third.
BATCH = 2048


class Checkpoints:
    """When to checkpoint.

    :param commits: after so many commits ...
    :param operations: ... or so many operations
    """

    def __init__(self, commits: int = 500, operations: int = 4 * BATCH) -> None:
        self._most = (commits, operations)
        self._commits = self._operations = 0

    def note(self, operations: int) -> None:
        """So many operations were committed."""
        self._commits += 1
        self._operations += operations

    def make_when_due(self, connection: sqlite3.Connection) -> None:
        """:raises sqlite3.Error: nothing was lost; it stays due"""
        if self._commits >= self._most[0] or self._operations >= self._most[1]:
            self._make(connection, statements.CHECKPOINT)

    def make_room(self, connection: sqlite3.Connection) -> None:
        """Empties the log: pages that were written often take more room there than in the database.

        :raises sqlite3.Error: nothing was lost; there is no room still
        """
        self._make(connection, statements.EMPTY_LOG)

    def _make(self, connection: sqlite3.Connection, checkpoint: str) -> None:
        connection.execute(checkpoint).fetchall()
        self._commits = self._operations = 0


def is_too_long(connection: sqlite3.Connection, size: int, *, long: int = LONG, most: int = TOO_LONG) -> bool:
    """Whether nothing may be written because somebody reads for too long. Empties the log if it can.

    :param connection: one that does not wait for others
    :param size: of the log, in bytes
    :raises sqlite3.Error: the log could not be copied
    """
    if size <= long:
        return False
    (is_held, *_) = connection.execute(statements.EMPTY_LOG).fetchone()
    return bool(is_held) and size > most
