"""Durable posts a second through real sockets, beside SQLite alone in the same run.

    uv run python benchmarks/posting.py [--posters 200] [--seconds 3] [--runs 5] [--small] [--write] [...]

Our server runs as a process with limits off; each poster (all of them in one load generator, in C) waits for
the answer to its message before it says the next one, and an answer means: on the disk. At the end every
answered message is looked for in the database. There are no readers.

Beside it, in one process without any socket, SQLite with the same settings (write-ahead log, synchronous =
FULL). For many posters: a group-commit loop on asyncio, where as many tasks wait until their message is on
the disk before they hand over the next, and one thread commits at once whatever was handed over while the
commit before ran. For one poster: commits of one row, one after another, in one thread. The runs alternate;
shown are medians with the extremes.
"""

import argparse
import asyncio
import sqlite3
import statistics
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import closing
from operator import truediv
from pathlib import Path

from fanout.bare import commits, group_commits
from fanout.generator import NoCompiler, Outcome, compiled, load
from fanout.measure import running
from fanout.processes import end_servers_on_signals
from fanout.servers import ROOT, SERVERS

from minechat.cli.tables import filled

README = ROOT / "benchmarks" / "README.md"

#: Posts a second that must be reached whatever SQLite alone does, and the milliseconds p99 must stay under.
RATE, P99 = 15_000, 50
#: At least so much of the bare loop's rate; at most so many times a bare commit.
SHARE, TIMES = 0.5, 2.0


def through_sockets(programs: Mapping[str, str], posters: int, seconds: float) -> Outcome:
    """Posts to a fresh server; then every answered message must be in its database."""
    ours = SERVERS["minechat"]
    with running(ours, programs, core=None) as (_, folder, ports):
        with load(programs["load"], folder, ours.wire, ports, core=None) as crowd:
            crowd.order("posters", posters)
            warm = crowd.order("answers", seconds / 10)
            outcome = crowd.order("answers", seconds)
        # The server still runs: what another process can read now is what was answered for.
        with closing(sqlite3.connect(folder / "minechat.db")) as connection:
            (stored,) = connection.execute("SELECT count(*) FROM message").fetchone()
    if stored != warm.answers + outcome.answers:
        raise SystemExit(f"{warm.answers + outcome.answers} messages were answered, {stored} are stored")
    return outcome


def group_commit(posters: int, seconds: float) -> tuple[float, float, float]:
    """The group-commit loop without sockets: messages a second, p50 and p99 in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="posting-") as folder:
        rate, waits = asyncio.run(group_commits(Path(folder), posters, seconds))
    waits.sort()
    return rate, waits[len(waits) // 2] * 1e3, waits[len(waits) * 99 // 100] * 1e3


def one_commit(count: int) -> float:
    """The median of commits of one row, in milliseconds."""
    with tempfile.TemporaryDirectory(prefix="posting-") as folder:
        return statistics.median(commits(Path(folder), count)) * 1e3


class Report:
    """What was measured, as the rows of a table for the terminal or for the README."""

    def __init__(self, runs: int) -> None:
        self._rows = [("", f"median (min to max) of {runs}", "target", "")]

    def figure(self, what: str, values: Sequence[float], form: str = ",.0f") -> None:
        """Adds a figure of every run."""
        self._rows.append((what, spread(values, form), "", ""))

    def target(self, what: str, values: Sequence[float], limit: float, *, least: bool = False) -> None:
        """Adds a figure that has to reach a limit, or not to pass it."""
        middle = statistics.median(values)
        met = middle >= limit if least else middle <= limit
        form = ",.0f" if limit >= 1000 else ".2f"
        words = f"at {'least' if least else 'most'} {limit:,g}"
        self._rows.append((what, spread(values, form), words, "met" if met else "MISSED"))

    def table(self, *, markdown: bool) -> str:
        """All rows."""
        if markdown:
            head, *rows = (f"| {' | '.join(row)} |\n" for row in self._rows)
            return "".join([head, "| --- | --- | --- | --- |\n", *rows])
        widths = [max(map(len, column)) for column in zip(*self._rows, strict=True)]
        lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in self._rows)
        return "".join(f"{line}\n" for line in lines)


def spread(values: Sequence[float], form: str) -> str:
    """The median with the extremes."""
    return f"{statistics.median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def many_posters(
    programs: Mapping[str, str], posters: int, seconds: float, runs: int, report: Report
) -> None:
    """Measures what many posters get."""
    ours, bare = [], []
    for _ in range(runs):
        outcome = through_sockets(programs, posters, seconds)
        ours.append((outcome.answers / outcome.seconds, outcome.p50 / 1e3, outcome.p99 / 1e3))
        bare.append(group_commit(posters, seconds))
    rates, p50, p99 = zip(*ours, strict=True)
    bare_rates, bare_p50, bare_p99 = zip(*bare, strict=True)
    report.target(f"{posters} posters: messages a second", rates, RATE, least=True)
    report.figure("bare loop: messages a second", bare_rates)
    report.target("server / bare loop", list(map(truediv, rates, bare_rates)), SHARE, least=True)
    report.figure(f"{posters} posters: p50, ms", p50, ".2f")
    report.target(f"{posters} posters: p99, ms", p99, P99)
    report.figure("bare loop: p50, ms", bare_p50, ".2f")
    report.figure("bare loop: p99, ms", bare_p99, ".2f")


def one_poster(programs: Mapping[str, str], seconds: float, runs: int, report: Report) -> None:
    """Measures what a single poster gets."""
    ours, bare = [], []
    for _ in range(runs):
        outcome = through_sockets(programs, 1, seconds)
        ours.append(outcome.p50 / 1e3)
        bare.append(one_commit(outcome.answers))
    report.figure("one poster: p50, ms", ours, ".3f")
    report.figure("bare commit: p50, ms", bare, ".3f")
    report.target("server / bare commit", list(map(truediv, ours, bare)), TIMES)


def main() -> int:
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--posters", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--small", action="store_true", help="only to show that it runs")
    parser.add_argument("--code", default=str(ROOT), metavar="DIR", help="where our server's code is")
    parser.add_argument("--write", action="store_true", help="put the table into benchmarks/README.md")
    options = parser.parse_args()
    seconds, runs = (0.3, 1) if options.small else (options.seconds, options.runs)
    report = Report(runs)
    end_servers_on_signals()
    with tempfile.TemporaryDirectory(prefix="posting-") as folder:
        try:
            programs = {**compiled(Path(folder)), "code": str(Path(options.code).resolve())}
        except NoCompiler as exc:
            print(f"posting: {exc}")
            return 0
        many_posters(programs, options.posters, seconds, runs, report)
        one_poster(programs, seconds, runs, report)
    print(report.table(markdown=False), end="")
    if options.write:
        text = filled(README.read_text(encoding="utf-8"), "posting", f"\n{report.table(markdown=True)}\n")
        README.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
