"""A program that posts to a database and writes a line for each acknowledgement: ``poster number seq``.

    python tests/server/storage/posting.py DATABASE [--posters 20] [--messages N] [--round N] [--plant BUG]

It ends with 3 when the storage fails for good. ``--plant`` puts a bug in the place of one function, to
show that whoever watches this program would see it.
"""

import argparse
import asyncio
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from minechat.errors import DatabaseUnusable, NotStored
from minechat.server.storage import Candidate, Storage, commit, open_storage, statements


def acknowledge_early() -> None:
    """Commits a batch only when the next one comes, 3 ms later."""

    def transaction(
        connection: sqlite3.Connection, apply: commit.Apply, operations: Sequence[commit.Operation]
    ) -> None:
        if connection.in_transaction:
            time.sleep(0.003)
            connection.execute(statements.COMMIT)
        connection.execute(statements.BEGIN)
        apply(connection, operations)

    commit._transaction = transaction


def synchronous_normal() -> None:
    """Leaves the log unsynced, as SQLite's manual recommends for write-ahead logs."""
    statements.PRAGMAS = (*statements.PRAGMAS, "PRAGMA synchronous = NORMAL")


PLANTS = {plant.__name__: plant for plant in (acknowledge_early, synchronous_normal)}


def write(line: str) -> None:
    os.write(1, line.encode() + b"\n")


async def post(storage: Storage, account_id: int, poster: int, first: int, count: int) -> None:
    for number in range(first, first + count):
        try:
            seq = await storage.say(account_id, "Able Poster", "general", f"{poster} {number}")
        except NotStored:
            await storage.broken()
        write(f"{poster} {number} {seq}")


async def run(options: argparse.Namespace) -> None:
    one = Candidate("Able", "Poster", "Able Poster", None)
    async with open_storage(f"sqlite:///{options.database}", on_committed=lambda _: None) as storage:
        account = await storage.add_account(lambda: iter([one]), b"\0" * 32)
        write("ready")
        async with asyncio.TaskGroup() as group:
            for poster in range(options.posters):
                first = options.round * 1_000_000
                group.create_task(post(storage, account.id, poster, first, options.messages))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--posters", type=int, default=20)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--round", type=int, default=0)
    parser.add_argument("--plant", choices=PLANTS)
    options = parser.parse_args()
    if options.plant:
        PLANTS[options.plant]()
    try:
        asyncio.run(run(options))
    except BaseExceptionGroup as group:
        failures, others = group.split(DatabaseUnusable)
        if failures is None or others is not None:
            raise
        write(f"failed: {failures.exceptions[0]}")
        return 3
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
