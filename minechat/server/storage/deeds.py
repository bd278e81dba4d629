"""What was done, and by whom: the audit of the server and of each room."""

import sqlite3
from collections.abc import Sequence

from minechat.server.storage import statements
from minechat.server.storage.asked import milliseconds
from minechat.server.storage.rows import Deed

#: The greatest whole number of SQLite.
MOST = (1 << 63) - 1


def write_deed(connection: sqlite3.Connection, deed: Deed | None) -> None:
    """None writes nothing."""
    if deed is not None:
        values = (milliseconds(deed.at), deed.what, deed.whom, deed.detail, deed.room, deed.by)
        connection.execute(statements.ADD_DEED, values)


def deeds(connection: sqlite3.Connection, most: int) -> Sequence[Deed]:
    """The last ones of the server, the newest first."""
    return [deed for _, deed in deeds_of(connection, "", None, most)]


def deeds_of(
    connection: sqlite3.Connection, room: str, before: int | None, most: int
) -> Sequence[tuple[int, Deed]]:
    """Those of a room, or of the server where it is empty, with their numbers, the newest first."""
    values = (room, MOST if before is None else min(before, MOST), max(0, most))
    return [
        (number, Deed(at / 1000, what, whom, detail, room, by))
        for number, at, what, whom, detail, by in connection.execute(statements.GET_DEEDS, values)
    ]
