"""Budgets: what passes at once, what waits, what is refused."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server.limits import (
    WINDOW,
    AccountBudget,
    AccountBudgets,
    Pace,
    RegistrationBudget,
    WrongTokenBudget,
)
from minechat.server.settings import PROFILES, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_passes_at_once_and_the_next_waits_its_turn() -> None:
    clock = Clock()
    pace = Pace(2.0, 5, clock)
    assert [pace.take() for _ in range(7)] == [0, 0, 0, 0, 0, 0.5, 1.0]


@given(st.lists(st.floats(0, 3), min_size=1, max_size=200))
def test_nobody_says_more_than_the_burst_and_the_rate_allow(pauses: list[float]) -> None:
    clock = Clock()
    pace = Pace(2.0, 5, clock)
    start = clock.now
    for passed, pause in enumerate(pauses, 1):
        clock.now += pause
        clock.now += pace.take()
        assert passed <= 5 + 2.0 * (clock.now - start) + 1e-6


@given(st.floats(0, 1e8), st.integers(1, 10_000), st.integers(1, 50))
def test_a_burst_passes_whole_whatever_the_clock_says(now: float, size: int, count: int) -> None:
    for once in (True, False):
        pace = Pace(size * count / WINDOW, size * count, lambda: now)
        passed = [pace.allows(size) if once else pace.take(size) == 0 for _ in range(count)]
        assert all(passed)
        assert not pace.allows(size)


def test_a_pace_without_a_rate_never_waits() -> None:
    pace = Pace(None, 0)
    assert pace.take(10**9) == 0
    assert pace.allows(10**9)


def test_what_dead_connections_leave_is_bounded_even_when_they_die_again_and_again() -> None:
    clock = Clock()
    budget = AccountBudget(Limits(), clock)
    taken = sum(1024 for _ in range(1000) if budget.takes_left_behind(1024))
    assert taken == 5 * 1024 + 16 * 1024  # a burst as anybody may have it, and what may be left besides
    clock.now += 0.4
    assert not budget.takes_left_behind(1024)


def test_dead_connections_leave_no_flood_of_tiny_messages() -> None:
    budget = AccountBudget(Limits(), Clock())
    assert sum(budget.takes_left_behind(1) for _ in range(10_000)) == 5 + 16 * 1024 // 64


def test_who_always_closes_at_once_and_keeps_to_the_pace_may_talk_all_day() -> None:
    clock = Clock()
    budget = AccountBudget(Limits(), clock)
    for _ in range(2_000):
        assert budget.takes_left_behind(1024)
        clock.now += 0.5


def test_an_account_that_comes_back_finds_its_budget_as_it_left_it() -> None:
    clock = Clock()
    budgets = AccountBudgets(Limits(), clock)
    for _ in range(5):
        assert budgets.of(1).wait(10) == 0
    assert budgets.of(1).wait(10) > 0
    assert budgets.of(2).wait(10) == 0


def test_remembered_accounts_are_bounded() -> None:
    budgets = AccountBudgets(Limits(), Clock())
    for account_id in range(budgets.CAPACITY + 50):
        budgets.of(account_id).wait(10)
    assert len(budgets._budgets) <= budgets.CAPACITY


def test_a_source_is_refused_when_its_registrations_are_used_up_and_told_when_to_come_back() -> None:
    clock = Clock()
    refused: Counter[str] = Counter()
    budget = RegistrationBudget(PROFILES["default"], refused, clock)
    for _ in range(20):
        budget.take("192.0.2.1")
    clock.now += 100
    with pytest.raises(Refused) as refusal:
        budget.take("192.0.2.1")
    assert refused == {"registrations": 1}
    assert refusal.value.retry_after is not None
    assert WINDOW - 100 <= refusal.value.retry_after <= WINDOW - 100 + WINDOW / 10
    budget.take("192.0.2.2")
    clock.now += refusal.value.retry_after
    budget.take("192.0.2.1")


def test_all_sources_together_are_bounded() -> None:
    refused: Counter[str] = Counter()
    budget = RegistrationBudget(PROFILES["default"], refused, Clock())
    for number in range(60):
        budget.take(f"192.0.2.{number}")
    with pytest.raises(Refused):
        budget.take("198.51.100.1")
    assert refused == {"registrations_in_all": 1}


@pytest.mark.parametrize(
    "limits", [Limits(registrations=1, registrations_in_all=None), Limits(registrations_in_all=1)]
)
def test_each_limit_of_registrations_holds_without_the_other(limits: Limits) -> None:
    budget = RegistrationBudget(limits, clock=Clock())
    budget.take("192.0.2.1")
    with pytest.raises(Refused):
        budget.take("192.0.2.1")


def test_a_classroom_registers_behind_one_address() -> None:
    budget = RegistrationBudget(PROFILES["classroom"], clock=Clock())
    for _ in range(400):
        budget.take("192.0.2.1")
    with pytest.raises(Refused):
        budget.take("192.0.2.1")


def test_a_source_tries_few_unknown_tokens_a_minute_and_is_told_when_to_come_back() -> None:
    clock = Clock()
    refused: Counter[str] = Counter()
    budget = WrongTokenBudget(Limits(), refused, clock)
    for _ in range(12):
        budget.take("192.0.2.1")
    with pytest.raises(Refused) as refusal:
        budget.take("192.0.2.1")
    assert refused == {"wrong_tokens": 1}
    budget.take("192.0.2.2")
    assert refusal.value.retry_after is not None
    assert 60 <= refusal.value.retry_after <= 66
    clock.now += refusal.value.retry_after
    budget.take("192.0.2.1")


def test_tokens_that_somebody_has_do_not_count() -> None:
    budget = WrongTokenBudget(Limits(), clock=Clock())
    for _ in range(1000):
        budget.take("192.0.2.1")
        budget.give_back("192.0.2.1")


def test_off_means_off() -> None:
    registrations = RegistrationBudget(PROFILES["off"])
    tokens = WrongTokenBudget(PROFILES["off"])
    for _ in range(5000):
        registrations.take("127.0.0.1")
        tokens.take("127.0.0.1")
    tokens.give_back("127.0.0.1")
