"""Waits between attempts are drawn at random, grow, stay under the cap and keep a budget of attempts."""

from itertools import accumulate, islice
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.backoff import delays


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
