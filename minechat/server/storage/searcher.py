"""What the thread of the search does: opens the index, makes it anew where it must, indexes, finds."""

import asyncio
import sqlite3
import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from minechat.errors import Refused
from minechat.server.log import event
from minechat.server.storage import search_statements, statements
from minechat.server.storage.messages import as_stored
from minechat.server.storage.own import PAGE, json_size
from minechat.server.storage.reading import LONGEST, reading
from minechat.server.storage.rows import Stored
from minechat.server.storage.search_index import Index, Interrupted, Misfit, Tight, Unready, remove
from minechat.server.storage.words import holds

#: Messages that are indexed in one transaction: while nobody waits, and while somebody does.
FEW, MANY = 128, 1024
#: Bytes that a message takes on a page besides its text, at most.
REST = 384
#: Seconds until an index that could not be used is tried again.
PAUSE = 60.0
#: An index that is damaged so often within so many seconds is not made again until they are over.
OFTEN, WHILE = 3, 3600.0


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What somebody asked.

    :param rooms: names, as the database has them
    :param below: the number of an entry; only those before it
    :param deadline: in the seconds of ``time.monotonic``
    """

    rooms: Sequence[str]
    wanted: Sequence[str]
    below: int
    most: int
    reader_id: int | None
    deadline: float
    future: asyncio.Future[Any] = field(repr=False)


def busy() -> Refused:
    """There is no answer now."""
    return Refused("it cannot be searched now", retry_after=5.0, code="busy")


class Searcher:
    """Finds messages of one database. All but ``stop`` belongs to one thread.

    :param path: of the database
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = path + ".search"
        self._index: Index | None = None
        self._stopping = False
        self._deadline = 0.0
        self._put_off_until = 0.0
        self._discarded: deque[float] = deque(maxlen=OFTEN)

    def stop(self) -> None:
        """What is under way is given up."""
        self._stopping = True

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def find(self, query: Query) -> tuple[Sequence[Stored], int | None]:
        """Messages, the newest first, and the entry that the page ends with; None when it is the last.

        :raises Refused: ``busy``
        """
        with self._looking(query.deadline) as database:
            for _ in range(2):
                try:
                    return self._find(database, query)
                except Misfit:
                    self._discard()
        raise busy()

    def index_some(self) -> bool:
        """Indexes a few messages; returns whether there is nothing more to do, or nothing can be done now."""
        try:
            with self._looking(time.monotonic() + LONGEST) as database:
                try:
                    return not self._index_some(database)
                except Misfit:
                    self._discard()
                    return False
        except Refused:
            return True

    def _find(self, database: sqlite3.Connection, query: Query) -> tuple[Sequence[Stored], int | None]:
        index = self._opened(database)
        rooms = []
        for name in query.rooms:
            for room_id, last in database.execute(search_statements.ROOM_END, (name,)):
                rooms.append(room_id)
                self._catch_up(database, index, room_id, last)
        return self._page(database, index, rooms, query)

    def _page(
        self, database: sqlite3.Connection, index: Index, rooms: Collection[int], query: Query
    ) -> tuple[Sequence[Stored], int | None]:
        found: list[Stored] = []
        size, end = 0, None
        for number, room_id, seq in index.find(
            query.wanted, rooms, below=query.below, most=query.most + 1, reader_id=query.reader_id
        ):
            row = database.execute(statements.MESSAGE, (room_id, seq, query.reader_id)).fetchone()
            if row is None or not holds(row[3], query.wanted):
                raise Misfit
            size += json_size(row[3]) + REST
            if found and (len(found) == query.most or size > PAGE):
                return found, end
            found.append(as_stored(row))
            end = number
        return found, None

    def _catch_up(self, database: sqlite3.Connection, index: Index, room_id: int, last: int) -> None:
        while index.lacks(room_id, last):
            if self._must_stop():
                raise Interrupted
            if not index.add_page(database, room_id, MANY):
                return

    def _index_some(self, database: sqlite3.Connection) -> bool:
        """Whether more is left to index, of what had been said when this began.

        What is said meanwhile is for later: one by one they would cost many times as much.
        """
        ends = [(room_id, last) for room_id, last in database.execute(search_statements.ROOM_ENDS) if last]
        if not ends:
            return False
        index = self._opened(database)
        lacking = [(room_id, last) for room_id, last in ends if index.lacks(room_id, last)]
        if not lacking or not index.add_page(database, lacking[0][0], FEW):
            return False
        return any(index.lacks(room_id, last) for room_id, last in lacking)

    def _opened(self, database: sqlite3.Connection) -> Index:
        if self._index is None:
            if time.monotonic() < self._put_off_until:
                raise Interrupted
            self._index = Index(self._file, self._must_stop)
            try:
                self._index.ensure_fits(database)
            except BaseException:
                self.close()
                raise
        return self._index

    @contextmanager
    def _looking(self, deadline: float) -> Iterator[sqlite3.Connection]:
        """The database, to be read until a deadline.

        :raises Refused: ``busy``, whatever stands in the way
        """
        self._deadline = deadline
        try:
            if self._must_stop():
                raise Interrupted
            with reading(self._path, self._must_stop) as database:
                yield database
        except sqlite3.ProgrammingError:
            raise
        except (Interrupted, Tight, sqlite3.Error) as error:
            raise busy() from error
        except Unready as error:
            self._put_off(str(error), PAUSE)
            raise busy() from error

    def _must_stop(self) -> bool:
        return self._stopping or time.monotonic() >= self._deadline

    def _discard(self) -> None:
        self.close()
        now = time.monotonic()
        if len(self._discarded) == OFTEN and self._discarded[0] > now - WHILE:
            self._put_off("it is damaged again and again", WHILE)
            raise Interrupted
        self._discarded.append(now)
        remove(self._file)
        event("search_begun_anew", file=self._file)

    def _put_off(self, reason: str, seconds: float) -> None:
        self.close()
        self._put_off_until = time.monotonic() + seconds
        event("search_put_off", file=self._file, reason=reason, seconds=seconds)
