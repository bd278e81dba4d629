"""The schema, version after version, and the way of an older database to the newest one."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import NamedTuple

from minechat.server.storage import schema, statements
from minechat.server.storage.rekeying import rekey


class Version(NamedTuple):
    """What one version of the schema added: its statements, and the rows of the tables they touched.

    :ivar rework: what statements cannot do, after them in the same transaction
    """

    number: int
    steps: tuple[str, ...]
    rows: dict[str, str]
    rework: Callable[[sqlite3.Connection], None] | None = None


#: In their order, without a gap. A new database takes the same way as an old one, so both are equal.
VERSIONS = (
    Version(1, schema.VERSION_1, schema.ROWS_1),
    Version(2, schema.VERSION_2, schema.ROWS_2),
    Version(3, schema.VERSION_3, schema.ROWS_3, rekey),
)
NEWEST = VERSIONS[-1].number


def build(connection: sqlite3.Connection, upto: int = NEWEST) -> None:
    """Makes the schema in an empty database, in one transaction."""
    _take(connection, 0, upto)


def migrate(connection: sqlite3.Connection, version: int, keep_copy: Callable[[], None]) -> None:
    """Brings a database to the newest schema, in one transaction: afterwards it is whole, old or new.

    :param version: the schema it has
    :param keep_copy: called before the first change; when it raises nothing is changed
    :raises sqlite3.Error: nothing was changed
    """
    if version < NEWEST:
        keep_copy()
        _take(connection, version, NEWEST)


def version_of(connection: sqlite3.Connection) -> int | None:
    """The version of a database's schema; None when it is not one of ours.

    :raises sqlite3.DatabaseError: it is no database, or it is damaged
    """
    try:
        row = connection.execute(statements.GET_SCHEMA_VERSION).fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None
    version = row[0]
    return version if isinstance(version, int) and version > 0 else None


def tables(version: int) -> list[str]:
    """The tables of a version, each after those it refers to."""
    return list(rows(version))


def rows(version: int) -> dict[str, str]:
    """How to read every row of each table of a version, with the columns that it has there."""
    return {table: sql for one in VERSIONS if one.number <= version for table, sql in one.rows.items()}


def is_as_built(connection: sqlite3.Connection, version: int) -> bool:
    """Whether a database has exactly the schema of a version, but for a manifest.

    A trigger of a stranger, or a table of ours without its constraints, would pass every check of the rows,
    and change or lose what is written later.
    """
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as new:
        build(new, version)
        return _schema(connection) == _schema(new)


def _schema(connection: sqlite3.Connection) -> list[tuple[str, ...]]:
    return connection.execute(statements.SCHEMA).fetchall()


def _take(connection: sqlite3.Connection, version: int, upto: int) -> None:
    connection.execute(statements.BEGIN)
    try:
        for one in VERSIONS[version:upto]:
            for sql in one.steps:
                connection.execute(sql)
            if one.rework is not None:
                one.rework(connection)
            connection.execute(statements.SET_SCHEMA_VERSION, (one.number,))
        connection.execute(statements.COMMIT)
    except BaseException:
        # Some errors have rolled back already.
        if connection.in_transaction:
            connection.execute(statements.ROLLBACK)
        raise
