"""A program that posts to a database and writes a line for each acknowledgement: ``poster number seq``.

    python tests/server/storage/posting.py DATABASE [--posters 20] [--messages N] [--round N] [--persist]

It ends with 3 when the storage fails for good. With ``--persist`` a message that is refused is told by a
line ``refused poster number``, and the next one is tried.
"""

import argparse
import asyncio
import os
from pathlib import Path

from minechat.errors import DatabaseUnusable, NotStored
from minechat.server.storage import Candidate, Storage, open_storage


def write(line: str) -> None:
    os.write(1, line.encode() + b"\n")


async def post(storage: Storage, account_id: int, poster: int, numbers: range, *, persist: bool) -> None:
    for number in numbers:
        try:
            said = await storage.say(account_id, "Able Poster", "general", f"{poster} {number}")
        except (NotStored, DatabaseUnusable) as error:
            if not persist or isinstance(error, DatabaseUnusable):
                await storage.broken()
            write(f"refused {poster} {number}")
            continue
        write(f"{poster} {number} {said.seq}")


async def run(options: argparse.Namespace) -> None:
    one = Candidate("Able", "Poster", "Able Poster", None)
    async with open_storage(f"sqlite:///{options.database}", on_committed=lambda _: None) as storage:
        account = await storage.add_account(lambda: iter([one]), b"\0" * 32)
        write("ready")
        async with asyncio.TaskGroup() as group:
            for poster in range(options.posters):
                first = options.round * 1_000_000
                numbers = range(first, first + options.messages)
                group.create_task(post(storage, account.id, poster, numbers, persist=options.persist))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--posters", type=int, default=20)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--round", type=int, default=0)
    parser.add_argument("--persist", action="store_true")
    options = parser.parse_args()
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
