"""What the server counts of itself: delays and their quantiles, in bounded memory."""

from hypothesis import given
from hypothesis import strategies as st

from minechat.server.figures import Delays, Figures


def test_nothing_happened_yet() -> None:
    assert Delays().quantiles(0.5, 0.99, 1.0) == [0.0, 0.0, 0.0]
    assert (Delays().count, Delays().total) == (0, 0.0)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_is_a_delay_that_so_large_a_share_does_not_exceed(
    seconds: list[float], share: float
) -> None:
    delays = Delays()
    for one in seconds:
        delays.add(one)
    (found,) = delays.quantiles(share)
    assert found in seconds
    assert sum(one <= found for one in seconds) >= share * len(seconds)
    assert sum(one < found for one in seconds) <= share * len(seconds)


def test_the_last_delays_make_the_quantiles_and_all_of_them_the_sum() -> None:
    delays = Delays(remembered=3)
    for one in (100.0, 1.0, 2.0, 3.0):
        delays.add(one)
    assert delays.quantiles(0.0, 0.5, 1.0) == [1.0, 2.0, 3.0]
    assert (delays.count, delays.total) == (4, 106.0)


def test_two_servers_count_apart() -> None:
    one, other = Figures(), Figures()
    one.refused["connections"] += 1
    one.commit.add(1.0)
    assert not other.refused
    assert other.commit.count == 0
