"""The one thread that writes: takes all that was asked meanwhile and commits it together."""

import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue

from minechat.server.storage import BUSY_TIMEOUT, statements
from minechat.server.storage.commit import (
    Apply,
    Operation,
    Unwritable,
    commit,
    disown,
    is_busy,
    only_reads,
    passing,
    read,
    refuse,
)
from minechat.server.storage.files import Files
from minechat.server.storage.wal import BATCH, SHORT, Checkpoints, is_too_long

FAILED = "the database failed and the server is stopping"
READ_TOO_LONG = "another program has been reading the database for too long"
#: Seconds between two tries to get the database from another program.
PAUSE = 0.02
#: Seconds between two looks whether a disk that was full has room again, while nobody posts.
LOOK = 1.0
#: Bytes that a message of the greatest size may take on the disk, with what it drags along.
ROOM = 8192


class Writer:
    """A queue of operations and the loop that empties it; never waits for company.

    :param apply: does operations inside a transaction
    :param deliver: gets operations that are done; called in the thread. Those that write come in the
        order of the queue.
    :param patience: seconds that an operation waits for another program that holds the database
    :param checkpoints: when the log is copied into the database
    :param look: seconds between two looks for room on a disk that was full
    """

    def __init__(
        self,
        apply: Apply,
        deliver: Callable[[Sequence[Operation]], None],
        *,
        patience: float = BUSY_TIMEOUT,
        checkpoints: Checkpoints | None = None,
        look: float = LOOK,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._apply = apply
        self._deliver = deliver
        self._patience = patience
        self._checkpoints = checkpoints or Checkpoints()
        self._look = look
        self._clock = clock
        #: Whether the disk had room for what was written last, or has it again.
        self.has_room = True
        self._closing = False
        self._queue: SimpleQueue[Sequence[Operation] | None] = SimpleQueue()
        #: Taken out of the queue and not done yet, and when the first of them was.
        self._held: list[Operation] = []
        self._held_since = 0.0

    def put(self, *operations: Operation) -> None:
        """Queues operations in their order; the caller keeps their number in bounds."""
        self._queue.put(operations)

    def close(self) -> None:
        """``serve`` and ``refuse_all`` return when everything queued before this is done."""
        self._queue.put(None)

    def serve(self, connection: sqlite3.Connection, files: Files) -> None:
        """Commits batch after batch until it is closed.

        :param connection: one that does not wait for others itself
        :param files: checked before each batch
        :raises Exception: a commit failed for good; its operations are refused, the next must be too
        """
        while batch := self._take(files):
            try:
                log = files.check()
            except BaseException:
                self._refuse(batch)
                raise
            # At once: what only reads need not wait for what writes.
            writes = self._read(connection, batch)
            if writes:
                self._write(connection, files, log, writes)

    def _read(self, connection: sqlite3.Connection, operations: Sequence[Operation]) -> list[Operation]:
        """Does those that only read, and gives the others back."""
        reads = [one for one in operations if only_reads(one)]
        if not reads:
            return list(operations)
        try:
            read(connection, reads)
        except BaseException:
            self._refuse(operations)
            raise
        self._deliver(reads)
        return [one for one in operations if not only_reads(one)]

    def _refuse(self, operations: Sequence[Operation]) -> None:
        refuse(operations, FAILED)
        self._deliver(operations)

    def _write(
        self, connection: sqlite3.Connection, files: Files, log: int, writes: Sequence[Operation]
    ) -> None:
        begin = partial(self._begin, connection, log, self._held_since + self._patience)
        try:
            lack_room = partial(files.lack_room, len(writes) * ROOM)
            self.has_room = commit(connection, writes, self._apply, begin, lack_room)
        except BaseException:
            disown(writes, FAILED)
            raise
        finally:
            self._deliver(writes)
        self._checkpoints.note(len(writes))
        self._checkpoint(connection, files, at_once=not self.has_room or (log > SHORT and files.are_tight()))

    def refuse_all(self) -> None:
        """Refuses batch after batch until it is closed."""
        while batch := self._take():
            self._refuse(batch)

    def _take(self, files: Files | None = None) -> list[Operation]:
        """Everything that waits, up to the size of a batch; waits for the first one.

        :param files: looked at for room while nothing waits, where a disk was full
        """
        while files is not None and not (self.has_room or self._held or self._closing):
            self._held += self._asked(within=self._look)
            # A post would find out too; but nobody posts to a server that is said not to be ready.
            self.has_room = not self._held and not files.refuse(ROOM)
        batch, self._held = self._held, []
        with suppress(Empty):
            while not self._closing and len(batch) < BATCH:
                operations = self._queue.get(block=not batch)
                if not batch:
                    self._held_since = self._clock()
                if operations is None:
                    self._closing = True
                else:
                    batch.extend(operations)
        self._held = batch[BATCH:]
        return batch[:BATCH]

    def _begin(self, connection: sqlite3.Connection, log: int, deadline: float) -> None:
        if is_too_long(connection, log):
            raise Unwritable(READ_TOO_LONG)
        while True:
            try:
                connection.execute(statements.BEGIN)
            except sqlite3.OperationalError as error:
                if not is_busy(error) or self._clock() >= deadline:
                    raise
                self._read_meanwhile(connection)
            else:
                return

    def _read_meanwhile(self, connection: sqlite3.Connection) -> None:
        """Another program writes: that keeps nobody from being known by a token."""
        self._held += self._read(connection, self._asked(within=PAUSE))

    def _asked(self, within: float) -> Sequence[Operation]:
        """What is asked for within so many seconds."""
        try:
            operations = self._queue.get(timeout=within)
        except Empty:
            return ()
        if operations is None:
            self._closing = True
            return ()
        if not self._held:
            self._held_since = self._clock()
        return operations

    def _checkpoint(self, connection: sqlite3.Connection, files: Files, *, at_once: bool) -> None:
        make = self._checkpoints.make_room if at_once else self._checkpoints.make_when_due
        try:
            make(connection)
        except sqlite3.Error as error:
            if not passing(error, partial(files.lack_room, files.check())):
                raise
