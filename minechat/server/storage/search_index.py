"""The index of words: a file beside the database that may be lost at any time, for it can be made again."""

import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress

from minechat import system
from minechat.server.storage import search_statements as statements
from minechat.server.storage.database import reason
from minechat.server.storage.reading import STEPS, Stop, uri
from minechat.server.storage.words import RULE, entry, question

#: Bytes of free disk that are left to the messages themselves.
LITTLE = 64 << 20
#: Rooms of a question up to which the index itself looks for them.
FEW = 64
#: A number of an entry is the time of its message in milliseconds and, below it, which one of that moment.
_SHIFT = 21
_TIMES = (1 << 63 - _SHIFT) - 1
END = (1 << 63) - 1

#: What stands in the way now and may not later: the disk, its room, another program, a deadline.
_PASSING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
}


class Unready(Exception):
    """The index cannot be used now, for the reason it holds."""


class Tight(Unready):
    """The room on the disk is left to the messages; what is indexed can be searched."""


class Interrupted(Exception):
    """A deadline has passed."""


class Misfit(Exception):
    """The index is damaged, or of another database: it has to be made again."""


class Index:
    """One index, open. Belongs to one thread.

    :param path: its file, which is made when it is missing
    :param stop: asked often whether to give up what is under way
    :raises Unready: the file cannot be made or opened
    :raises Misfit: what is there is no index by the rules of today
    """

    def __init__(self, path: str, stop: Stop) -> None:
        self._path = path
        with _told():
            is_new = _ensure_file(path)
            self._connection = sqlite3.connect(uri(path, "mode=rw"), uri=True, isolation_level=None)
            try:
                self._prepare(stop, is_new)
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        with suppress(sqlite3.Error):
            self._connection.close()

    def ensure_fits(self, database: sqlite3.Connection) -> None:
        """Makes sure that what is indexed is what the database holds.

        :raises Misfit: in some room it is not
        """
        with _told():
            rows = self._connection.execute(statements.GET_INDEXED).fetchall()
        for room_id, seq, digest in rows:
            found = database.execute(statements.GET_ONE, (room_id, seq)).fetchone()
            if found is None or _digest(found) != digest:
                raise Misfit
            self._ends[room_id] = seq

    def lacks(self, room_id: int, last: int) -> bool:
        """Whether messages of a room are not indexed yet, up to its last one."""
        return self._ends.get(room_id, 0) < last

    def add_page(self, database: sqlite3.Connection, room_id: int, most: int) -> int:
        """Indexes the next messages of a room; returns how many.

        :raises Tight: there is little room on the disk; nothing was indexed
        :raises Unready: the disk fails; nothing was indexed
        """
        rows = database.execute(statements.GET_PAGE, (room_id, self._ends.get(room_id, 0), most)).fetchall()
        if not rows:
            return 0
        _ensure_room(self._path)
        with _told(), self._transaction():
            self._add(room_id, rows)
        self._ends[room_id] = rows[-1][0]
        return len(rows)

    def find(
        self,
        wanted: Sequence[str],
        room_ids: Collection[int],
        *,
        below: int,
        most: int,
        reader_id: int | None,
    ) -> list[tuple[int, int, int]]:
        """The number of the entry, the room and the number of each message that is found, the newest first.

        :param below: only entries with a smaller number
        :param reader_id: whose hidden messages may be found
        """
        asked = question(wanted, room_ids if len(room_ids) <= FEW else ())
        values = (asked, below, json.dumps(list(room_ids)), reader_id, most)
        with _told():
            return self._connection.execute(statements.FIND, values).fetchall()

    def _prepare(self, stop: Stop, is_new: bool) -> None:
        self._connection.set_progress_handler(stop, STEPS)
        for pragma in statements.PRAGMAS:
            self._connection.execute(pragma).fetchall()
        if is_new:
            with self._transaction():
                for sql in statements.SCHEMA:
                    self._connection.execute(sql)
                self._connection.execute(statements.SET_RULE, (RULE,))
        if self._connection.execute(statements.GET_RULE).fetchall() != [(RULE,)]:
            raise Misfit
        self._ends: dict[int, int] = {}

    def _add(self, room_id: int, rows: Sequence[tuple[int, int, str, int, int]]) -> None:
        places, texts = [], []
        numbers = self._numbers()
        next(numbers)
        for seq, account_id, text, said_at, hidden in rows:
            number = numbers.send(said_at)
            places.append((number, room_id, seq, account_id if hidden else None))
            texts.append((number, entry(room_id, text)))
        self._connection.executemany(statements.ADD_PLACE, places)
        self._connection.executemany(statements.ADD_WORDS, texts)
        values = (room_id, rows[-1][0], _digest(rows[-1]))
        self._connection.execute(statements.SET_INDEXED, values)

    def _numbers(self) -> Generator[int, int, None]:
        """Given the time of a message, the number of its entry: a later one has a greater number."""
        last: dict[int, int] = {}
        number = 0
        while True:
            said_at = yield number
            first = max(0, min(said_at, _TIMES)) << _SHIFT
            if first not in last:
                span = (first, first + (1 << _SHIFT) - 1)
                (there,) = self._connection.execute(statements.LAST_PLACE, span).fetchone()
                last[first] = first - 1 if there is None else there
            number = last[first] = last[first] + 1

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute(statements.BEGIN)
        try:
            yield
            self._connection.execute(statements.COMMIT)
        except BaseException:
            # Some errors have rolled back already.
            if self._connection.in_transaction:
                self._connection.execute(statements.ROLLBACK)
            raise


def remove(path: str) -> None:
    """Removes an index.

    :raises Unready: it cannot be removed
    """
    for name in (path, path + "-wal", path + "-shm", path + "-journal"):
        try:
            os.unlink(name)
        except FileNotFoundError:
            continue
        except OSError as error:
            raise Unready(reason(error)) from error


@contextmanager
def _told() -> Iterator[None]:
    """Turns what the engine says of the index into what it means.

    :raises Interrupted: a deadline has passed
    :raises Unready: it cannot be used now
    :raises Misfit: it is damaged
    """
    try:
        yield
    except OSError as error:
        raise Unready(reason(error)) from error
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        if code == sqlite3.SQLITE_INTERRUPT:
            raise Interrupted from error
        if code in _PASSING:
            raise Unready(reason(error)) from error
        raise Misfit from error


def _ensure_file(path: str) -> bool:
    """Makes a private file where there is none; returns whether the index in it has to be made."""
    if not os.path.lexists(path):
        _ensure_room(path)
    fd = system.open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        is_new = os.fstat(fd).st_size == 0
    finally:
        os.close(fd)
    os.chmod(path, 0o600)
    return is_new


def _ensure_room(path: str) -> None:
    if shutil.disk_usage(os.path.dirname(path)).free < LITTLE:
        raise Tight


def _digest(row: Sequence[object]) -> bytes:
    """What tells one message from another that has its number."""
    return hashlib.sha256(ascii(row).encode()).digest()
