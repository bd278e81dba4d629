"""Full text search: a thread of its own that indexes what was said, a little at a time, and answers queries.

Posting pays nothing for it: the thread reads the database by a connection of its own, writes to a file of
its own, and rests most of the time. Whatever happens to that file, the chat goes on.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from minechat.errors import Refused
from minechat.server.storage.reading import LONGEST
from minechat.server.storage.rows import Stored
from minechat.server.storage.search_index import END
from minechat.server.storage.searcher import Query, Searcher, busy
from minechat.server.storage.words import MOST, words

#: Queries that may wait.
QUEUE_LIMIT = 16
#: Characters of a query that are looked at.
LONGEST_QUERY = 4096
#: Messages of one page of a search.
PAGE = 100
#: Seconds between two looks for something new, which whoever searches does not wait for.
DELAY = 2.0
#: The least rest after a little work, in seconds.
REST = 0.05
#: How many times as long as it worked the thread rests.
RESTS = 19


class Search:
    """The search of one database. ``start``, ``search``, ``stir`` and ``close`` belong to the event loop.

    :param path: of the database; the index lies beside it
    :param fail: called in the loop with what nobody expected, when the thread has ended by it
    """

    def __init__(self, path: str, fail: Callable[[BaseException], None]) -> None:
        self._searcher = Searcher(path)
        self._fail = fail
        self._loop = asyncio.get_running_loop()
        self._queue: SimpleQueue[Query | None] = SimpleQueue()
        self._waiting = 0
        self._stirred = False
        self._thread = Thread(target=self._serve, name="minechat-search", daemon=True)
        self._ended = asyncio.Event()
        self._closing = False

    def start(self) -> None:
        self._thread.start()

    def stir(self) -> None:
        """There is something new to be indexed, soon."""
        self._stirred = True

    async def close(self) -> None:
        """Gives up what is under way and closes the index."""
        if not self._closing:
            self._closing = True
            self._searcher.stop()
            self._queue.put(None)
        await self._ended.wait()
        self._thread.join()

    async def search(
        self, rooms: Sequence[str], query: str, before: str | None, most: int, reader_id: int | None
    ) -> tuple[Sequence[Stored], str | None]:
        """See ``Storage``."""
        wanted = words(query[:LONGEST_QUERY])[:MOST]
        if not wanted:
            raise Refused("there is no word to search for", code="empty")
        below = _number(before)
        if self._closing or self._ended.is_set():
            raise Refused("the server is stopping", code="stopping")
        if self._waiting >= QUEUE_LIMIT:
            raise busy()
        deadline, future = time.monotonic() + LONGEST, self._loop.create_future()
        most = max(1, min(most, PAGE))
        self._waiting += 1
        self._queue.put(Query(tuple(rooms), wanted, below, most, reader_id, deadline, future))
        try:
            # The thread keeps to the deadline, unless the disk keeps it.
            async with asyncio.timeout(LONGEST + 1):
                found, end = await future
        except TimeoutError:
            raise busy() from None
        return found, None if end is None else str(end)

    def _done(self, future: asyncio.Future[Any], result: object, error: BaseException | None) -> None:
        self._waiting -= 1
        if future.done():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    # From here on: the thread.

    def _serve(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001 - nothing may end this thread unheard
            self._call(self._fail, error)
        finally:
            self._searcher.close()
            self._call(self._ended.set)

    def _work(self) -> None:
        rest = DELAY
        while True:
            try:
                query = self._queue.get(timeout=rest)
            except Empty:
                rest = self._go_on()
                continue
            if query is None:
                return
            self._answer(query)

    def _go_on(self) -> float:
        """Indexes a little; returns how long to rest after it."""
        if not self._stirred:
            return DELAY
        # Before it looks: what comes meanwhile is looked at again.
        self._stirred = False
        began = time.monotonic()
        if self._searcher.index_some():
            return DELAY
        self._stirred = True
        return max(REST, RESTS * (time.monotonic() - began))

    def _answer(self, query: Query) -> None:
        result: object = None
        error: Exception | None = None
        if not query.future.cancelled():
            try:
                result = self._searcher.find(query)
            except Exception as caught:  # noqa: BLE001 - a bug that one query meets is for whoever asked
                error = caught
        self._call(self._done, query.future, result, error)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)


def _number(before: str | None) -> int:
    """The entry that a page ended with: as many digits as SQLite can hold."""
    if before is None:
        return END
    if not (before.isascii() and before.isdigit() and len(before) <= len(str(END))):
        raise Refused("that is no page of a search", code="bad_frame")
    return min(int(before), END)
