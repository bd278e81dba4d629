"""The targets of the fan-out: each a ratio of our server to another, judged on its median over the rounds."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .results import Results, Visit

OURS, FLOOR = "minechat", "floor"
#: Servers that people run; the floor and the naive server are yardsticks.
PEERS = ("redis", "nats", "inspircd", "ngircd", "mosquitto")
#: With 64 messages in flight: ours may cost at most so many times the other.
SATURATED = {FLOOR: 1.5, "redis": 0.75, "nats": 0.6, "inspircd": 0.4, "mosquitto": 0.1, "naive": 0.1}
#: With one message in flight, and paced.
SINGLE_TO_FLOOR, SINGLE_TO_BEST = 1.3, 1.05
#: Our port of RIFT to a bare server of the library: with one message in flight, and with 64.
RIFT = {"broadcast": (0.7, 0.1), "loop": (0.4, 0.1)}
#: Cost with the most readers to that with the fewest.
GROWTH = 1.2
#: Bytes of an idle reader, and share of a core of an idle server.
MEMORY, IDLE = 4096, 0.005
#: What p99 may be above the best peer's and one commit.
P99 = 1.15


@dataclass(frozen=True)
class Verdict:
    """What was compared, its value round by round, and what it may be at most."""

    what: str
    values: Sequence[float]
    limit: float

    @property
    def met(self) -> bool:
        """Whether the median is within the limit."""
        return statistics.median(self.values) <= self.limit


def judged(results: Results) -> list[Verdict]:
    """Every target that can be judged by what was measured."""
    counts = results.counts()
    verdicts = [*_saturated(results, counts[0])]
    for mode, words in (("one", "one in flight"), ("paced", "paced")):
        verdicts += _single(results, counts[0], mode, words)
    verdicts += _waits(results, counts[0])
    if len(counts) > 1:
        verdicts += _growth(results, counts[0], counts[-1])
    verdicts += _idling(results, counts)
    verdicts += _rift(results, counts[0])
    return [verdict for verdict in verdicts if verdict.values]


def _saturated(results: Results, readers: int) -> Iterator[Verdict]:
    ours = results.cpu(OURS, readers, "many")
    for other, limit in SATURATED.items():
        yield Verdict(
            f"64 in flight: ours / {other}", _ratios(ours, results.cpu(other, readers, "many")), limit
        )


def _single(results: Results, readers: int, mode: str, words: str) -> Iterator[Verdict]:
    ours = results.cpu(OURS, readers, mode)
    yield Verdict(f"{words}: ours / floor", _ratios(ours, results.cpu(FLOOR, readers, mode)), SINGLE_TO_FLOOR)
    costs = {peer: results.cpu(peer, readers, mode) for peer in PEERS}
    if best := _least(costs):
        yield Verdict(f"{words}: ours / best peer ({best})", _ratios(ours, costs[best]), SINGLE_TO_BEST)


def _waits(results: Results, readers: int) -> Iterator[Verdict]:
    waits = {name: results.over_rounds(name, readers, _p99) for name in (OURS, *PEERS)}
    ours = waits.pop(OURS)
    if best := _least(waits):
        allowed = {number: wait + results.commits[number] for number, wait in waits[best].items()}
        what = f"p99 to the last reader: ours / (best peer ({best}) + one commit)"
        yield Verdict(what, _ratios(ours, allowed), P99)


def _p99(visit: Visit) -> float | None:
    return visit.modes["paced"].p99 if "paced" in visit.modes else None


def _growth(results: Results, few: int, many: int) -> Iterator[Verdict]:
    for mode, words in (("one", "one in flight"), ("many", "64 in flight")):
        ratios = _ratios(results.cpu(OURS, many, mode), results.cpu(OURS, few, mode))
        yield Verdict(f"{words}: ours with {many:,} readers / with {few:,}", ratios, GROWTH)


def _idling(results: Results, counts: Sequence[int]) -> Iterator[Verdict]:
    memory = list(results.over_rounds(OURS, counts[-1], lambda visit: visit.memory).values())
    yield Verdict(f"bytes of an idle reader, {counts[-1]:,} readers", memory, MEMORY)
    idle = results.over_rounds(OURS, counts[0], lambda visit: visit.idle).values()
    # A tick of the clock is a hundredth of a second: the mean over all rounds says more than their median.
    yield Verdict(
        f"share of a core, idle with {counts[0]:,} readers", [statistics.fmean(idle)] if idle else [], IDLE
    )


def _rift(results: Results, readers: int) -> Iterator[Verdict]:
    for mode, words, limit in (("one", "one in flight", 0), ("many", "64 in flight", 1)):
        ours = results.cpu("rift", readers, mode)
        for other, limits in RIFT.items():
            ratios = _ratios(ours, results.cpu(other, readers, mode))
            yield Verdict(f"{words}: rift / {other}", ratios, limits[limit])


def _ratios(ours: Mapping[int, float], others: Mapping[int, float]) -> list[float]:
    """Ours to the other, of each round in which both were measured."""
    return [ours[number] / others[number] for number in ours if others.get(number)]


def _least(values: Mapping[str, Mapping[int, float]]) -> str | None:
    measured = {name: statistics.median(one.values()) for name, one in values.items() if one}
    return min(measured, key=measured.__getitem__) if measured else None
