"""The first signal cancels one task, whenever it comes."""

import asyncio
import os
import signal

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


def test_a_signal_wakes_a_loop_that_waits_for_nothing_else() -> None:
    async def main() -> str:
        interrupts.aim(asyncio.current_task())
        os.kill(os.getpid(), signal.SIGTERM)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return "cancelled"
        return "woken"

    interrupts = Interrupts()
    with interrupts.caught(), asyncio.Runner() as runner:
        assert runner.run(main()) == "cancelled"


def test_without_a_signal_nothing_is_received() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        pass
    assert interrupts.received is None
