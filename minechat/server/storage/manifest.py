"""What a database holds, in figures: for each table how many rows, and a checksum of them."""

import hashlib
import sqlite3
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from minechat.server.storage import migrations, statements


class TableDigest(NamedTuple):
    """One table: its number of rows, and the SHA-256 of them in hexadecimal digits."""

    table: str
    rows: int
    sha256: str


def digests(connection: sqlite3.Connection, version: int) -> list[TableDigest]:
    """The digests of every table of a schema, each row read.

    The checksum is of one line for each row: its values as Python's ``ascii`` writes them, texts as their
    UTF-8, in the order of the primary key.

    :raises sqlite3.Error: a table cannot be read
    """
    return [_digest_of(connection, table, sql) for table, sql in migrations.rows(version).items()]


def write(connection: sqlite3.Connection, found: Sequence[TableDigest]) -> None:
    """Adds a table ``manifest`` that holds them."""
    connection.execute(statements.MAKE_MANIFEST)
    connection.executemany(statements.ADD_TO_MANIFEST, found)


def recorded(connection: sqlite3.Connection) -> list[TableDigest] | None:
    """The digests that ``write`` wrote, in no certain order; None where there are none.

    :raises sqlite3.Error: they cannot be read
    """
    try:
        return [TableDigest(*row) for row in connection.execute(statements.GET_MANIFEST)]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        return None


def difference(found: Sequence[TableDigest], expected: Sequence[TableDigest]) -> str | None:
    """The first table that does not hold what is expected; None when all do."""
    differing = set(found) ^ set(expected)
    return min((one.table for one in differing), default=None)


def _digest_of(connection: sqlite3.Connection, table: str, sql: str) -> TableDigest:
    rows, digest = 0, hashlib.sha256()
    for block in _blocks(connection, sql):
        rows += len(block)
        digest.update("".join(f"{row!a}\n" for row in block).encode())
    return TableDigest(table, rows, digest.hexdigest())


def _blocks(connection: sqlite3.Connection, sql: str) -> Iterator[list[tuple[object, ...]]]:
    cursor = connection.cursor()
    # As they lie on the disk: a damaged text is a difference, not an error of decoding.
    before, connection.text_factory = connection.text_factory, bytes
    try:
        cursor.execute(sql)
        while block := cursor.fetchmany(4096):
            yield block
    finally:
        connection.text_factory = before
