"""What failed logins cost: sources that pay with time, accounts that wait, in bounded memory."""

import pytest

from minechat.server.penalties import FREE, AccountDelays, Recent, SourcePenalties
from minechat.server.settings import PROFILES, Limits
from tests.server.people import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def penalties(clock: Clock) -> SourcePenalties:
    return SourcePenalties(Limits(), clock)


@pytest.fixture
def delays(clock: Clock) -> AccountDelays:
    return AccountDelays(Limits(), clock)


def fail(penalties: SourcePenalties, source: str, times: int) -> None:
    for _ in range(times):
        penalties.failed(source)


def test_a_source_fails_a_few_times_for_free_and_then_once_in_five_seconds(
    penalties: SourcePenalties, clock: Clock
) -> None:
    fail(penalties, "here", 3)
    assert penalties.wait("here", 0) == 0
    fail(penalties, "here", 1)
    assert penalties.wait("here", 0) == 5
    assert penalties.wait("there", 0) == 0
    clock.now += 5
    assert penalties.wait("here", 0) == 0


def test_tries_under_way_count_as_failed_ones(penalties: SourcePenalties) -> None:
    assert penalties.wait("here", 3) == 0
    assert penalties.wait("here", 4) > 0
    fail(penalties, "here", 2)
    assert penalties.wait("here", 1) == 0
    assert penalties.wait("here", 2) > 0


def test_nobody_owes_more_than_the_most(clock: Clock) -> None:
    penalties = SourcePenalties(Limits(login_penalty=100.0, login_penalty_most=250.0), clock)
    fail(penalties, "here", 50)
    assert penalties.wait("here", 0) == 250 - 15


def test_a_classroom_behind_one_address_fails_often_for_free(clock: Clock) -> None:
    penalties = SourcePenalties(PROFILES["classroom"], clock)
    fail(penalties, "here", 100)
    assert penalties.wait("here", 40) == 0


def test_without_a_penalty_nobody_waits(clock: Clock) -> None:
    penalties = SourcePenalties(PROFILES["off"], clock)
    fail(penalties, "here", 1000)
    assert penalties.wait("here", 1000) == 0


def test_an_account_waits_after_ten_failures_ever_longer(delays: AccountDelays, clock: Clock) -> None:
    waits = []
    for _ in range(FREE + 8):
        assert delays.wait("anna", 0) == 0
        delays.charge("anna")
        delays.failed("anna")
        waits.append(delays.wait("anna", 0))
        clock.now += waits[-1]
    assert waits == [0.0] * (FREE - 1) + [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert delays.wait("boris", 0) == 0


def test_it_comes_in_again_without_a_wait(delays: AccountDelays) -> None:
    for _ in range(FREE):
        delays.failed("anna")
    assert delays.wait("anna", 0) > 0
    delays.succeeded("anna", "here")
    assert delays.wait("anna", 0) == 0


def test_many_at_once_are_no_way_round(delays: AccountDelays) -> None:
    assert delays.wait("anna", FREE - 1) == 0
    assert delays.wait("anna", FREE) > 0
    for _ in range(FREE - 1):
        delays.failed("anna")
    assert delays.wait("anna", 0) == 0
    assert delays.wait("anna", 1) > 0


def test_an_account_bears_a_hundred_failures_an_hour(clock: Clock) -> None:
    delays = AccountDelays(Limits(), clock)
    tried = 0
    while clock.now < 4 * 3600:
        if delays.wait("anna", 0) == 0:
            delays.charge("anna")
            # One right one from elsewhere after each few wrong ones: the delays begin anew.
            delays.failed("anna")
            tried += 1
            if tried % 8 == 0:
                delays.succeeded("anna", "there")
        clock.now += 1
    assert 380 <= tried <= 400


def test_where_it_came_in_before_it_is_trusted_until_ten_fail_there(delays: AccountDelays) -> None:
    assert not delays.trusts("anna", "home")
    delays.succeeded("anna", "home")
    assert delays.trusts("anna", "home")
    assert not delays.trusts("anna", "elsewhere") and not delays.trusts("boris", "home")
    for _ in range(FREE - 1):
        delays.failed_trusted("anna", "home")
    assert delays.trusts("anna", "home")
    delays.failed_trusted("anna", "home")
    assert not delays.trusts("anna", "home")


def test_without_a_limit_an_account_does_not_wait(clock: Clock) -> None:
    delays = AccountDelays(PROFILES["off"], clock)
    for _ in range(200):
        delays.charge("anna")
        delays.failed("anna")
    assert delays.wait("anna", 50) == 0


def test_memory_is_bounded(clock: Clock) -> None:
    recent: Recent[int, int] = Recent(3)
    for number in range(10):
        recent.put(number, number)
        recent.put(0, 0)
    assert list(recent) == [8, 9, 0]
    penalties, delays = SourcePenalties(Limits(), clock, 10), AccountDelays(Limits(), clock, 10)
    for number in range(100):
        penalties.failed(f"source {number}")
        delays.charge(f"key {number}")
        delays.failed(f"key {number}")
        delays.succeeded(f"key {number}", "here")
    assert len(penalties._paid_off) <= 10
    assert max(map(len, (delays._failed, delays._trusted, delays._hourly))) <= 10
