"""The database file: found or made, locked, private, whole, and of our schema."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from minechat import system
from minechat.errors import DatabaseUnusable
from minechat.server.storage import statements

#: What SQLite keeps beside the file (https://sqlite.org/tempfiles.html).
COMPANIONS = ("-wal", "-shm", "-journal")

Check = Callable[[], None]


@contextmanager
def opened(path: str, busy_timeout: float) -> Iterator[tuple[sqlite3.Connection, Check]]:
    """The one connection to a database, and a check that its files are still those that were opened.

    A file that is missing is made; one that is damaged, empty or not ours is left as it is.

    :raises DatabaseUnusable: with one line that names the file and what stands in the way
    """
    if path.startswith(":memory:"):
        raise DatabaseUnusable("a database in memory would keep nothing: name a file")
    try:
        path = os.path.abspath(path)
        with _locked(path):
            _ensure_file(path)
            with closing(_connect(path, busy_timeout)) as connection:
                _ensure_ours(connection)
                _make_private(path)
                yield connection, _check(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DatabaseUnusable(f"cannot use the database {path!r}: {reason}") from error
    except (_Unusable, sqlite3.Error) as error:
        raise DatabaseUnusable(f"cannot use the database {path!r}: {error}") from error


class _Unusable(Exception):
    """What stands in the way, in words that follow the name of the file."""


@contextmanager
def _locked(path: str) -> Iterator[None]:
    # SQLite's own locks would let a second server write between two commits of ours.
    fd = system.open_private(path + ".lock", os.O_RDWR | os.O_CREAT)
    try:
        if not system.lock(fd):
            raise _Unusable("a server that is running uses it")
        yield
    finally:
        os.close(fd)


def _ensure_file(path: str) -> None:
    if not os.path.lexists(path):
        _ensure_no_remains(path)
        _create(path)
    # Closed before SQLite opens it: closing any descriptor of a file drops the locks of the process.
    fd = system.open_private(path, os.O_RDWR)
    try:
        if not os.fstat(fd).st_size:
            raise _Unusable("it is empty; restore it, or remove it to begin anew")
    finally:
        os.close(fd)


def _ensure_no_remains(path: str) -> None:
    """A log without its database holds messages: a new database beside it would hide that they are lost."""
    for log in (path + "-wal", path + "-journal"):
        with suppress(FileNotFoundError):
            if os.lstat(log).st_size:
                raise _Unusable(f"it is gone, but its log {log!r} is still there; restore the file")


def _create(path: str) -> None:
    # Made whole under another name: whoever finds the file finds a database in it.
    new = path + ".new"
    for leftover in (new, new + "-journal"):
        with suppress(FileNotFoundError):
            os.unlink(leftover)
    os.close(system.open_private(new, os.O_RDWR | os.O_CREAT | os.O_EXCL))
    with closing(_connect(new)) as connection:
        connection.execute(statements.BEGIN)
        for table in statements.SCHEMA:
            connection.execute(table)
        connection.execute(statements.SET_SCHEMA_VERSION, (statements.SCHEMA_VERSION,))
        connection.execute(statements.COMMIT)
    os.rename(new, path)
    system.sync_folder(os.path.dirname(path))


def _connect(path: str, busy_timeout: float = 0.0) -> sqlite3.Connection:
    # By URI, so that SQLite never makes a file.
    uri = f"{Path(path).as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=busy_timeout)
    try:
        for pragma in statements.PRAGMAS:
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _ensure_ours(connection: sqlite3.Connection) -> None:
    try:
        (version,) = connection.execute(statements.GET_SCHEMA_VERSION).fetchone()
    except sqlite3.OperationalError:
        version = None
    if not isinstance(version, int):
        raise _Unusable("it is not a database of minechat")
    if version != statements.SCHEMA_VERSION:
        raise _Unusable(f"a newer minechat wrote it (schema {version}, known is {statements.SCHEMA_VERSION})")
    # Only now, for it changes a file that is not ours.
    (mode,) = connection.execute(statements.USE_WAL).fetchone()
    if mode != "wal":
        raise _Unusable("its file system cannot carry a write-ahead log")
    (finding,) = connection.execute(statements.QUICK_CHECK).fetchone()
    if finding != "ok":
        raise _Unusable("it is damaged; restore it from a copy")


def _make_private(path: str) -> None:
    """A file that was copied back may have lost its mode; what SQLite makes beside it has the same."""
    for name in (path, *(path + companion for companion in COMPANIONS)):
        with suppress(FileNotFoundError):
            os.chmod(name, 0o600)


def _check(path: str) -> Check:
    names = (path, path + "-wal")
    before = [os.stat(name) for name in names]

    def check() -> None:
        for name, status in zip(names, before, strict=True):
            try:
                same = os.path.samestat(os.stat(name), status)
            except FileNotFoundError:
                same = False
            if not same:
                raise DatabaseUnusable(f"{name!r} was removed or replaced while the server used it")

    return check
