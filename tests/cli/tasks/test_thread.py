"""Work in a thread: its result, its error, and what happens when the program is asked to end."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from minechat.cli.tasks.thread import in_thread
from minechat.errors import BackupUnusable


async def test_its_result_and_its_error_come_back() -> None:
    assert await in_thread(lambda given_up: given_up()) is False

    def fail(_: Callable[[], bool]) -> None:
        raise BackupUnusable("no")

    with pytest.raises(BackupUnusable, match="no"):
        await in_thread(fail)


async def test_work_that_is_given_up_is_awaited_until_it_has_tidied() -> None:
    loop = asyncio.get_running_loop()
    begun, tidied = asyncio.Event(), threading.Event()

    def work(given_up: Callable[[], bool]) -> None:
        loop.call_soon_threadsafe(begun.set)
        while not given_up():
            pass
        tidied.set()
        raise BackupUnusable("interrupted")

    task = asyncio.create_task(in_thread(work))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert tidied.is_set()
