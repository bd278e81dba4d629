"""Counting by source over a sliding window, in bounded memory."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from minechat.server.tally import CAPACITY, SLOTS, Tally

WINDOW = 600.0


class Clock:
    def __init__(self) -> None:
        self.now = 1234.5

    def __call__(self) -> float:
        return self.now


@given(st.lists(st.floats(0, 700), min_size=1, max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_allowed_and_each_place_comes_back(
    pauses: list[float], most: int
) -> None:
    clock = Clock()
    tally = Tally(WINDOW, clock)
    counted: list[float] = []
    for pause in pauses:
        clock.now += pause
        wait = tally.wait("a", most)
        if wait:
            before = counted[-most]
            assert clock.now < before + WINDOW + WINDOW / SLOTS  # nobody waits longer than a tenth too long
            assert before + WINDOW <= clock.now + wait + 1e-6 <= before + WINDOW + WINDOW / SLOTS + 1e-3
            clock.now += wait + 1e-6
            assert tally.wait("a", most) == 0
        tally.add("a")
        counted.append(clock.now)
    for index, start in enumerate(counted):
        assert sum(1 for time in counted[index:] if time < start + WINDOW) <= most


def test_sources_do_not_count_for_each_other() -> None:
    tally = Tally(WINDOW, Clock())
    tally.add("a")
    assert tally.wait("a", 1) > 0
    assert tally.wait("b", 1) == 0


def test_what_is_taken_back_was_never_counted() -> None:
    tally = Tally(WINDOW, Clock())
    tally.add("a")
    tally.add("a")
    tally.take_back("a")
    assert tally.wait("a", 2) == 0
    assert tally.wait("a", 1) > 0
    tally.take_back("a")
    assert tally.wait("a", 1) == 0
    assert len(tally) == 0
    tally.take_back("a")


def test_when_full_it_forgets_who_did_nothing_for_the_longest() -> None:
    tally = Tally(WINDOW, Clock(), capacity=3)
    for source in "abcad":
        tally.add(source)
    assert len(tally) == 3
    assert tally.wait("a", 2) > 0
    assert tally.wait("b", 1) == 0


def test_who_did_nothing_within_the_window_is_forgotten() -> None:
    clock = Clock()
    tally = Tally(WINDOW, clock)
    for number in range(100):
        tally.add(str(number))
    clock.now += 2 * WINDOW
    for _ in range(60):
        tally.add("new")
    assert len(tally) == 1


def test_a_whole_ipv6_network_of_sources_takes_little_memory() -> None:
    clock = Clock()
    tally = Tally(WINDOW, clock)
    tracemalloc.start()
    for minute in range(SLOTS):
        clock.now = 60.0 * minute
        for number in range(0x10000 if minute == 0 else CAPACITY):
            tally.add(f"2001:db8:1:{number:x}::/64")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(tally) == CAPACITY
    assert peak < 16 << 20


def test_it_tells_how_often_within_the_window() -> None:
    clock = Clock()
    tally = Tally(10.0, clock)
    for _ in range(3):
        tally.add("here")
        clock.now += 3
    assert tally.count("here") == 3
    assert tally.count("there") == 0
    clock.now += 5.1
    assert tally.count("here") == 1
