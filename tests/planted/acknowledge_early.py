"""An author is told that a message is stored, the server dies, and the message is gone.

A batch is committed only when the next one comes, 3 ms later.
"""

import sqlite3
import time
from collections.abc import Callable, Sequence

from minechat.server.storage import commit, statements


def transaction(
    connection: sqlite3.Connection,
    apply: commit.Apply,
    operations: Sequence[commit.Operation],
    begin: Callable[[], object],
) -> None:
    if connection.in_transaction:
        time.sleep(0.003)
        connection.execute(statements.COMMIT)
    begin()
    apply(connection, operations)


commit._transaction = transaction
