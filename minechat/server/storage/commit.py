"""Many operations in one transaction, so that one bad one cannot sink the rest."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

from minechat.errors import DatabaseUnusable, InvalidInput, NotStored
from minechat.server.storage import statements


@dataclass(slots=True, eq=False)
class Operation:
    """Something asked of the database; doing it leaves a result or an error in it."""

    future: asyncio.Future[Any]
    result: Any = field(default=None, init=False)
    error: Exception | None = field(default=None, init=False)


@dataclass(slots=True, eq=False)
class Task(Operation):
    """One callable. What only reads is run outside the transaction: a full disk does not stop it."""

    run: Callable[[sqlite3.Connection], Any]
    reads: bool = False


#: Does operations inside an open transaction and leaves each one's result in it.
Apply = Callable[[sqlite3.Connection, Sequence[Operation]], None]


class Unwritable(Exception):
    """Nothing can be written now, for the reason it holds."""


class Fault(Enum):
    OPERATION = "this operation cannot be done; its neighbours can"
    PASSING = "nothing can be written now; later it may"
    FATAL = "the engine or the disk failed; what it says cannot be trusted any more"


_OPERATION = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_TOOBIG,
}
DISK_FULL = "the disk of the server is full"
_PASSING = {
    sqlite3.SQLITE_FULL: DISK_FULL,
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
}


def fault(error: Exception) -> Fault:
    """What an exception means for its neighbours and for the server (https://sqlite.org/rescode.html)."""
    if isinstance(error, DatabaseUnusable | MemoryError):
        return Fault.FATAL
    if isinstance(error, Unwritable):
        return Fault.PASSING
    code = _code(error)
    if code is None or code in _OPERATION:
        return Fault.OPERATION
    return Fault.PASSING if code in _PASSING else Fault.FATAL


def _code(error: Exception) -> int | None:
    code: int | None = getattr(error, "sqlite_errorcode", None)
    # The index of the write-ahead log could not grow: a full disk, met before anything was written.
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:
        return sqlite3.SQLITE_FULL
    return None if code is None else code & 0xFF


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another program holds what is asked for."""
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def passing(error: Exception, lack_room: Callable[[], bool]) -> bool:
    """Whether nothing can be written now and later it may.

    :param lack_room: asked about a write that failed, for SQLite does not say whether a quota or a limit
        was in its way. Going on is as sound as on a full disk: a write that was refused left nothing
        behind, unlike a sync that failed.
    """
    if fault(error) is Fault.PASSING:
        return True
    return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_IOERR_WRITE and lack_room()


def commit(
    connection: sqlite3.Connection,
    operations: Sequence[Operation],
    apply: Apply,
    begin: Callable[[], object] | None = None,
    lack_room: Callable[[], bool] = lambda: False,
) -> bool:
    """Does the operations and commits what they wrote, all or nothing but for those that cannot be done.

    Returns whether there was room on the disk.

    :param begin: begins a transaction that writes, where the plain way will not do
    :param lack_room: see ``passing``
    :raises Exception: a FATAL one; nothing was acknowledged and nothing more may be
    """
    read(connection, operations)
    writes = [one for one in operations if not only_reads(one)]
    if not writes:
        return True
    try:
        _write(connection, writes, apply, begin or partial(connection.execute, statements.BEGIN))
    except Exception as error:
        if fault(error) is Fault.OPERATION:
            refuse(writes, "the database could not commit")
        elif passing(error, lack_room):
            refuse(writes, words := _words(error))
            return words != DISK_FULL
        else:
            raise
    return True


def only_reads(operation: Operation) -> bool:
    """Whether it needs no transaction."""
    return isinstance(operation, Task) and operation.reads


def read(connection: sqlite3.Connection, operations: Sequence[Operation]) -> None:
    """Does those of the operations that only read.

    :raises Exception: a FATAL one
    """
    for operation in operations:
        if isinstance(operation, Task) and operation.reads:
            _read(connection, operation)


def refuse(operations: Sequence[Operation], reason: str) -> None:
    """Leaves NotStored in each of the operations."""
    for operation in operations:
        operation.error = NotStored(reason)


def disown(operations: Sequence[Operation], reason: str) -> None:
    """Leaves DatabaseUnusable in each of the operations: a commit failed half-way.

    What the disk holds of them shows only after a restart, so nobody may be told that it is stored,
    nor that it is not.
    """
    for operation in operations:
        operation.error = DatabaseUnusable(reason)


def _read(connection: sqlite3.Connection, task: Task) -> None:
    try:
        task.result = task.run(connection)
    except Exception as error:
        if fault(error) is Fault.FATAL:
            raise
        task.error = _presentable(error)


def _words(error: Exception) -> str:
    return str(error) if isinstance(error, Unwritable) else _PASSING.get(_code(error) or 0, DISK_FULL)


def _write(
    connection: sqlite3.Connection, operations: Sequence[Operation], apply: Apply, begin: Callable[[], object]
) -> None:
    try:
        _transaction(connection, apply, operations, begin)
    except Exception as error:
        if fault(error) is not Fault.OPERATION:
            raise
        _transaction(connection, lambda *_: _one_by_one(connection, operations, apply), operations, begin)


def _transaction(
    connection: sqlite3.Connection, apply: Apply, operations: Sequence[Operation], begin: Callable[[], object]
) -> None:
    begin()
    try:
        apply(connection, operations)
        connection.execute(statements.COMMIT)
    except BaseException:
        # Some errors have rolled back already.
        if connection.in_transaction:
            connection.execute(statements.ROLLBACK)
        raise


def _one_by_one(connection: sqlite3.Connection, operations: Sequence[Operation], apply: Apply) -> None:
    for operation in operations:
        connection.execute(statements.SAVE)
        try:
            apply(connection, [operation])
        except Exception as error:
            if fault(error) is not Fault.OPERATION:
                raise
            connection.execute(statements.UNDO)
            operation.error = _presentable(error)
        connection.execute(statements.RELEASE)


def _presentable(error: Exception) -> Exception:
    """Foreign errors end here; a bug of ours stays what it is."""
    if isinstance(error, UnicodeEncodeError):
        return InvalidInput("it holds what is not Unicode text")
    if not isinstance(error, sqlite3.Error):
        return error
    refused = NotStored(_PASSING.get(_code(error) or 0, "the database refused it"))
    refused.__cause__ = error
    return refused
