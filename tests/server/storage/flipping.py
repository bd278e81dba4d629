"""Flips bits of a database, one copy after the other, opens each as a server would, and judges what it finds.

    python tests/server/storage/flipping.py DATABASE FOLDER [--flips 1000] [--seed N]

Prints one JSON object: how many copies were refused in one line, how many were as before, in how many some
cells differ (what no check of SQLite can see), and how many came out wrong: a row more or less, a process
that died, an error without its line.
"""

import argparse
import json
import os
import random
import sqlite3
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

from minechat.errors import DatabaseUnusable
from minechat.server.storage import migrations, statements
from minechat.server.storage.database import opened

OUTCOMES = ("same", "refused", "cells", "wrong")
Rows = dict[str, list[tuple[object, ...]]]


def rows(connection: sqlite3.Connection) -> Rows:
    connection.text_factory = bytes
    return {
        table: connection.execute(statements.ROWS[table]).fetchall()
        for table in migrations.tables(migrations.NEWEST)
    }


def outcome(path: Path, before: Rows) -> str:
    """What a server would find."""
    try:
        with opened(str(path), 0.1) as (connection, _):
            found = rows(connection)
    except DatabaseUnusable as error:
        return "refused" if str(error).isprintable() else "wrong"
    if found == before:
        return "same"
    if any(len(found[table]) != len(before[table]) for table in found):
        return "wrong"
    numbers = [row[:2] for row in found["message"]]
    return "cells" if numbers == [row[:2] for row in before["message"]] else "wrong"


def flipped(image: bytes, chance: random.Random) -> bytes:
    copy = bytearray(image)
    copy[chance.randrange(len(copy))] ^= 1 << chance.randrange(8)
    return bytes(copy)


def in_a_process_of_its_own(path: Path, before: Rows) -> str:
    child = os.fork()
    if child == 0:
        code = OUTCOMES.index("wrong")
        try:
            code = OUTCOMES.index(outcome(path, before))
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return OUTCOMES[os.WEXITSTATUS(status)] if os.WIFEXITED(status) else "wrong"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("database", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    image = options.database.read_bytes()
    with closing(sqlite3.connect(options.database)) as connection:
        before = rows(connection)
    found: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
    path = options.folder / "flipped.db"
    for _ in range(options.flips):
        for left in options.folder.iterdir():
            left.unlink()
        path.write_bytes(flipped(image, chance))
        found[in_a_process_of_its_own(path, before)] += 1
    print(json.dumps(found))
    return 1 if found["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
