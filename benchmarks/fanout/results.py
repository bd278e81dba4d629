"""What was measured, kept as JSON: every visit to every server, and the machine."""

import datetime
import os
import platform
import sqlite3
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Figure:
    """One mode of one visit: microseconds of processor per delivery, and the waits of paced messages."""

    cpu: float
    seconds: float
    deliveries: int
    load_cpu: float
    p50: float
    p99: float


@dataclass
class Visit:
    """What one visit found; ``memory`` in bytes per idle reader, ``idle`` as a share of a core."""

    server: str
    readers: int
    round: int
    memory: float = 0.0
    idle: float | None = None
    modes: dict[str, Figure] = field(default_factory=dict)


@dataclass
class Results:
    """All visits of one run, and the machine it ran on; ``commits`` in microseconds, one median a round.

    ``missing`` are servers that are not installed, ``failures`` visits that came to nothing, with the reason.
    """

    date: str
    machine: str
    versions: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    commits: list[float] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)

    @classmethod
    def begun(cls) -> "Results":
        """Results of a run that begins now, here."""
        machine = (
            f"{len(os.sched_getaffinity(0))} cores, Linux {platform.release()}, "
            f"CPython {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
        )
        return cls(datetime.date.today().isoformat(), machine)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "Results":
        """What ``as_json`` gave."""
        visits = [
            Visit(**{**visit, "modes": {name: Figure(**figure) for name, figure in visit["modes"].items()}})
            for visit in values["visits"]
        ]
        return cls(**{**values, "visits": visits})

    def as_json(self) -> dict[str, Any]:
        """The results as plain values."""
        return asdict(self)

    def counts(self) -> list[int]:
        """The numbers of readers, smallest first."""
        return sorted({visit.readers for visit in self.visits})

    def servers(self) -> list[str]:
        """The servers that were measured, in their order."""
        return list(dict.fromkeys(visit.server for visit in self.visits))

    def over_rounds(
        self, server: str, readers: int, value: Callable[[Visit], float | None]
    ) -> dict[int, float]:
        """A value of every visit to this server with so many readers, by round; where there is one."""
        visits = (visit for visit in self.visits if (visit.server, visit.readers) == (server, readers))
        found = {visit.round: value(visit) for visit in visits}
        return {number: one for number, one in found.items() if one is not None}

    def cpu(self, server: str, readers: int, mode: str) -> dict[int, float]:
        """Microseconds of processor per delivery, by round."""
        return self.over_rounds(server, readers, lambda visit: _cpu(visit, mode))


def _cpu(visit: Visit, mode: str) -> float | None:
    return visit.modes[mode].cpu if mode in visit.modes else None
