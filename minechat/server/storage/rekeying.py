"""The keys of names that were there before, made anew in the migration to the schema that has three."""

import sqlite3
from collections.abc import Iterator, Sequence

from minechat.server.keys import Keys, keys_of
from minechat.server.storage import statements

#: Names of one look.
MANY = 4096


def rekey(connection: sqlite3.Connection) -> None:
    """Gives every account that had a key its new ones, and every room; inside an open transaction.

    Where two share a key now the younger goes without that one: its name can still be found by another.
    """
    # No key that is made begins with a blank, so that old and new ones do not meet.
    connection.execute(statements.MARK_ACCOUNTS)
    for table in statements.REKEYED:
        for page in _pages(connection, table.named):
            for id_, name in page:
                _set_keys(connection, keys_of(name), id_, table.set_all, table.set_one)
    connection.execute(statements.UNMARK_ACCOUNTS)


def _pages(connection: sqlite3.Connection, sql: str) -> Iterator[Sequence[tuple[int, str]]]:
    after = 0
    while page := connection.execute(sql, (after, MANY)).fetchall():
        yield page
        after = page[-1][0]


def _set_keys(
    connection: sqlite3.Connection, keys: Keys, id_: int, sql: str, for_each: Sequence[str]
) -> None:
    if not connection.execute(sql, (*keys, id_)).rowcount:
        for sql, key in zip(for_each, keys, strict=True):  # noqa: PLR1704 - one SQL after another
            connection.execute(sql, (key, id_))
