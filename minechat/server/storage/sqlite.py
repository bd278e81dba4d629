"""Storage in one SQLite file: the event loop asks, the writer's thread does and answers."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractContextManager, asynccontextmanager, suppress
from functools import partial
from itertools import groupby
from threading import Thread
from typing import Any, Never

from minechat.errors import NotStored
from minechat.server.log import event
from minechat.server.storage import statements
from minechat.server.storage.asked import Result
from minechat.server.storage.commit import Operation, Task
from minechat.server.storage.database import file_path, opened
from minechat.server.storage.files import Files
from minechat.server.storage.members import Members
from minechat.server.storage.messages import Batch, Post
from minechat.server.storage.orders import NO_KEYS, Orders
from minechat.server.storage.own import OwnData
from minechat.server.storage.rooms import Rooms
from minechat.server.storage.rows import AccountRow, Candidate, Stored
from minechat.server.storage.search import Search
from minechat.server.storage.wal import SAFE_FOR_MANY
from minechat.server.storage.writer import Writer


@asynccontextmanager
async def open_sqlite(
    path: str,
    *,
    on_committed: Callable[[Sequence[Stored]], None],
    clock: Callable[[], float],
    queue_limit: int,
    busy_timeout: float,
) -> AsyncIterator["SqliteStorage"]:
    """See ``open_storage``."""
    _tell_of_engine()
    database = partial(opened, path, busy_timeout)
    storage = SqliteStorage(
        path,
        database,
        on_committed=on_committed,
        clock=clock,
        queue_limit=queue_limit,
        patience=busy_timeout,
    )
    storage.start()
    try:
        await storage.opened
        storage.start_search()
        yield storage
    finally:
        await storage.close()


class SqliteStorage(Orders, Rooms, Members, OwnData):
    """A ``Storage``. Its methods belong to the event loop, ``_serve`` and what it calls to the thread.

    The thread is joined when the storage is closed; it is a daemon for the sake of a loop that ends
    without closing it, which must not keep the process alive.
    """

    def __init__(
        self,
        path: str,
        open_database: Callable[[], AbstractContextManager[tuple[sqlite3.Connection, Files]]],
        *,
        on_committed: Callable[[Sequence[Stored]], None],
        clock: Callable[[], float],
        queue_limit: int,
        patience: float,
    ) -> None:
        super().__init__(path)
        self._open_database = open_database
        self._on_committed = on_committed
        self._clock = clock
        self._queue_limit = queue_limit
        self._loop = asyncio.get_running_loop()
        self._writer = Writer(self._apply, self._deliver, patience=patience)
        self._thread = Thread(target=self._serve, name="minechat-storage", daemon=True)
        self._waiting = 0
        self._gathered: list[Operation] = []
        self._closing = False
        self._failure: BaseException | None = None
        self._failed = asyncio.Event()
        self._ended = asyncio.Event()
        self.opened: asyncio.Future[None] = self._loop.create_future()
        self._search: Search | None = None

    @property
    def takes_posts(self) -> bool:
        return self._writer.has_room

    def start(self) -> None:
        self._thread.start()

    def start_search(self) -> None:
        """Once the database is open: what is searched must be there."""
        self._search = Search(file_path(self._path), self._fail)
        self._search.start()
        self._search.stir()

    async def close(self) -> None:
        """Waits until everything queued is stored and the file is closed."""
        if not self._closing:
            self._closing = True
            self._hand_over()
            self._writer.close()
        if self._search is not None:
            await self._search.close()
        await self._ended.wait()
        self._thread.join()

    def say(
        self,
        account_id: int,
        nick: str,
        room: str,
        text: str,
        *,
        key: str | None = None,
        hidden: bool = False,
        origin: object = None,
    ) -> asyncio.Future[Stored]:
        future, now = self._loop.create_future(), self._loop.time()
        return self._put(Post(future, account_id, nick, room, text, key, hidden, origin, now))

    async def add_account(
        self, candidates: Callable[[], Iterator[Candidate]], token_hash: bytes
    ) -> AccountRow:
        def add(connection: sqlite3.Connection) -> AccountRow:
            return _add_account(connection, candidates(), token_hash, self._now())

        return await self._do(add)

    async def account_by_token(self, token_hash: bytes) -> AccountRow | None:
        def find(connection: sqlite3.Connection) -> AccountRow | None:
            return _account_by_token(connection, token_hash)

        return await self._do(find, reads=True)

    async def search(
        self, rooms: Sequence[str], query: str, before: str | None, most: int, reader_id: int | None
    ) -> tuple[Sequence[Stored], str | None]:
        assert self._search is not None
        return await self._search.search(rooms, query, before, most, reader_id)

    async def broken(self) -> Never:
        await self._failed.wait()
        assert self._failure is not None
        raise self._failure

    async def _do(self, work: Callable[[sqlite3.Connection], Result], *, reads: bool = False) -> Result:
        result: Result = await self._put(Task(self._loop.create_future(), work, reads=reads))
        return result

    def _put(self, operation: Operation) -> asyncio.Future[Any]:
        if self._closing or self._failure is not None:
            operation.future.set_exception(NotStored("the server is stopping"))
        elif self._waiting >= self._queue_limit:
            operation.future.set_exception(NotStored("the server is too busy"))
        else:
            self._waiting += 1
            if not self._gathered:
                self._loop.call_soon(self._hand_over)
            self._gathered.append(operation)
        return operation.future

    def _hand_over(self) -> None:
        # All that one turn of the loop brought goes into one commit: with 200 posters that is three times
        # the messages a second of waking the thread for each.
        operations, self._gathered = self._gathered, []
        self._writer.put(*operations)

    def _finish(self, operations: Sequence[Operation]) -> None:
        """In the loop: authors are told first, then readers hear; a thousand of them take a while."""
        self._waiting -= len(operations)
        now = self._loop.time()
        stored = []
        for operation in operations:
            if isinstance(operation, Post) and operation.error is None:
                operation.result = operation.earlier or operation.stored(now)
                if operation.earlier is None:
                    stored.append(operation.result)
            _resolve(operation)
        if stored and self._search is not None:
            self._search.stir()
        try:
            if stored:
                self._on_committed(stored)
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, failure: BaseException) -> None:
        if self._failure is None:
            self._failure = failure
            self._failed.set()

    # From here on: the thread.

    def _serve(self) -> None:
        try:
            with self._open_database() as (connection, files):
                self._call(_set, self.opened, None)
                self._writer.serve(connection, files)
        except BaseException as error:  # noqa: BLE001 - nothing may end this thread unheard
            self._call(self._fail_or_refuse, error)
            self._writer.refuse_all()
        self._call(self._ended.set)

    def _fail_or_refuse(self, error: BaseException) -> None:
        if self.opened.done():
            self._fail(error)
        else:
            self.opened.set_exception(error)

    def _call(self, function: Callable[..., object], *arguments: object) -> None:
        # A loop that is closed has nobody left to tell.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def _deliver(self, operations: Sequence[Operation]) -> None:
        self._call(self._finish, operations)

    def _now(self) -> int:
        return round(self._clock() * 1000)

    def _apply(self, connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
        batch = Batch(connection, self._now())
        for kind, group in groupby(operations, type):
            if kind is Post:
                batch.write([one for one in group if isinstance(one, Post)])
            else:
                for task in (one for one in group if isinstance(one, Task)):
                    task.result = task.run(connection)


def _tell_of_engine() -> None:
    """Older ones can damage the log when two connections write at once (https://sqlite.org/wal.html)."""
    if sqlite3.sqlite_version_info < SAFE_FOR_MANY:
        event("single_writer_kept", sqlite=sqlite3.sqlite_version, reason="older than 3.51.3")


def _set(future: asyncio.Future[Any], result: object) -> None:
    if not future.done():
        future.set_result(result)


def _resolve(operation: Operation) -> None:
    if operation.future.done():  # cancelled: what it asked for is done all the same
        return
    if operation.error is None:
        operation.future.set_result(operation.result)
    else:
        operation.future.set_exception(operation.error)


def _add_account(
    connection: sqlite3.Connection, candidates: Iterator[Candidate], token_hash: bytes, created_at: int
) -> AccountRow:
    known = _account_by_token(connection, token_hash)
    if known is not None:
        return known
    for one in candidates:
        values = (one.epithet, one.nick, one.name, *(one.keys or NO_KEYS), token_hash, created_at)
        row = connection.execute(statements.ADD_ACCOUNT, values).fetchone()
        if row is not None:
            return AccountRow(row[0], one.name)
    raise NotStored("every name that was tried is taken")


def _account_by_token(connection: sqlite3.Connection, token_hash: bytes) -> AccountRow | None:
    row = connection.execute(statements.GET_ACCOUNT, (token_hash,)).fetchone()
    return None if row is None else AccountRow(*row)
