"""Signals that end a program: the first one asks, the second one does not."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType
from typing import Any

from minechat import system


class Interrupts:
    """Turns the first signal into the cancellation of one task; a second ends the process at once.

    The handlers are the interpreter's, which also work while the loop is stuck in a call, and on Windows;
    the loop's, where it has them, only wake it: a signal in the moment before it falls asleep would
    otherwise wait for the next event.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._task: asyncio.Task[Any] | None = None
        self._caught: list[signal.Signals] = []

    @contextlib.contextmanager
    def caught(self) -> Iterator[None]:
        """Handles the signals inside the block. One that was ignored (nohup, ``&``) stays ignored."""
        previous = {number: signal.getsignal(number) for number in system.signals()}
        self._caught = [number for number, handler in previous.items() if handler is not signal.SIG_IGN]
        for number in self._caught:
            signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number in self._caught:
                signal.signal(number, previous[number])

    def aim(self, task: asyncio.Task[Any]) -> None:
        """The task to cancel; one signal may have come before it."""
        self._task = task
        # Windows has none: there the loop wakes by itself.
        with contextlib.suppress(NotImplementedError):
            for number in self._caught:
                task.get_loop().add_signal_handler(number, self._noticed, number)
                signal.signal(number, self._receive)
        if self.received is not None:
            task.cancel()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        if self._task is not None:
            loop = self._task.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._task.cancel)

    def _noticed(self, number: int) -> None:
        # The loop's own turn: nearly always the interpreter's handler was there before.
        if self.received is None:
            self._receive(number, None)
