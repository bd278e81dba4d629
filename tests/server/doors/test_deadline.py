"""The time of an unfinished line: from its first byte, whatever came before it."""

import asyncio

from minechat.server.doors.deadline import Deadline


class Watched(Deadline):
    """A deadline of a twentieth of a second, and when it passed."""

    __slots__ = ("passed_at",)

    def __init__(self) -> None:
        self.passed_at: asyncio.Future[float] = asyncio.get_running_loop().create_future()
        super().__init__(0.05, lambda: self.passed_at.set_result(asyncio.get_running_loop().time()))


def timers() -> int:
    scheduled: list[asyncio.TimerHandle] = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    return sum(not timer.cancelled() for timer in scheduled)


async def test_a_line_that_does_not_end_passes_its_deadline_counted_from_its_first_byte() -> None:
    one = Watched()
    begun = asyncio.get_running_loop().time()
    async with asyncio.timeout(5):
        while not one.passed_at.done():
            one.begun()  # further bytes of the same line
            await asyncio.sleep(0)
    assert one.passed_at.result() - begun >= 0.05


async def test_a_new_line_has_its_own_time_and_no_timer_of_its_own() -> None:
    one, before = Watched(), timers()
    started = begun = asyncio.get_running_loop().time()
    one.begun()
    while begun < started + 0.03:
        begun = asyncio.get_running_loop().time()
        one.ended()
        one.begun()
        assert timers() == before + 1
        await asyncio.sleep(0)
    assert await asyncio.wait_for(one.passed_at, 5) - begun >= 0.049


async def test_a_line_that_ended_and_a_connection_that_closed_pass_no_deadline() -> None:
    ended, closed, last = Watched(), Watched(), Watched()
    for one in (ended, closed, last):
        one.begun()
    ended.ended()
    closed.cancel()
    await asyncio.wait_for(last.passed_at, 5)
    await asyncio.sleep(0)
    assert not ended.passed_at.done()
    assert not closed.passed_at.done()
