"""Who may try a password: charged at the beginning, given back when right or never looked at."""

from collections import Counter
from contextlib import ExitStack, suppress

import pytest

from minechat.errors import Refused
from minechat.server.logins import ConnectionLogins, Logins
from minechat.server.settings import PROFILES, Limits
from tests.server.people import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logins(clock: Clock) -> Logins:
    return Logins(Limits(), clock=clock)


def trying(logins: Logins, source: str, key: str, right: bool | None) -> int:
    """One try; how often the same asked before."""
    with logins.attempt(source, key) as attempt:
        attempt.right = right
    return attempt.asked


def test_a_source_that_fails_is_refused_with_the_time_to_wait(clock: Clock) -> None:
    refused: Counter[str] = Counter()
    logins = Logins(Limits(), refused, clock)
    for number in range(4):
        trying(logins, "here", f"name {number}", right=False)
    with pytest.raises(Refused, match="from your address failed, try again in 5 s") as caught:
        trying(logins, "here", "another", right=True)
    assert (caught.value.code, caught.value.retry_after) == ("too_fast", 5)
    assert refused == {"login_penalty": 1}
    trying(logins, "there", "another", right=True)


def test_an_account_that_many_sources_guess_at_makes_all_of_them_wait(clock: Clock) -> None:
    refused: Counter[str] = Counter()
    logins = Logins(Limits(), refused, clock)
    for number in range(10):
        trying(logins, f"source {number}", "anna", right=False)
    with pytest.raises(Refused, match="too many wrong passwords, try again in 1 s") as caught:
        trying(logins, "source 10", "anna", right=True)
    assert (caught.value.code, caught.value.retry_after) == ("too_fast", 1)
    assert refused == {"account_failures": 1}
    trying(logins, "source 10", "boris", right=True)


def test_its_owner_comes_in_from_where_they_came_before(logins: Logins) -> None:
    trying(logins, "home", "anna", right=True)
    for number in range(10):
        trying(logins, f"source {number}", "anna", right=False)
    with pytest.raises(Refused):
        trying(logins, "elsewhere", "anna", right=True)
    trying(logins, "home", "anna", right=True)


def test_nobody_guesses_more_than_a_hundred_times_an_hour(logins: Logins, clock: Clock) -> None:
    tried, began = 0, clock.now
    for second in range(4 * 3600):
        clock.now = began + second
        for number in range(10):
            try:
                trying(logins, f"{second} {number}", "anna", right=False)
            except Refused:
                break
            tried += 1
    assert 4 * 50 <= tried <= 4 * 100


def asked(logins: Logins, source: str, key: str, refused: Refused | None = None) -> int:
    """Asks for a hash; how often the same did so before."""
    with suppress(Refused), logins.asking(source, key) as times:
        if refused is not None:
            raise refused
    return times


BUSY = Refused("busy", 0.5, "busy")


def test_who_asks_often_is_counted_be_it_right_or_wrong(logins: Logins, clock: Clock) -> None:
    assert [trying(logins, "here", "nobody", right) for right in (False, False, True)] == [0, 1, 2]
    assert asked(logins, "here", "boris") == 3
    assert trying(logins, "there", "nobody", right=True) == 0
    clock.now += 661
    assert asked(logins, "here", "boris") == 0


def test_who_is_told_to_try_again_and_does_so_is_as_new_as_before(logins: Logins, clock: Clock) -> None:
    for _ in range(10):
        assert asked(logins, "patient", "anna", BUSY) == 0
        clock.now += 0.5
    assert asked(logins, "patient", "anna") == 0
    times = []
    for _ in range(10):
        times.append(asked(logins, "impatient", "anna", BUSY))
        clock.now += 0.1
    assert times == [0, 0, 1, 2, 3, 4, 5, 6, 7, 8]


def test_an_account_is_counted_apart_where_it_came_in_before(logins: Logins) -> None:
    assert trying(logins, "school", "anna", right=True) == 0
    for _ in range(3):
        trying(logins, "school", "nobody", right=False)
    assert [trying(logins, "school", "anna", right=True) for _ in range(3)] == [0, 1, 2]
    assert asked(logins, "school", "boris") == 4


def test_tries_under_way_are_charged(logins: Logins) -> None:
    with ExitStack() as under_way:
        for _ in range(4):
            under_way.enter_context(logins.attempt("here", "anna")).right = True
        with pytest.raises(Refused), logins.attempt("here", "anna"):
            pass
        for number in range(6):
            under_way.enter_context(logins.attempt(f"source {number}", "anna"))
        with pytest.raises(Refused), logins.attempt("source 7", "anna"):
            pass
    assert not logins._sources and not logins._accounts


def test_what_was_never_looked_at_costs_nothing(logins: Logins) -> None:
    for _ in range(300):
        trying(logins, "here", "anna", right=None)
        with pytest.raises(Refused, match="busy"), logins.attempt("here", "anna"):
            raise BUSY
    trying(logins, "here", "anna", right=True)


def test_right_ones_cost_nothing(logins: Logins) -> None:
    for _ in range(300):
        trying(logins, "here", "anna", right=True)


def test_ten_wrong_ones_where_it_is_trusted_end_the_trust(clock: Clock) -> None:
    logins = Logins(Limits(login_penalty=None), clock=clock)
    trying(logins, "home", "anna", right=True)
    assert [trying(logins, "home", "anna", right=False) for _ in range(12)] == [*range(10), 1, 2]


def test_without_limits_everybody_may(clock: Clock) -> None:
    logins = Logins(PROFILES["off"], clock=clock)
    for _ in range(500):
        trying(logins, "here", "anna", right=False)


@pytest.mark.parametrize("most", [3, 3.0, 3.9])
def test_a_connection_names_three_accounts_a_minute(clock: Clock, most: float) -> None:
    logins = ConnectionLogins(Limits(logins=most), clock)  # type: ignore[arg-type]  # as options give it
    for _ in range(3):
        logins.take()
        clock.now += 10
    with pytest.raises(Refused, match="on one connection, try again in 30 s") as caught:
        logins.take()
    assert (caught.value.code, caught.value.retry_after) == ("too_fast", 30)
    clock.now += 30
    logins.take()
    with pytest.raises(Refused):
        logins.take()


def test_without_a_limit_a_connection_may_name_any_number(clock: Clock) -> None:
    logins = ConnectionLogins(PROFILES["off"], clock)
    for _ in range(100):
        logins.take()
