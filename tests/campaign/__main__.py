"""Runs the campaign: every criterion, or those named, at the small or the full size; one line each.

    uv run python -m tests.campaign [--full | --share 0.1] [WORD ...]

A WORD picks the criteria whose name holds it. The exit code is 1 when one was missed.
"""

import argparse
import importlib
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.campaign.criteria import CRITERIA, Criterion, Wrong

MISS = "MISS"


def load() -> None:
    """Imports every module beside this one, which register their criteria."""
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if not path.stem.startswith("_"):
            importlib.import_module(f"tests.campaign.{path.stem}")


def tried(one: Criterion, size: int) -> str:
    """Does one criterion and prints its line, which it returns; one of times has a second try if small.

    A small size is short: one stall of a shared machine is all of its slowest hundredth. What was missed
    at first is printed, too. What was ``Wrong`` is not tried again: it may come once in many times.
    """
    missing = [tool for tool in one.needs if shutil.which(tool) is None]
    if missing:
        line = f"SKIP  {one.name}: not installed here: {', '.join(missing)}"
        print(line, flush=True)
        return line
    line, wrong = _measured(one, size)
    again = one.timed and size == one.small and line.startswith(MISS) and not wrong
    return _measured(one, size)[0] if again else line


def _measured(one: Criterion, size: int) -> tuple[str, bool]:
    """The line that was printed, and whether it tells of something ``Wrong``."""
    started, wrong = time.monotonic(), False
    with tempfile.TemporaryDirectory() as folder:
        try:
            word, figure = "ok", one.measure(size, Path(folder))
        except AssertionError as missed:
            word, figure = MISS, str(missed).partition("\n")[0] or "it does not hold"
            wrong = isinstance(missed, Wrong)
    line = f"{word:<5} {one.name}: {figure} [{size}, {time.monotonic() - started:.1f} s]"
    print(line, flush=True)
    return line, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--full", action="store_true", help="the full size")
    size.add_argument("--share", type=float, help="this share of the full size, at least the small one")
    parser.add_argument("words", nargs="*", metavar="WORD")
    options = parser.parse_args()
    load()
    share = 1.0 if options.full else options.share or 0.0
    chosen = [one for one in CRITERIA if not options.words or any(word in one.name for word in options.words)]
    if not chosen:
        print("no criterion has such a word in its name", file=sys.stderr)
        return 2
    lines = [tried(one, max(one.small, round(one.full * share))) for one in chosen]
    missed = [line for line in lines if line.startswith(MISS)]
    print(f"{len(lines) - len(missed)} of {len(lines)} criteria met or skipped")
    # Once more at the end: who reads of a long run only that still learns which.
    print(*missed, sep="\n", end="\n" if missed else "")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
