"""Comings and goings told net and now and then, however fast somebody comes and goes."""

import asyncio
from collections.abc import Callable, Sequence

#: Seconds from one telling to the next.
INTERVAL = 0.2
#: Comings and goings that one telling holds at most, so that it fits into a frame; the rest follow.
MOST = 250

#: An account and the name it is shown by.
Who = tuple[int, str]


class Changes:
    """What changed since it was last told; the first change after a quiet time is told at once.

    Whoever came and went in between is not mentioned. The last thing told of somebody is always what holds.

    :param tell: gets who came and who went, in the loop
    :param interval: seconds
    """

    def __init__(
        self, tell: Callable[[Sequence[Who], Sequence[Who]], None], interval: float = INTERVAL
    ) -> None:
        self._tell = tell
        self._interval = interval
        self._untold: dict[Who, bool] = {}  # whether they are there now; they were not when it was told
        self._told_at = -interval
        self._timer: asyncio.Handle | None = None

    def came(self, who: Who) -> None:
        self._change(who, there=True)

    def went(self, who: Who) -> None:
        self._change(who, there=False)

    def forget(self, who: Who) -> None:
        """This one is told of in another way."""
        self._untold.pop(who, None)

    def untold(self) -> tuple[set[Who], set[Who]]:
        """Who came and who went without being told yet."""
        came = {who for who, there in self._untold.items() if there}
        return came, self._untold.keys() - came

    def _change(self, who: Who, *, there: bool) -> None:
        if self._untold.get(who, there) is not there:
            del self._untold[who]  # as it was told
            return
        self._untold[who] = there
        if self._timer is None:
            self._wake()

    def _wake(self) -> None:
        loop = asyncio.get_running_loop()
        due = self._told_at + self._interval
        # The end of this turn brings together what one turn brought.
        self._timer = loop.call_soon(self._due) if due <= loop.time() else loop.call_at(due, self._due)

    def _due(self) -> None:
        self._timer = None
        if not self._untold:
            return
        self._told_at = asyncio.get_running_loop().time()
        batch = dict(list(self._untold.items())[:MOST])
        for who in batch:
            del self._untold[who]
        if self._untold:
            self._wake()
        self._tell(
            [who for who, there in batch.items() if there],
            [who for who, there in batch.items() if not there],
        )
