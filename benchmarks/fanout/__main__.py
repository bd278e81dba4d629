"""Measures what each server spends on a delivery, side by side, and says which targets are met.

    uv run python -m benchmarks.fanout                    everything: about 20 minutes
    uv run python -m benchmarks.fanout --small            ours, the floor and the naive one, a few seconds
    uv run python -m benchmarks.fanout --rift             the port of RIFT beside the library's own ways
    uv run python -m benchmarks.fanout --only minechat,floor --readers 1000 --runs 2 --paced 3 --idle 0
                                                          one pair, while working on the server
    ... --code DIR                                        our server as it is in another checkout
    ... --json FILE, and later --from FILE [--markdown]   keep the results, print them again
    ... --write                                           put them into the README's tables and the picture

The server runs on core 0, the load generator (C, compiled here by gcc) on core 1. One round visits every
server once, each started anew; the figures are medians over the rounds, with the extremes. The processor
time is that of the server's process tree, user and system, from /proc/<pid>/stat, divided by the lines that
arrived at readers. A message is in flight from its post until the last reader has it. Our server writes every
message to its database, with fsync, before anybody sees it; that time is part of its figure.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from . import documents
from .generator import NoCompiler, compiled
from .measure import MODES, Plan, add_round
from .processes import end_servers_on_signals
from .results import Results
from .servers import RIFT, ROOT, SERVERS, SMALL, usual
from .tables import printed


def main() -> int:
    """Runs the command; returns its exit code."""
    options = _options()
    end_servers_on_signals()
    if options.read:
        results = documents.read(Path(options.read))
    else:
        try:
            results = _measured(options)
        except NoCompiler as exc:
            print(f"fanout: {exc}")
            return 0
    if options.write:
        documents.write(results, "fanout-rift" if options.rift else "fanout")
    print(printed(results, markdown=options.markdown))
    if options.small:
        print("\nThis was a small run: it shows that everything runs, not how fast.")
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", metavar="NAMES", help=f"of {','.join(SERVERS)}")
    parser.add_argument("--runs", type=int, help="rounds (default: 5; small: 1)")
    parser.add_argument("--readers", metavar="N,N", help="numbers of readers (default: 1000,5000; small: 50)")
    parser.add_argument("--modes", default=",".join(MODES), help=f"of {','.join(MODES)}")
    parser.add_argument("--window", type=float, help="seconds of a saturated window (default: 1.5)")
    parser.add_argument("--paced", type=float, help="seconds of the paced window (default: 10)")
    parser.add_argument("--idle", type=float, help="seconds of watching an idle server (default: 5; 0: not)")
    parser.add_argument("--rift", action="store_true", help=f"only {', '.join(RIFT)}")
    parser.add_argument("--small", action="store_true", help="only to show that it runs")
    parser.add_argument("--code", default=str(ROOT), metavar="DIR", help="where our server's code is")
    parser.add_argument("--json", metavar="FILE", help="write what was measured there")
    parser.add_argument(
        "--from", dest="read", metavar="FILE", help="measure nothing, take this file of --json"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables for the README")
    parser.add_argument("--write", action="store_true", help="keep it as the run that the documents show")
    return parser.parse_args()


def _names(options: argparse.Namespace) -> Sequence[str]:
    if options.only:
        return str(options.only).split(",")
    if options.rift:
        return RIFT
    return (*SMALL, *RIFT) if options.small else usual()


def _measured(options: argparse.Namespace) -> Results:
    small = options.small
    names = _names(options)
    many = "1000" if options.rift else "1000,5000"
    counts = [int(one) for one in (options.readers or ("50" if small else many)).split(",")]
    sizes = {"window": 0.2, "paced": 0.5, "warm": 0.05, "idle": 0.2, "commits": 5} if small else {}
    given = {name: getattr(options, name) for name in ("window", "paced", "idle")}
    sizes |= {name: value for name, value in given.items() if value is not None}
    results = Results.begun()
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        programs = {**compiled(Path(folder)), "code": str(Path(options.code).resolve())}
        plan = Plan(programs, options.modes.split(","), **sizes)
        servers = [SERVERS[name] for name in names if SERVERS[name].path()]
        results.versions = {one.name: version for one in servers if (version := one.version())}
        results.missing = [name for name in names if not SERVERS[name].path()]
        for number in range(options.runs or (1 if small else 5)):
            add_round(results, number, servers, counts, plan)
            if options.json:
                documents.keep(results, Path(options.json))  # what is measured stays, whatever comes
    return results


if __name__ == "__main__":
    sys.exit(main())
