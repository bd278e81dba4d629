"""Appending to the history file: lines a second in batches and one by one, beside a bare os.write.

    python benchmarks/history.py [LINES]

Prints the best of five interleaved runs of each way; the last column is the ratio to os.write of the
same bytes in the same pieces.
"""

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from minechat.client.history import history

LINE = b"[22.11.2026 14:05] Vlad: " + b"x" * 54 + b"\n"
RUNS = 5


def stamp() -> str:
    return datetime.now(UTC).strftime("[%d.%m.%Y %H:%M]")


def bare(path: str, pieces: Iterable[bytes]) -> float:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        begin = time.perf_counter()
        for piece in pieces:
            os.write(fd, piece)
        return time.perf_counter() - begin
    finally:
        os.close(fd)


async def appended(path: str, pieces: Iterable[bytes]) -> float:
    async with history(path, warn=print, stamp=stamp) as opened:
        begin = time.perf_counter()
        for piece in pieces:
            await opened.append(piece)
        return time.perf_counter() - begin


def measure(folder: str, lines: int, batch: int) -> tuple[float, float]:
    """The best lines a second of os.write and of append, in pieces of ``batch`` lines."""
    pieces = [LINE * batch] * (lines // batch)
    best = [0.0, 0.0]
    for run in range(RUNS):
        for way, name in enumerate(("bare", "history")):
            path = os.path.join(folder, f"{name}-{batch}-{run}")
            seconds = asyncio.run(appended(path, pieces)) if way else bare(path, pieces)
            if os.path.getsize(path) != len(LINE) * batch * len(pieces):
                sys.exit(f"{name} did not write every line")
            os.unlink(path)
            best[way] = max(best[way], batch * len(pieces) / seconds)
    return best[0], best[1]


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000
    print(f"{'lines a batch':>14} {'os.write/s':>12} {'append/s':>12} {'ratio':>6}")
    with tempfile.TemporaryDirectory() as folder:
        # Small batches cost a thread hop each: a part of the lines is enough to see it.
        for batch, count in ((1, lines // 100), (100, lines // 10), (3276, lines)):
            system, ours = measure(folder, max(count, batch), batch)
            print(f"{batch:>14} {system:>12,.0f} {ours:>12,.0f} {ours / system:>6.2f}")


if __name__ == "__main__":
    main()
