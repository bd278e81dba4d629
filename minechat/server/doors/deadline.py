"""How long a line may stay unfinished: one timer for a connection, and none while no line is."""

import asyncio
from collections.abc import Callable


class Deadline:
    """Calls ``passed`` when a line has been unfinished for so many seconds.

    A line that ends leaves its timer alone: the next unfinished one takes it over, so that whoever sends
    half lines all day costs no more timers than one.
    """

    __slots__ = ("_due", "_passed", "_seconds", "_timer")

    def __init__(self, seconds: float, passed: Callable[[], None]) -> None:
        self._seconds = seconds
        self._passed = passed
        self._due: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def begun(self) -> None:
        """A line is unfinished; told again of the same line this changes nothing."""
        if self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + self._seconds
            if self._timer is None:
                self._timer = loop.call_at(self._due, self._look)

    def ended(self) -> None:
        """The line that was unfinished has its newline."""
        self._due = None

    def cancel(self) -> None:
        """No line matters any more."""
        self._due = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._due is None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() < self._due:
            self._timer = loop.call_at(self._due, self._look)
        else:
            self._passed()
