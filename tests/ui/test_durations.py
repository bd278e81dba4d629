"""Lengths of time as people type them."""

import re

import pytest

from minechat.ui.durations import seconds


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90.0), ("10m", 600.0), ("2h", 7200.0), ("7d", 604800.0), ("forever", None)]
)
def test_a_length_of_time(text: str, length: float | None) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize(
    "text", ["", "10", "m", "0s", "-1m", "1.5h", "10 m", "10M", "٣m", "1234567s", "10m\n"]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        seconds(text)
