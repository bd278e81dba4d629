"""What was said lately, so that nothing is said twice within ten minutes."""

import time
from collections.abc import Callable
from math import inf

#: Seconds before the same words may be said again.
REPEAT_AFTER = 600.0
#: Texts remembered beyond that time, to know which of two was said longer ago.
REMEMBERED = 4096


class Memory:
    """When each text was last said.

    Holds every text of the last ten minutes, whose number the pace of talk bounds, and up to
    ``REMEMBERED`` in all.

    :param clock: seconds that never go back
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._said: dict[str, float] = {}  # the longest ago first

    def __len__(self) -> int:
        return len(self._said)

    def last_said(self, text: str) -> float:
        """The clock when the text was last said; minus infinity if it never was, or long ago."""
        return self._said.get(text, -inf)

    def fresh(self, text: str) -> bool:
        """Whether the text may be said now."""
        return self._clock() - self.last_said(text) >= REPEAT_AFTER

    def note(self, *texts: str) -> None:
        """These were said just now."""
        now = self._clock()
        for text in texts:
            self._said.pop(text, None)
            self._said[text] = now
        while len(self._said) > REMEMBERED and self.fresh(oldest := next(iter(self._said))):
            del self._said[oldest]
