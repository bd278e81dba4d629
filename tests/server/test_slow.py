"""The rule for slow readers, and when it is applied."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server.outlets import Outlet
from minechat.server.settings import Limits
from minechat.server.slow import Backlog, too_slow
from tests.server.sockets import connected

LIMITS = Limits(send_queue=100, send_queues=250, send_stall=10.0)


@dataclass(frozen=True)
class Queue:
    waiting: int
    since: float = 0.0
    owed: int = 0


@pytest.mark.parametrize(
    ("queue", "now", "reason"),
    [
        (Queue(100), 9.9, None),
        (Queue(101), 0.0, "queue"),
        (Queue(1), 10.0, "stall"),
        (Queue(101), 10.0, "queue"),
        (Queue(100, since=5.0), 14.9, None),
        (Queue(100, since=5.0), 15.0, "stall"),
        (Queue(160, owed=60), 9.9, None),
        (Queue(161, owed=60), 0.0, "queue"),
    ],
)
def test_the_size_of_a_queue_and_the_time_without_progress(
    queue: Queue, now: float, reason: str | None
) -> None:
    assert [word for _, word in too_slow([queue], LIMITS, now)] == ([] if reason is None else [reason])


def test_the_largest_queues_give_way_until_all_are_under_the_budget() -> None:
    queues = [Queue(size) for size in (60, 90, 50, 95, 70)]
    assert too_slow(queues, LIMITS, 0.0) == [(Queue(95), "budget"), (Queue(90), "budget")]
    assert too_slow(queues[2:], LIMITS, 0.0) == []


def test_who_is_dropped_for_its_own_sake_counts_no_more_in_the_budget() -> None:
    queues = [Queue(500), Queue(90), Queue(80), Queue(80)]
    assert too_slow(queues, LIMITS, 0.0) == [(Queue(500), "queue")]


@given(st.lists(st.builds(Queue, st.integers(0, 150), st.sampled_from([0.0, -9.0, -11.0]))))
def test_who_stays_is_within_every_bound_and_nobody_goes_without_need(queues: list[Queue]) -> None:
    numbered = [(number, queue) for number, queue in enumerate(queues)]

    @dataclass(frozen=True)
    class Numbered:
        number: int
        waiting: int
        since: float
        owed: int = 0

    every = [Numbered(number, queue.waiting, queue.since) for number, queue in numbered]
    dropped = dict(too_slow(every, LIMITS, 0.0))
    stay = [one for one in every if one not in dropped]
    assert all(one.waiting <= 100 and one.since > -10.0 for one in stay)
    total = sum(one.waiting for one in stay)
    assert total <= 250
    budget = [one.waiting for one, reason in dropped.items() if reason == "budget"]
    assert not budget or total + min(budget) > 250
    assert not budget or min(budget) >= max((one.waiting for one in stay), default=0)


class Timers:
    """The timers of a loop, fired by the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.due: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(asyncio.get_running_loop(), "call_later", self.call_later)

    def call_later(self, delay: float, callback: Callable[[], None]) -> object:
        self.due.append((delay, callback))
        return object()

    def fire(self) -> None:
        self.due.pop(0)[1]()


async def test_nothing_is_looked_at_while_nobody_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = connected()
    looked = 0

    def clock() -> float:
        nonlocal looked
        looked += 1
        return 0.0

    with theirs:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        timers = Timers(monkeypatch)
        backlog = Backlog(LIMITS, lambda *_: None, clock)
        backlog.check()
        assert (looked, timers.due) == (0, [])
        outlet = Outlet(transport, backlog.discard)
        backlog.add(outlet)
        backlog.add(outlet)
        assert [delay for delay, _ in timers.due] == [1.0]
        timers.fire()
        assert [delay for delay, _ in timers.due] == [1.0]
        backlog.discard(outlet)
        looked = 0
        timers.fire()
        assert (looked, timers.due) == (0, [])
        monkeypatch.undo()
        transport.abort()
        await asyncio.sleep(0)


async def test_a_reader_that_took_everything_is_not_stalled_though_its_transport_did_not_tell() -> None:
    ours, theirs = connected()
    dropped: list[str] = []
    times = iter([0.0, 11.0, 22.0])
    with theirs:
        transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
        backlog = Backlog(LIMITS, lambda outlet, reason, waiting: dropped.append(reason), times.__next__)
        backlog.add(Outlet(transport, backlog.discard))
        backlog.check()
        backlog.check()
        assert dropped == []
        transport.abort()
        await asyncio.sleep(0)
