"""The first signal cancels one task, whenever it comes."""

import asyncio
import os
import signal
import sys
import threading
import time

import pytest

from minechat.cli.interrupts import Interrupts


def _this_task() -> "asyncio.Task[object]":
    task = asyncio.current_task()
    assert task is not None
    return task


def test_a_signal_that_comes_before_the_task_is_not_lost() -> None:
    async def main() -> str:
        interrupts.aim(_this_task())
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


@pytest.mark.skipif(sys.platform == "win32", reason="no masks of signals")
def test_a_signal_wakes_a_loop_whose_system_call_it_does_not_interrupt() -> None:
    async def main() -> float:
        interrupts.aim(_this_task())
        thread = threading.Thread(target=_interrupt_once_asleep, args=(threading.get_ident(),))
        thread.start()
        # Taken by the other thread, it comes as one does in the moment before the call begins.
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        begun = time.monotonic()
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            thread.join()
        return time.monotonic() - begun

    interrupts = Interrupts()
    try:
        with interrupts.caught(), asyncio.Runner() as runner:
            assert runner.run(main()) < 4
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def test_without_a_signal_nothing_is_received() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        pass
    assert interrupts.received is None
