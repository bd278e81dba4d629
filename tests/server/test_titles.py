"""Names of rooms, topics, reasons and times: taken as they are, or refused with a code."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server import titles
from minechat.text import safe


@pytest.mark.parametrize("name", ["a", "general", "Клуб-7", "x.y_z-1", "7", "日本", "é", "x" * 64])
def test_a_good_name_is_taken_as_it_is(name: str) -> None:
    assert titles.room_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x" * 65,
        ".hidden",
        "...",
        "a b",
        "a:b",
        "@1:2",
        "#a",
        "a/b",
        "a\n",
        "аb",
        "e\u0301",
        "a\u200d",
        "ﬁ ",
        "a\0",
    ],
)
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(Refused, check=lambda error: error.code == "bad_name"):
        titles.room_name(name)


@given(st.text(max_size=70))
def test_whatever_is_taken_is_short_and_safe_and_can_be_no_conversation(name: str) -> None:
    try:
        titles.room_name(name)
    except Refused:
        return
    assert 1 <= len(name) <= 64
    assert safe(name) == name
    assert not set(name) & set("@:/ \n")


@given(st.text(max_size=300))
def test_a_reason_is_one_safe_line_or_refused(text: str) -> None:
    try:
        line = titles.reason(text)
    except Refused as refusal:
        assert refusal.code == "too_long"
        return
    assert len(line) <= titles.REASON and safe(line) == line and "\n" not in line


@pytest.mark.parametrize("seconds", [0, -1, math.nan, math.inf, -math.inf, 1e300])
def test_no_time_is_refused(seconds: float) -> None:
    with pytest.raises(Refused, check=lambda error: error.code == "bad_frame"):
        titles.end(seconds, 0.0)


def test_an_end_is_counted_from_now_and_none_is_never() -> None:
    assert titles.end(None, 5.0) is None
    assert titles.end(60, 5.0) == 65.0
