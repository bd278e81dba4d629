"""What the server counts of itself: plain numbers on the hot path, read by whoever wants to look."""

from collections import Counter, deque
from dataclasses import dataclass, field

#: Delays remembered for the quantiles: the last ten minutes at seven a second.
REMEMBERED = 4096


class Delays:
    """The last delays of one kind, in seconds, for their quantiles; their count and sum since the start."""

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._last: deque[float] = deque(maxlen=remembered)
        self.count = 0
        self.total = 0.0

    def add(self, seconds: float) -> None:
        self._last.append(seconds)
        self.count += 1
        self.total += seconds

    def quantiles(self, *shares: float) -> list[float]:
        """The delays that so large shares of the remembered ones do not exceed; 0.0 where there are none."""
        ordered = sorted(self._last)
        return [_at(ordered, share) for share in shares]


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


@dataclass(slots=True)
class Figures:
    """Counters since the start, one object for one server; every floor of it adds to its own.

    :param messages: messages that were committed
    :param deliveries: messages handed to a reader, counted once for each reader
    :param dropped: readers dropped, by reason
    :param refused: what was refused, by the limit that refused it
    :param fan_out: from a commit known in the loop to the last write to a reader, one for each turn
    :param commit: from a message handed to the storage to its commit, for the oldest in each commit
    :param loop_lag: how much later than asked the event loop turned, one for each beat of its pulse
    :param log_lost: events of which the log has no line, as it could not be written
    """

    messages: int = 0
    deliveries: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    fan_out: Delays = field(default_factory=Delays)
    commit: Delays = field(default_factory=Delays)
    loop_lag: Delays = field(default_factory=Delays)
    log_lost: int = 0
