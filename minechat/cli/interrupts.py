"""Signals that end a program: the first one asks, the second one does not."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from minechat import system


class Interrupts:
    """Turns the first signal into the cancellation of one task; a second ends the process at once.

    The handlers are the interpreter's and not the loop's: they also work while the loop is stuck in a
    call, and on Windows, where the loop has none.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self._task: asyncio.Task[Any] | None = None

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Handles the signals inside the block. One that was ignored (nohup, ``&``) stays ignored."""
        previous = {number: signal.getsignal(number) for number in system.signals()}
        caught = [number for number, handler in previous.items() if handler is not signal.SIG_IGN]
        for number in caught:
            signal.signal(number, self._receive)
        try:
            yield
        finally:
            for number in caught:
                signal.signal(number, previous[number])

    def aim(self, task: "asyncio.Task[Any] | None") -> None:
        """The task to cancel; one signal may have come before it."""
        self._task = task
        if self.received is not None and task is not None:
            task.cancel()

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.received is not None:
            os._exit(128 + number)
        self.received = number
        if self._task is not None:
            loop = self._task.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(self._task.cancel)
