"""A database made from a backup: examined before, copied, examined again, and never over another one."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from minechat import system
from minechat.errors import BackupUnusable
from minechat.server.atomic import making
from minechat.server.lockfile import locked
from minechat.server.storage import manifest, migrations, statements
from minechat.server.storage.database import (
    FAILURES,
    LOGS,
    Unusable,
    ensure_known,
    ensure_readable,
    file_path,
    reason,
    told,
)
from minechat.server.storage.manifest import TableDigest
from minechat.server.storage.reading import Stop, never, reading, writing_alone


def restore(backup: str, path: str, stop: Stop = never, *, verify: bool = False) -> list[TableDigest]:
    """Makes a database from a backup; returns the digests that the backup was made with.

    Both files must pass SQLite's integrity check.

    :param path: of the database; nothing may be there, not even its log
    :param verify: whether all rows of both files are read and compared with the digests
    :param stop: it is given up when it says so, with ``BackupUnusable``
    :raises BackupUnusable: the backup is damaged, or is none; nothing was made
    :raises DatabaseUnusable: the database cannot be made there; nothing was
    """
    path = file_path(path)
    with _told(backup):
        ensure_readable(backup)
        with reading(backup, stop, mode="immutable=1") as connection:
            expected = _examined(connection, verify=verify)
    with told(path), locked(path):
        _ensure_nothing_there(path)
        with making(path) as new:
            _copy(backup, new)
            with _told(backup), closing(writing_alone(new, stop)) as connection:
                _examined(connection, verify=verify, expected=expected)
                connection.execute(statements.DROP_MANIFEST)
    return expected


@contextmanager
def _told(backup: str) -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise BackupUnusable(f"cannot use the backup {backup!r}: {reason(error)}") from error


def _examined(
    connection: sqlite3.Connection, *, verify: bool, expected: list[TableDigest] | None = None
) -> list[TableDigest]:
    """The digests in the file, when it is whole and they are those that are expected."""
    recorded = manifest.recorded(connection)
    version = migrations.version_of(connection)
    if recorded is None or version is None:
        raise Unusable("it is not a backup of minechat")
    ensure_known(version)
    if not migrations.is_as_built(connection, version):
        raise Unusable("its schema is not the one that a backup of minechat has")
    (finding,) = connection.execute(statements.INTEGRITY_CHECK).fetchone()
    if finding != "ok" or connection.execute(statements.FOREIGN_KEY_CHECK).fetchone():
        raise Unusable("it is damaged")
    _ensure_same(recorded, recorded if expected is None else expected)
    if verify:
        _ensure_same(manifest.digests(connection, version), recorded)
    tables = migrations.tables(version)
    if sorted(one.table for one in recorded) != sorted(tables):
        raise Unusable("it is damaged")
    return sorted(recorded, key=lambda one: tables.index(one.table))


def _ensure_same(found: list[TableDigest], expected: list[TableDigest]) -> None:
    table = manifest.difference(found, expected)
    if table is not None:
        raise Unusable(f"its table {table!r} does not hold what the backup was made with")


def _ensure_nothing_there(path: str) -> None:
    for name in (path, *(path + log for log in LOGS)):
        if os.path.lexists(name) and (name == path or os.lstat(name).st_size):
            raise Unusable(f"{name!r} is there already, and nothing is overwritten; move it away first")


def _copy(backup: str, new: str) -> None:
    with (
        open(system.open_private(backup, os.O_RDONLY), "rb") as source,
        open(system.open_private(new, os.O_WRONLY), "wb") as target,
    ):
        shutil.copyfileobj(source, target, 1 << 20)
