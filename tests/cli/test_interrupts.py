"""The first signal cancels one task, whenever it comes."""

import asyncio
import os
import signal
import sys
import threading
import time

from minechat.cli.interrupts import Interrupts


def test_a_signal_that_comes_before_the_task_is_not_lost() -> None:
    async def main() -> str:
        interrupts.aim(asyncio.current_task())
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "cancelled"
        return "woken"

    interrupts = Interrupts()
    with interrupts.caught(), asyncio.Runner() as runner:
        os.kill(os.getpid(), signal.SIGTERM)
        assert runner.run(main()) == "cancelled"
    assert interrupts.received == signal.SIGTERM


def _interrupt_once_asleep(thread: int) -> None:
    while sys._current_frames()[thread].f_code.co_name != "select":
        time.sleep(0)
    os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_wakes_a_loop_that_sleeps() -> None:
    async def main() -> float:
        interrupts.aim(asyncio.current_task())
        thread = threading.Thread(target=_interrupt_once_asleep, args=(threading.get_ident(),))
        thread.start()
        begun = time.monotonic()
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            thread.join()
        return time.monotonic() - begun

    interrupts = Interrupts()
    with interrupts.caught(), asyncio.Runner() as runner:
        assert runner.run(main()) < 4


def test_without_a_signal_nothing_is_received() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        pass
    assert interrupts.received is None
