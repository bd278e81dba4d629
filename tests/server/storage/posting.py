"""A program that posts to a database and writes a line for each acknowledgement: ``poster number seq``.

    python tests/server/storage/posting.py DATABASE [--posters 20] [--messages N] [--round N]
        [--persist] [--keys]

It ends with 3 when the storage fails for good. With ``--persist`` a message that is refused is told by a
line ``refused poster number``, and the next one is tried. With ``--keys`` each message has a key, and
each poster begins with the last three that are stored, as one that has not heard of them.
"""

import argparse
import asyncio
import os
from pathlib import Path

from minechat.errors import DatabaseUnusable, NotStored
from minechat.server.storage import Candidate, Storage, open_storage


def write(line: str) -> None:
    os.write(1, line.encode() + b"\n")


async def post(
    storage: Storage, account_id: int, poster: int, numbers: range, *, persist: bool, keys: bool
) -> None:
    for number in numbers:
        try:
            text = f"{poster} {number}"
            said = await storage.say(account_id, "Able Poster", "general", text, key=text if keys else None)
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
        known = await last(storage) if options.keys else {}
        write("ready")
        async with asyncio.TaskGroup() as group:
            for poster in range(options.posters):
                first = max(0, known.get(poster, 0) - 3) if options.keys else options.round * 1_000_000
                numbers = range(first, first + options.messages)
                group.create_task(
                    post(storage, account.id, poster, numbers, persist=options.persist, keys=options.keys)
                )


async def last(storage: Storage) -> dict[int, int]:
    """The number of the last message of each poster."""
    room = await storage.room("genera1")
    assert room is not None
    texts = [one.text for one in await storage.history(room.id, most=1 << 40)]
    return {int(poster): int(number) for poster, _, number in (text.partition(" ") for text in texts)}


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("database", type=Path)
    parser.add_argument("--posters", type=int, default=20)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--round", type=int, default=0)
    parser.add_argument("--persist", action="store_true")
    parser.add_argument("--keys", action="store_true")
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
