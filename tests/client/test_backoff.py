"""Waits between attempts are drawn at random, grow, stay under the cap and keep a budget of attempts."""

from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate, islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.backoff import delays, scaled


class Fixed(Random):
    """Chance that always draws the same part of the range."""

    def __init__(self, part: float) -> None:
        super().__init__()
        self._part = part

    def random(self) -> float:
        return self._part


def test_the_ceiling_grows_by_the_factor_up_to_the_cap() -> None:
    drawn = list(islice(delays(Fixed(1.0)), 8))
    assert drawn == pytest.approx([5.0, 8.09, 13.0896, 21.179, 34.2677, 45, 45, 45], rel=1e-4)


@given(st.integers())
def test_each_delay_is_drawn_over_its_whole_range(seed: int) -> None:
    chance = Random(seed)
    expected = [chance.uniform(0, min(45, 5 * 1.618**n)) for n in range(10)]
    assert list(islice(delays(Random(seed)), 10)) == pytest.approx(expected)


def test_two_clients_do_not_wait_alike() -> None:
    assert next(delays()) != next(delays())


@given(st.one_of(st.integers().map(Random), st.floats(0, 1).map(Fixed)), st.integers(2, 30))
def test_no_window_holds_more_attempts_than_the_budget(chance: Random, attempts: int) -> None:
    cap = 300 / attempts * 3
    waits = list(islice(delays(chance, cap=cap, attempts=attempts), 200))
    starts = list(accumulate(waits, initial=0.0))
    gaps = [later - start for start, later in zip(starts, starts[attempts:], strict=False)]
    assert min(gaps) >= 300 - 1e-6
    assert all(0 <= wait <= cap + 1e-6 for wait in waits)


@pytest.mark.parametrize("part", [0.0, 0.001, 0.3])
def test_the_default_budget_is_20_attempts_in_5_minutes(part: float) -> None:
    waits = list(islice(delays(Fixed(part)), 2000))
    starts = list(accumulate(waits, initial=0.0))
    assert sum(start < 300 - 1e-6 for start in starts) <= 20
    assert max(waits) <= 45 + 1e-6


@pytest.mark.parametrize("down", [0.0, 1.0, 5.0, 30.0])
def test_five_hundred_clients_come_back_at_once_and_not_at_the_same_time(down: float) -> None:
    """They lost one server together, which is there again after so many seconds."""
    tries = [list(_until(down, delays(Random(seed)))) for seed in range(500)]
    back = sorted(attempts[-1] for attempts in tries)
    assert _most_in_a_second(back) <= 150
    assert back[int(len(back) * 0.95)] - down <= 60
    assert back[-1] - down <= 100
    assert max(map(len, tries)) <= 20


def _until(down: float, waits: Iterator[float]) -> Iterator[float]:
    """When a client tries, up to the first attempt that finds the server again."""
    for now in accumulate(waits):
        yield now
        if now >= down:
            return


def _most_in_a_second(times: list[float]) -> int:
    return max(bisect_left(times, start + 1) - index for index, start in enumerate(times))


def test_another_first_wait_scales_all_of_it() -> None:
    whole = islice(delays(Random(7)), 50)
    assert list(islice(scaled(0.25, Random(7)), 50)) == pytest.approx([wait / 20 for wait in whole])
