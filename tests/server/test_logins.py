"""Who may try a password: charged at the beginning, given back when right or never looked at."""

from collections import Counter
from contextlib import ExitStack

import pytest

from minechat.errors import Refused
from minechat.server.logins import ConnectionLogins, Logins
from minechat.server.precedence import Standing
from minechat.server.settings import PROFILES, Limits
from tests.server.people import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def logins(clock: Clock) -> Logins:
    return Logins(Limits(), clock=clock)


def trying(logins: Logins, source: str, key: str, right: bool | None) -> Standing:
    with logins.attempt(source, key) as attempt:
        attempt.right = right
    return attempt.asker.standing


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
    assert trying(logins, "home", "anna", right=True) is Standing.KNOWN


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


def test_standing_is_that_of_the_source_and_of_where_the_account_was(logins: Logins, clock: Clock) -> None:
    assert trying(logins, "here", "anna", right=False) is Standing.NEW
    assert logins.asker("here", "boris").standing is Standing.FAILED
    assert trying(logins, "here", "anna", right=True) is Standing.FAILED
    assert logins.asker("here", "anna").standing is Standing.KNOWN
    assert logins.asker("here", "boris").standing is Standing.FAILED
    assert logins.asker("there", "anna").standing is Standing.NEW
    clock.now += 600
    assert logins.asker("here", "boris").standing is Standing.NEW


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
            raise Refused("busy")
    assert trying(logins, "here", "anna", right=True) is Standing.NEW


def test_right_ones_cost_nothing(logins: Logins) -> None:
    for _ in range(300):
        trying(logins, "here", "anna", right=True)


def test_ten_wrong_ones_where_it_is_trusted_end_the_trust(clock: Clock) -> None:
    logins = Logins(Limits(login_penalty=None), clock=clock)
    trying(logins, "home", "anna", right=True)
    for _ in range(10):
        assert trying(logins, "home", "anna", right=False) is Standing.KNOWN
    assert trying(logins, "home", "anna", right=False) is Standing.FAILED


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
