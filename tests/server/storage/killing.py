"""Kills a posting server at random moments and looks for acknowledged messages in the database.

    python tests/server/storage/killing.py FOLDER [--kills 10] [--posters 20] [--seed N] [--keys]

Prints one JSON object: how many were acknowledged, lost, stored twice, out of order, misnumbered, and
what ``PRAGMA integrity_check`` says. Ends with 1 when any of them is not as it must be. With ``--keys`` each
life sends again, with the same keys, what the one before may not have been told of.
"""

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

POSTING = Path(__file__).with_name("posting.py")


def acknowledged_before_kill(command: list[str], lines: int) -> list[tuple[int, ...]]:
    """What one life of the program acknowledged; it is killed after so many lines of its output."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        output = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        # What it wrote before it died still lies in the pipe.
        output += process.stdout.readlines()
    assert process.returncode == -signal.SIGKILL, "it did not live until it was killed"
    return [tuple(map(int, line.split())) for line in output if line[:1].isdigit()]


def judge(database: Path, acknowledged: list[tuple[int, ...]]) -> dict[str, object]:
    """How the database differs from what was promised."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT seq, text FROM message ORDER BY seq").fetchall()
        (integrity,) = connection.execute("PRAGMA integrity_check").fetchone()
    stored = [(*map(int, text.split()), seq) for seq, text in rows]
    by_poster: dict[int, list[int]] = {}
    for poster, number, _ in stored:
        by_poster.setdefault(poster, []).append(number)
    return {
        "lost": len(set(acknowledged) - set(stored)),
        "duplicated": len(stored) - len({(poster, number) for poster, number, _ in stored}),
        "disordered": sum(numbers != sorted(numbers) for numbers in by_poster.values()),
        "misnumbered": sum(seq != expected for expected, (*_, seq) in enumerate(stored, 1)),
        "integrity": integrity,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--posters", type=int, default=20)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--keys", action="store_true")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    database = options.folder / "killed.db"
    acknowledged: list[tuple[int, ...]] = []
    for life in range(options.kills):
        command = [
            sys.executable,
            str(POSTING),
            str(database),
            f"--posters={options.posters}",
            f"--round={life}",
            *(["--keys"] if options.keys else []),
        ]
        # Once while it opens the database, once when that is done, then in the middle of its work.
        lines = life if life < 2 else chance.randrange(2, 1000)
        acknowledged += acknowledged_before_kill(command, lines)
    found = judge(database, acknowledged)
    print(json.dumps({"acknowledged": len(acknowledged), **found}))
    return 0 if not any((*list(found.values())[:4], found["integrity"] != "ok")) else 1


if __name__ == "__main__":
    raise SystemExit(main())
