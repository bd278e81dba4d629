"""The power fails, and messages whose authors were told that they are stored are gone.

The log is left unsynced, as SQLite's manual recommends for write-ahead logs.
"""

import sqlite3

from minechat.server.storage import database

connect = database._connect


def hasty_connect(path: str, busy_timeout: float = 0.0) -> sqlite3.Connection:
    connection = connect(path, busy_timeout)
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


database._connect = hasty_connect
