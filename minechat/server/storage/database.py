"""The database file: found or made, locked, private, whole, and of our schema."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

from minechat import system
from minechat.errors import DatabaseUnusable
from minechat.server.atomic import making
from minechat.server.lockfile import is_locked, locked
from minechat.server.log import event
from minechat.server.storage import migrations, statements
from minechat.server.storage.files import Files
from minechat.server.storage.reading import uri, writing_alone
from minechat.text import safe

#: What SQLite keeps beside the file (https://sqlite.org/tempfiles.html).
COMPANIONS = ("-wal", "-shm", "-journal")
#: Those of them that may hold what the database lacks.
LOGS = ("-wal", "-journal")


class Unusable(Exception):
    """What stands in the way, in words that follow the name of the file."""


#: How the system, SQLite or we say that a file cannot be used.
FAILURES = (OSError, ValueError, sqlite3.Error, Unusable)


def reason(error: Exception) -> str:
    """Why, in one line: SQLite quotes what it found in a damaged file."""
    return safe(" ".join((getattr(error, "strerror", None) or str(error)).split()))


@contextmanager
def opened(path: str, busy_timeout: float) -> Iterator[tuple[sqlite3.Connection, Files]]:
    """The one connection that writes to a database, and its files.

    A file that is missing is made; one that is damaged, empty or not ours is left as it is.

    :raises DatabaseUnusable: with one line that names the file and what stands in the way
    """
    path = file_path(path)
    # SQLite's own locks would let a second server write between two commits of ours.
    with told(path), locked(path):
        _ensure_file(path)
        with closing(_connect(path, busy_timeout)) as connection:
            _ensure_ours(connection, path)
            _make_private(path)
            connection.execute(statements.NEVER_WAIT).fetchall()
            yield connection, Files(path)


def file_path(path: str) -> str:
    """The absolute path of a database.

    :raises DatabaseUnusable: it is in memory
    """
    if path.startswith(":memory:"):
        raise DatabaseUnusable("a database in memory would keep nothing: name a file")
    return os.path.abspath(path)


def ensure_placed(path: str) -> None:
    """See the function of this name in ``storage``."""
    path = file_path(path)
    with told(path):
        if not os.path.isdir(os.path.dirname(path)):
            raise Unusable("the folder it belongs in does not exist")
        if is_locked(path):
            raise Unusable("a server that is running uses it")


@contextmanager
def told(path: str) -> Iterator[None]:
    """Turns what goes wrong in the block into ``DatabaseUnusable`` with one line."""
    try:
        yield
    except FAILURES as error:
        raise DatabaseUnusable(f"cannot use the database {path!r}: {reason(error)}") from error


def _ensure_file(path: str) -> None:
    if not os.path.lexists(path):
        ensure_no_remains(path)
        _create(path)
    if not ensure_readable(path, os.O_RDWR):
        raise Unusable("it is empty; restore it, or remove it to begin anew")


def ensure_readable(path: str, flags: int = os.O_RDONLY) -> int:
    """The size of a regular file that may be opened so; SQLite would not tell why it may not.

    Not for a file that SQLite has open in this process: closing any descriptor of it drops its locks.

    :raises OSError: ``strerror`` says what stands there
    """
    fd = system.open_private(path, flags)
    try:
        return os.fstat(fd).st_size
    finally:
        os.close(fd)


def ensure_no_remains(path: str) -> None:
    """A log without its database holds messages: a new database beside it would hide that they are lost."""
    for log in (path + name for name in LOGS):
        with suppress(FileNotFoundError):
            if os.lstat(log).st_size:
                raise Unusable(f"it is gone, but its log {log!r} is still there; restore the file")


def _create(path: str) -> None:
    # Made whole under another name: whoever finds the file finds a database in it.
    with suppress(FileNotFoundError):
        os.unlink(path + ".new-journal")
    with making(path) as new, closing(_connect(new)) as connection:
        migrations.build(connection)


def _connect(path: str, busy_timeout: float = 0.0) -> sqlite3.Connection:
    # By URI, so that SQLite never makes a file.
    name = uri(path, "mode=rw")
    connection = sqlite3.connect(name, uri=True, isolation_level=None, timeout=busy_timeout)
    try:
        for pragma in statements.PRAGMAS:
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _ensure_ours(connection: sqlite3.Connection, path: str) -> None:
    version = ensure_known(migrations.version_of(connection))
    # Only now, for it changes a file that is not ours.
    (mode,) = connection.execute(statements.USE_WAL).fetchone()
    if mode != "wal":
        raise Unusable("its file system cannot carry a write-ahead log")
    ensure_whole(connection)
    if version < migrations.NEWEST:
        _migrate(connection, path, version)


def ensure_whole(connection: sqlite3.Connection) -> None:
    """Reads everything once. A bit that turned inside a text or a name is all that escapes it.

    :raises Unusable: something is damaged
    """
    checks = (statements.QUICK_CHECK, statements.CHECK_ACCOUNTS, statements.CHECK_ROOMS)
    is_whole = all(connection.execute(check).fetchone() == ("ok",) for check in checks)
    if not is_whole or connection.execute(statements.MISNUMBERED).fetchone():
        raise Unusable("it is damaged; restore it from a copy")


def ensure_known(version: int | None) -> int:
    """The version of a schema, if it is one that this program knows.

    :raises Unusable: it is not
    """
    if version is None:
        raise Unusable("it is not a database of minechat")
    if version > migrations.NEWEST:
        raise Unusable(f"a newer minechat wrote it (schema {version}, known is {migrations.NEWEST})")
    return version


def _migrate(connection: sqlite3.Connection, path: str, version: int) -> None:
    copy = f"{path}.before-{migrations.NEWEST}"

    def keep_copy() -> None:
        # A migration that was killed has left one; messages may have come since.
        with making(copy, replace=True) as new, closing(writing_alone(new)) as target:
            connection.backup(target)

    migrations.migrate(connection, version, keep_copy)
    event("database_migrated", schema=version, to=migrations.NEWEST, copy=copy)


def _make_private(path: str) -> None:
    """A file that was copied back may have lost its mode; what SQLite makes beside it has the same."""
    for name in (path, *(path + companion for companion in COMPANIONS)):
        with suppress(FileNotFoundError):
            os.chmod(name, 0o600)
