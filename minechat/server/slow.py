"""Readers that are too slow: the one rule for who is dropped, applied only while somebody has a queue."""

import asyncio
from collections.abc import Callable, Iterable
from time import monotonic
from typing import Protocol, TypeVar

from minechat.server.outlets import Outlet
from minechat.server.settings import Limits


class Queue(Protocol):
    """What waits for one reader."""

    @property
    def waiting(self) -> int:
        """Bytes that the reader has not taken."""

    @property
    def owed(self) -> int:
        """How many of them are answers; the reader is not heard again before it took those."""

    @property
    def since(self) -> float:
        """When it last took some of them, in seconds of a monotonic clock."""


Q = TypeVar("Q", bound=Queue)


def too_slow(queues: Iterable[Q], limits: Limits, now: float) -> list[tuple[Q, str]]:
    """Whose reader is dropped, and why.

    ``queue``: more than ``send_queue`` bytes wait for it that are no answers. ``stall``: it took nothing of
    what waits for ``send_stall`` seconds. ``budget``: all queues together hold more than ``send_queues``
    bytes, and the largest of them give way until they do not.
    """
    dropped: list[tuple[Q, str]] = []
    kept = []
    for queue in queues:
        if queue.waiting - queue.owed > limits.send_queue:
            dropped.append((queue, "queue"))
        elif now - queue.since >= limits.send_stall:
            dropped.append((queue, "stall"))
        else:
            kept.append(queue)
    excess = sum(queue.waiting for queue in kept) - limits.send_queues
    if excess > 0:
        kept.sort(key=lambda queue: queue.waiting)
    while excess > 0:
        largest = kept.pop()
        dropped.append((largest, "budget"))
        excess -= largest.waiting
    return dropped


class Lag:
    """A reader with something waiting, and when it last took some of it."""

    __slots__ = ("_taken", "outlet", "owed", "since", "waiting")

    def __init__(self, outlet: Outlet, now: float) -> None:
        self.outlet = outlet
        self.since = now
        self.waiting = outlet.waiting
        self.owed = outlet.owed
        self._taken = outlet.taken

    def look(self, now: float) -> None:
        self.waiting = self.outlet.waiting
        self.owed = self.outlet.owed
        taken = self.outlet.taken
        # A transport that held a byte too few to be paused does not tell when it is gone.
        if taken != self._taken or not self.waiting:
            self._taken = taken
            self.since = now


class Backlog:
    """The readers that something waits for, on whatever wire.

    They are looked at when more is written, and ten times in ``send_stall`` as long as there are any.

    :param drop: called with a reader that is too slow, the reason, and the bytes that wait for it
    """

    def __init__(
        self,
        limits: Limits,
        drop: Callable[[Outlet, str, int], None],
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._limits = limits
        self._drop = drop
        self._clock = clock
        self._lags: dict[Outlet, Lag] = {}
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Bytes that wait for readers."""
        return sum(outlet.waiting for outlet in self._lags)

    def add(self, outlet: Outlet) -> None:
        if outlet not in self._lags:
            self._lags[outlet] = Lag(outlet, self._clock())
            self._wake()

    def discard(self, outlet: Outlet) -> None:
        self._lags.pop(outlet, None)

    def check(self) -> None:
        """Drops who is too slow by now."""
        if not self._lags:
            return
        now = self._clock()
        for lag in self._lags.values():
            lag.look(now)
        for lag, reason in too_slow(self._lags.values(), self._limits, now):
            del self._lags[lag.outlet]
            self._drop(lag.outlet, reason, lag.waiting)

    def _wake(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._limits.send_stall / 10, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self.check()
        if self._lags:
            self._wake()
