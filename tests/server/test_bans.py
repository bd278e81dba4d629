"""Bans: each holds until its time on the wall clock, and says so to whom it is about."""

from minechat.server.bans import Bans
from minechat.server.storage import Ban


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def account(number: int, until: float | None, reason: str = "") -> Ban:
    return Ban(number, None, until, reason, 0.0)


def address(source: str, until: float | None, reason: str = "") -> Ban:
    return Ban(None, source, until, reason, 0.0)


def test_a_ban_without_an_end_helps_nobody_to_try_again() -> None:
    refusal = Bans([account(7, None, "flooding")]).refusal(7)
    assert refusal is not None
    assert (str(refusal), refusal.retry_after) == ("you are banned: flooding", None)


def test_a_ban_ends_by_itself_and_counts_down_until_then() -> None:
    clock = Clock()
    bans = Bans([address("192.0.2.7", clock.now + 60)], clock)
    refusal = bans.refusal("192.0.2.7")
    assert refusal is not None
    assert (str(refusal), refusal.retry_after) == ("you are banned", 60)
    clock.now += 59.5
    refusal = bans.refusal("192.0.2.7")
    assert refusal is not None and refusal.retry_after == 0.5
    clock.now += 0.5
    assert bans.refusal("192.0.2.7") is None
    clock.now -= 10  # a clock that is set back does not bring an ended ban to life
    assert bans.refusal("192.0.2.7") is None


def test_accounts_and_addresses_are_told_apart() -> None:
    bans = Bans([account(7, None), address("192.0.2.7", None)])
    assert bans.refusal(7) is not None and bans.refusal("192.0.2.7") is not None
    assert bans.refusal(8) is None and bans.refusal("192.0.2.8") is None and bans.refusal("7") is None


def test_the_last_word_counts() -> None:
    bans = Bans([account(7, None, "first")])
    bans.put(account(7, None, "second"))
    refusal = bans.refusal(7)
    assert refusal is not None and str(refusal) == "you are banned: second"
    bans.lift(7)
    bans.lift(7)
    assert bans.refusal(7) is None
