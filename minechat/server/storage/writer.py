"""The one thread that writes: takes all that was asked meanwhile and commits it together."""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue

from minechat.server.storage import statements
from minechat.server.storage.commit import Apply, Fault, Operation, commit, disown, fault, refuse

FAILED = "the database failed and the server is stopping"


class Writer:
    """A queue of operations and the loop that empties it; never waits for company.

    :param apply: does operations inside a transaction
    :param deliver: gets operations that are done, in the order of the queue; called in the thread
    :param checkpoint_commits: the log is copied into the database after so many commits ...
    :param checkpoint_operations: ... or after so many operations, which keeps it under 64 MiB
    """

    def __init__(
        self,
        apply: Apply,
        deliver: Callable[[Sequence[Operation]], None],
        *,
        checkpoint_commits: int = 500,
        checkpoint_operations: int = 8192,
    ) -> None:
        self._apply = apply
        self._deliver = deliver
        self._checkpoint_commits = checkpoint_commits
        self._checkpoint_operations = checkpoint_operations
        self._commits = 0
        self._operations = 0
        self._closing = False
        self._queue: SimpleQueue[Sequence[Operation] | None] = SimpleQueue()

    def put(self, *operations: Operation) -> None:
        """Queues operations in their order; the caller keeps their number in bounds."""
        self._queue.put(operations)

    def close(self) -> None:
        """``serve`` and ``refuse_all`` return when everything queued before this is done."""
        self._queue.put(None)

    def serve(self, connection: sqlite3.Connection, check: Callable[[], None]) -> None:
        """Commits batch after batch until it is closed.

        :param check: called before each batch; raises when the files are no longer those opened
        :raises Exception: a commit failed for good; its operations are refused, the next must be too
        """
        while batch := self._take():
            try:
                self._store(connection, check, batch)
            finally:
                self._deliver(batch)
            self._checkpoint_when_due(connection, len(batch))

    def _store(
        self, connection: sqlite3.Connection, check: Callable[[], None], batch: Sequence[Operation]
    ) -> None:
        try:
            check()
        except BaseException:
            refuse(batch, FAILED)
            raise
        try:
            commit(connection, batch, self._apply)
        except BaseException:
            disown(batch, FAILED)
            raise

    def refuse_all(self) -> None:
        """Refuses batch after batch until it is closed."""
        while batch := self._take():
            refuse(batch, FAILED)
            self._deliver(batch)

    def _take(self) -> list[Operation]:
        batch: list[Operation] = []
        with suppress(Empty):
            while not self._closing:
                operations = self._queue.get(block=not batch)
                if operations is None:
                    self._closing = True
                else:
                    batch.extend(operations)
        return batch

    def _checkpoint_when_due(self, connection: sqlite3.Connection, operations: int) -> None:
        self._commits += 1
        self._operations += operations
        if self._commits < self._checkpoint_commits and self._operations < self._checkpoint_operations:
            return
        try:
            connection.execute(statements.CHECKPOINT).fetchall()
        except sqlite3.Error as error:
            if fault(error) is Fault.FATAL:
                raise
        else:
            self._commits = self._operations = 0
