"""One visit to one server: it is started, loaded in each way, and its processor time and memory are read."""

import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from .bare import commits
from .generator import Load, Outcome, load
from .processes import SERVER_CORE, cpu_seconds, resident, started, wait_for_port
from .results import Figure, Results, Visit
from .servers import Server

#: The ways to load a server, and their orders: messages under way, or messages a second.
MODES = {"one": ("closed", 1), "many": ("closed", 64), "paced": ("paced", 20)}
#: Every server gets its posts over as many connections, since ours answers each post and lets 16 wait.
POSTERS = 4


@dataclass(frozen=True)
class Plan:
    """How servers are loaded: the compiled programs, the modes, and how long things take, in seconds.

    :param programs: paths of ``load`` and ``floor``, and the folder of our own ``code``
    :param window: a measured window of a saturated mode
    :param paced: the measured window of the paced mode
    :param warm: load before each window
    :param idle: watching the server with all readers and no message; 0: not at all
    :param commits: how many commits of SQLite alone are timed in each round, at the pace of the paced mode
    """

    programs: Mapping[str, str]
    modes: Sequence[str]
    window: float = 1.5
    paced: float = 10.0
    warm: float = 0.3
    idle: float = 5.0
    commits: int = 40


@contextlib.contextmanager
def running(
    server: Server, programs: Mapping[str, str], core: int | None = SERVER_CORE, readers: int = 0
) -> Iterator[tuple[int, Path, tuple[int, int]]]:
    """A server in a temporary folder of its own: its process id, the folder, its ports."""
    path = server.path()
    assert path is not None
    with tempfile.TemporaryDirectory(prefix="fanout-") as name:
        folder = Path(name)
        start = server.start(path, programs)
        for file, text in start.files.items():
            (folder / file).write_text(text, encoding="utf-8")
        if start.prepare is not None:
            start.prepare(folder, readers, POSTERS)
        with started(start.command, folder, core=core, environment=start.environment) as process:
            log = folder / f"{Path(start.command[0]).name}.log"
            for port in start.ports:
                wait_for_port(port, process, log)
            yield process.pid, folder, start.ports


def visit(server: Server, readers: int, number: int, plan: Plan) -> Visit:
    """Starts the server, opens the readers, and loads it in each mode."""
    found = Visit(server.name, readers, number)
    with (
        running(server, plan.programs, readers=readers) as (pid, folder, ports),
        load(plan.programs["load"], folder, server.wire, ports) as crowd,
    ):
        crowd.order("posters", POSTERS)
        before = resident(pid)
        crowd.order("readers", readers)
        crowd.order("settle")
        found.memory = (resident(pid) - before) / readers
        if plan.idle:
            found.idle = _idle(pid, plan.idle)
        for mode in plan.modes:
            found.modes[mode] = _loaded(pid, crowd, mode, plan)
    return found


def add_round(
    results: Results, number: int, servers: Sequence[Server], counts: Sequence[int], plan: Plan
) -> None:
    """Visits every server once with each number of readers, and times commits of SQLite alone before."""
    with tempfile.TemporaryDirectory(prefix="fanout-") as folder:
        seconds = commits(Path(folder), plan.commits, gap=1 / MODES["paced"][1])
    results.commits.append(statistics.median(seconds) * 1e6)
    # Pacing and idling are judged with the first number of readers only; they take the longest.
    later = replace(plan, modes=[mode for mode in plan.modes if mode != "paced"], idle=0.0)
    for readers in counts:
        for server in servers:
            what = f"round {number + 1}, {readers} readers, {server.name}"
            print(f"  {what}", file=sys.stderr, flush=True)
            try:
                found = visit(server, readers, number, plan if readers == counts[0] else later)
            except RuntimeError as exc:
                results.failures.append(f"{what}: {exc}")  # what the others gave is not lost by it
            else:
                results.visits.append(found)


def _idle(pid: int, seconds: float) -> float:
    before, started_at = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(pid) - before) / (time.monotonic() - started_at)


def _loaded(pid: int, crowd: Load, mode: str, plan: Plan) -> Figure:
    word, amount = MODES[mode]
    crowd.order(word, amount, plan.warm)
    before = cpu_seconds(pid)
    outcome = crowd.order(word, amount, plan.paced if mode == "paced" else plan.window)
    return _figure(cpu_seconds(pid) - before, outcome)


def _figure(cpu: float, outcome: Outcome) -> Figure:
    per_delivery = 1e6 / outcome.deliveries
    return Figure(
        cpu=round(cpu * per_delivery, 4),
        seconds=outcome.seconds,
        deliveries=outcome.deliveries,
        load_cpu=round(outcome.load_seconds * per_delivery, 4),
        p50=outcome.p50,
        p99=outcome.p99,
    )
