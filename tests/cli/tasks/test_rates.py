"""Rates and sizes: what happens between two looks, as people read it."""

import pytest

from minechat.cli.tasks.rates import by_reason, delay, per_second, rate, size


def test_a_rate_is_the_growth_over_the_time_between_two_looks() -> None:
    assert per_second("messages", {"clock": 12.0, "messages": 50}, {"clock": 10.0, "messages": 20}) == 15.0


@pytest.mark.parametrize(
    "before",
    [None, {"clock": 12.0, "messages": 20}, {"clock": 99.0, "messages": 20}, {"clock": 10.0, "messages": 51}],
)
def test_there_is_no_rate_without_two_looks_at_one_server(before: dict[str, float] | None) -> None:
    assert per_second("messages", {"clock": 12.0, "messages": 50}, before) is None


def test_figures_are_short_and_carry_their_units() -> None:
    assert [rate(one) for one in (None, 0.0, 1.25, 99.9, 12345.6)] == [
        "–",
        "0.0/s",
        "1.2/s",
        "99.9/s",
        "12346/s",
    ]
    assert [delay(one) for one in (0.0, 0.00123, 0.34, 2.5)] == ["0.0 ms", "1.2 ms", "340 ms", "2.5 s"]
    assert [size(one) for one in (0, 1023, 1024, 67_108_864, 5 << 40)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "64.0 MiB",
        "5120.0 GiB",
    ]
    assert by_reason({}) == "none"
    assert by_reason({"stall": 1, "queue": 3, "budget": 1}) == "queue 3, budget 1, stall 1"
