"""The load generator seen from Python: compiled once, then driven by orders, each answered by figures."""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .processes import LOAD_CORE, installed, started

SOURCES = Path(__file__).parent
PROGRAMS = {"load": ("load.c", "crowd.c", "greeting.c", "wires.c", "websocket.c"), "floor": ("floor.c",)}


class NoCompiler(Exception):
    """There is no C compiler on this machine."""


@dataclass(frozen=True)
class Outcome:
    """What one order did: times in seconds, the waits p50, p99 and max in microseconds.

    ``load_seconds`` is the processor time of the load generator itself: it shows whether it was the limit.
    """

    seconds: float
    messages: int
    deliveries: int
    answers: int
    load_seconds: float
    samples: int
    p50: float
    p99: float
    max: float


def compiled(folder: Path) -> dict[str, str]:
    """Compiles the programs into ``folder``; their paths by name.

    :raises NoCompiler: neither gcc nor cc is installed
    """
    compiler = installed("gcc") or installed("cc")
    if compiler is None:
        raise NoCompiler("there is no C compiler here (gcc), so nothing can be measured")
    paths = {}
    for name, sources in PROGRAMS.items():
        paths[name] = str(folder / name)
        files = [str(SOURCES / source) for source in sources]
        subprocess.run([compiler, "-O2", "-Wall", "-Wextra", "-o", paths[name], *files], check=True)
    return paths


class Load:
    """A running load generator."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def order(self, *words: object) -> Outcome:
        """Gives an order and waits for its end.

        :raises RuntimeError: the load generator gave up; its last words are in the message
        """
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            print(*words, file=self._process.stdin, flush=True)
        answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"{' '.join(map(str, words))}: {self._log.read_text().strip()}")
        return Outcome(**json.loads(answer))


@contextlib.contextmanager
def load(
    program: str, folder: Path, wire: str, ports: tuple[int, int], *, core: int | None = LOAD_CORE
) -> Iterator[Load]:
    """The load generator for the server with these two ports (reading, posting), pinned to its core."""
    command = [program, wire, "127.0.0.1", *map(str, ports)]
    pipe = subprocess.PIPE
    with started(command, folder, core=core, stdin=pipe, stdout=pipe) as process:
        yield Load(process, folder / "load.log")
