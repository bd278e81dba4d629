"""Many operations in one transaction, so that one bad one cannot sink the rest."""

import asyncio
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum
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
_PASSING = {
    sqlite3.SQLITE_FULL: "the disk of the server is full",
    sqlite3.SQLITE_BUSY: "another program holds the database",
    sqlite3.SQLITE_LOCKED: "another program holds the database",
}


def fault(error: Exception) -> Fault:
    """What an exception means for its neighbours and for the server (https://sqlite.org/rescode.html)."""
    if isinstance(error, DatabaseUnusable | MemoryError):
        return Fault.FATAL
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


def commit(connection: sqlite3.Connection, operations: Sequence[Operation], apply: Apply) -> None:
    """Does the operations and commits what they wrote, all or nothing but for those that cannot be done.

    :raises Exception: a FATAL one; nothing was acknowledged and nothing more may be
    """
    writes = []
    for operation in operations:
        if isinstance(operation, Task) and operation.reads:
            _read(connection, operation)
        else:
            writes.append(operation)
    if not writes:
        return
    try:
        _write(connection, writes, apply)
    except Exception as error:
        if fault(error) is Fault.FATAL:
            raise
        refuse(writes, _PASSING.get(_code(error) or 0, "the database could not commit"))


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


def _write(connection: sqlite3.Connection, operations: Sequence[Operation], apply: Apply) -> None:
    try:
        _transaction(connection, apply, operations)
    except Exception as error:
        if fault(error) is not Fault.OPERATION:
            raise
        _transaction(connection, lambda *_: _one_by_one(connection, operations, apply), operations)


def _transaction(connection: sqlite3.Connection, apply: Apply, operations: Sequence[Operation]) -> None:
    connection.execute(statements.BEGIN)
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
