"""How often each source did something within the last window of time, in bounded memory."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic

#: Parts of a window: what was counted leaves it at most so much of it late, and never early.
SLOTS = 10
#: Sources remembered.
CAPACITY = 10_000


class Tally:
    """Counts by source over a sliding window.

    When full it forgets the source that has done nothing for the longest. That is the answer to thousands of
    addresses: who has more of them than we remember is not bounded by what one address may do, but by
    what all together may.

    :param window: seconds
    """

    def __init__(
        self, window: float, clock: Callable[[], float] = monotonic, capacity: int = CAPACITY
    ) -> None:
        self._slot = window / SLOTS
        self._clock = clock
        self._capacity = capacity
        self._sources: OrderedDict[str, list[list[int]]] = OrderedDict()  # [slot, count], the oldest first

    def __len__(self) -> int:
        """Sources remembered."""
        return len(self._sources)

    def add(self, source: str) -> None:
        """Counts once, now."""
        now = self._now()
        slots = self._recent(source)
        if slots and slots[-1][0] == now:
            slots[-1][1] += 1
        else:
            slots.append([now, 1])
        self._sources[source] = slots
        self._sources.move_to_end(source)
        self._forget()

    def take_back(self, source: str) -> None:
        """Undoes the last ``add``; no harm where it is forgotten already."""
        slots = self._sources.get(source)
        if not slots:
            return
        slots[-1][1] -= 1
        if not slots[-1][1]:
            slots.pop()
        if not slots:
            del self._sources[source]

    def count(self, source: str) -> int:
        """How often within the window."""
        return sum(number for _, number in self._recent(source))

    def wait(self, source: str, most: int) -> float:
        """Seconds until fewer than ``most`` are counted for the source; 0 where that holds now."""
        slots, count = self._recent(source), self.count(source)
        for slot, number in slots:
            if count < most:
                break
            count -= number
            if count < most:
                return (slot + SLOTS + 1) * self._slot - self._clock()
        return 0.0

    def _now(self) -> int:
        return int(self._clock() / self._slot)

    def _recent(self, source: str) -> list[list[int]]:
        slots = self._sources.get(source)
        if slots is None:
            return []
        oldest = self._now() - SLOTS
        while slots and slots[0][0] < oldest:
            slots.pop(0)
        return slots

    def _forget(self) -> None:
        """Lets go of who is over the capacity, and of who did nothing within the window, a few at a time."""
        oldest = self._now() - SLOTS
        for _ in range(2):
            source, slots = next(iter(self._sources.items()))
            if len(self._sources) <= self._capacity and slots and slots[-1][0] >= oldest:
                return
            del self._sources[source]
