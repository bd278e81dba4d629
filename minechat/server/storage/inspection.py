"""A look at a database that changes nothing in it, whether a server runs on it or not."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from minechat.errors import DatabaseUnusable
from minechat.server.lockfile import is_locked
from minechat.server.storage import file_of, migrations, statements
from minechat.server.storage.database import (
    LOGS,
    Unusable,
    ensure_known,
    ensure_no_remains,
    ensure_readable,
    ensure_whole,
    file_path,
    told,
)
from minechat.server.storage.reading import LONGEST, never, overdue, reading
from minechat.server.storage.wal import SAFE_FOR_MANY

#: Bytes of free disk below which a server would soon refuse what is posted.
LITTLE = 64 << 20


class Weight(Enum):
    GOOD = "as it should be"
    NOTE = "worth knowing"
    BAD = "a server would not start, or not for long"


class Finding(NamedTuple):
    """One thing that was found, as a line for people."""

    weight: Weight
    text: str


def inspect(url: str) -> list[Finding]:
    """What there is to know of a database before a server opens it, or while one runs on it.

    Nothing in it is changed. SQLite may leave an index beside it (``-shm``) where a killed server left
    its log.
    """
    try:
        path = file_path(file_of(url))
        return [*_of_engine(), *_of_disk(path), *_of_database(path)]
    except DatabaseUnusable as error:
        return [Finding(Weight.BAD, str(error))]


def _of_engine() -> Iterator[Finding]:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < SAFE_FOR_MANY:
        yield Finding(
            Weight.NOTE,
            f"SQLite is {version}: before 3.51.3 two programs that write at once could damage a database; "
            "a server writes through one connection only",
        )
    else:
        yield Finding(Weight.GOOD, f"SQLite is {version}")


def _of_disk(path: str) -> Iterator[Finding]:
    with told(path):
        free = shutil.disk_usage(os.path.dirname(path)).free
    weight = Weight.GOOD if free >= LITTLE else Weight.BAD
    yield Finding(weight, f"free disk space: {free >> 20} MiB")


def _of_database(path: str) -> Iterator[Finding]:
    with told(path):
        if not os.path.lexists(path):
            ensure_no_remains(path)
            yield Finding(Weight.GOOD, f"there is no database {path!r} yet; the first start makes it")
            return
        if not ensure_readable(path):
            raise Unusable("it is empty; restore it, or remove it to begin anew")
        is_held = is_locked(path)
        yield Finding(Weight.GOOD, "a server runs on it" if is_held else "no server runs on it")
        is_quiet = not is_held and not any(os.path.lexists(path + log) for log in LOGS)
        # A server's checkpoints must not wait for long.
        stop = overdue(LONGEST) if is_held else never
        with reading(path, stop, mode="immutable=1" if is_quiet else "mode=ro") as connection:
            yield from _of_schema(connection)
            yield from _of_content(connection)


def _of_schema(connection: sqlite3.Connection) -> Iterator[Finding]:
    version = ensure_known(migrations.version_of(connection))
    if version < migrations.NEWEST:
        yield Finding(
            Weight.NOTE, f"its schema is {version}; the next start brings it to {migrations.NEWEST}"
        )
    else:
        yield Finding(Weight.GOOD, f"its schema is {version}")


def _of_content(connection: sqlite3.Connection) -> Iterator[Finding]:
    try:
        ensure_whole(connection)
        version = migrations.version_of(connection) or 0
        counts = {
            table: connection.execute(statements.COUNTS[table]).fetchone()[0]
            for table in migrations.tables(version)
            if table != "schema_version"
        }
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        yield Finding(Weight.NOTE, f"not examined to its end: that takes over {LONGEST:g} s beside a server")
    else:
        found = ", ".join(f"{count} {table}{'' if count == 1 else 's'}" for table, count in counts.items())
        yield Finding(Weight.GOOD, f"it is whole: {found}")
