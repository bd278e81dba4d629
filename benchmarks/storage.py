"""Durable messages a second through the storage, beside a bare SQLite loop that commits the same batches.

    python benchmarks/storage.py [--messages 40000] [--posters 200] [--runs 5] [--folder DIR] [--small]

Each poster waits for its message to be on the disk before it says the next. The bare loop knows all its
messages beforehand and commits them by ``executemany``, as many at once as there are posters, into the
same schema with the same settings (write-ahead log, synchronous = FULL): nobody can be faster with
this engine. The runs alternate; shown are medians with the extremes.
"""

import argparse
import asyncio
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from minechat.server.keys import keys_of
from minechat.server.storage import Candidate, Stored, migrations, open_storage, statements

TEXT = "a message of eighty bytes, as people in a chat would write it, give or take a bit"[:80]
NOBODY = Candidate("Able", "Poster", "Able Poster", keys_of("Able Poster"))


async def through_storage(path: Path, messages: int, posters: int) -> tuple[float, float, float]:
    """Messages a second, and the median and 99th percentile of a message's seconds."""
    heard = 0
    waits: list[float] = []

    def on_committed(batch: Sequence[Stored]) -> None:
        nonlocal heard
        heard += len(batch)

    async with open_storage(f"sqlite:///{path}", on_committed=on_committed) as storage:
        account = await storage.add_account(lambda: iter([NOBODY]), b"\0" * 32)

        async def post(count: int) -> None:
            for _ in range(count):
                said = time.perf_counter()
                await storage.say(account.id, account.name, "general", TEXT)
                waits.append(time.perf_counter() - said)

        started = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(posters):
                group.create_task(post(messages // posters))
        seconds = time.perf_counter() - started
    assert heard == len(waits) == messages // posters * posters
    waits.sort()
    return heard / seconds, waits[len(waits) // 2], waits[len(waits) * 99 // 100]


def bare(path: Path, messages: int, batch: int) -> float:
    """Messages a second of SQLite alone, in one thread."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (statements.USE_WAL, *statements.PRAGMAS):
            connection.execute(statement).fetchall()
        migrations.build(connection)
        values = (NOBODY.epithet, NOBODY.nick, NOBODY.name, *(NOBODY.keys or ()), b"\0" * 32, 0)
        connection.execute(statements.ADD_ACCOUNT, values).fetchall()
        started = time.perf_counter()
        for first in range(0, messages, batch):
            rows = [(1, seq, 1, TEXT, 0) for seq in range(first + 1, first + batch + 1)]
            connection.execute(statements.BEGIN)
            connection.executemany(statements.ADD_MESSAGE, rows)
            connection.execute(statements.COMMIT)
        return messages / (time.perf_counter() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--messages", type=int, default=40_000)
    parser.add_argument("--posters", type=int, default=200)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--folder", help="where the databases go; its disk is what is measured")
    parser.add_argument("--small", action="store_true", help="only show that it runs")
    options = parser.parse_args()
    if options.small:
        options.messages, options.runs = 2_000, 1
    ours, bound, ratios, p50, p99 = [], [], [], [], []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            bound.append(bare(Path(folder, "bare.db"), options.messages, options.posters))
            rate, middle, high = asyncio.run(
                through_storage(Path(folder, "ours.db"), options.messages, options.posters)
            )
        ours.append(rate)
        p50.append(middle * 1000)
        p99.append(high * 1000)
        ratios.append(rate / bound[-1])
    print(f"{options.messages} messages of {len(TEXT)} bytes, {options.posters} posters, {options.runs} runs")
    show("through the storage, messages/s", ours, ",.0f")
    show("bare SQLite, messages/s", bound, ",.0f")
    show("ratio", ratios, ".2f")
    show("a message's wait, median, ms", p50, ".1f")
    show("a message's wait, 99 %, ms", p99, ".1f")


def show(what: str, figures: list[float], form: str) -> None:
    middle = statistics.median(figures)
    print(f"{what:<34}{middle:>10{form}}   ({min(figures):{form}} to {max(figures):{form}})")


if __name__ == "__main__":
    main()
