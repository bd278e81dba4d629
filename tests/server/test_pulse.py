"""The pulse of the loop: it tells when the loop was held up, and a bug nobody waits for is not lost."""

import asyncio
import gc
import time

import pytest

from minechat.errors import NotStored
from minechat.server.figures import Figures
from minechat.server.pulse import BEAT, beat, first_bug
from tests.server.conftest import Kept


async def test_a_loop_that_was_held_up_is_told(kept: Kept) -> None:
    figures = Figures()
    task = asyncio.create_task(beat(figures))
    while not figures.loop_lag.count:
        await asyncio.sleep(0.01)
    time.sleep(2 * BEAT + 0.2)  # what nobody may do
    async with asyncio.timeout(10):
        while not kept.records:
            await asyncio.sleep(0.01)
    task.cancel()
    (told,) = kept.records
    fields = told.__dict__["fields"]
    assert (told.__dict__["event"], told.levelname) == ("loop_blocked", "WARNING")
    assert fields["seconds"] >= 0.2
    assert figures.loop_lag.quantiles(1.0) == [fields["seconds"]]


async def test_an_exception_in_a_callback_is_the_first_bug() -> None:
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    task = asyncio.create_task(first_bug())
    await asyncio.sleep(0)
    loop.call_soon(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await task
    assert loop.get_exception_handler() is before


async def test_a_task_that_died_alone_is_the_first_bug() -> None:
    async def dies() -> None:
        raise ZeroDivisionError

    watching = asyncio.create_task(first_bug())
    alone = asyncio.create_task(dies())
    await asyncio.wait([alone])
    del alone
    gc.collect()
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10):
            await watching


@pytest.mark.parametrize(
    "error", [ConnectionResetError(), OSError(24, "too many open files"), NotStored("x"), None]
)
async def test_the_network_the_disk_and_what_is_for_people_are_no_bugs(
    kept: Kept, error: Exception | None
) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(first_bug())
    await asyncio.sleep(0)
    context = {"message": "it happened", "handle": "what somebody wrote"} | (
        {"exception": error} if error else {}
    )
    loop.call_exception_handler(context)
    await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    (told,) = kept.records
    assert told.__dict__["event"] == "loop_warning"
    assert told.__dict__["fields"]["text"] == "it happened"
    assert "somebody" not in str(told.__dict__)
