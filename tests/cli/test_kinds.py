"""Texts become checked values, or an error that says what to write instead."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.cli.kinds import BadValue, Kind, convert, switch


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.PORT, "1", 1),
        (Kind.PORT, "65535", 65535),
        (Kind.FREE_PORT, "0", 0),
        (Kind.NUMBER, "0", 0),
        (Kind.POSITIVE, "3", 3),
        (Kind.RETRIES, "forever", None),
        (Kind.RETRIES, "0", 0),
        (Kind.SECONDS, "0.25", 0.25),
        (Kind.SECONDS, ".5", 0.5),
        (Kind.SECONDS, "10.", 10.0),
        (Kind.HOST, "minechat.dvmn.org", "minechat.dvmn.org"),
        (Kind.HOST, "::1", "::1"),
        (Kind.HOST, "[::1]", "[::1]"),
        (Kind.HOST, "fe80::1%eth0", "fe80::1%eth0"),
        (Kind.HOST, "чат.рф", "чат.рф"),
        (Kind.STAMP, "%H:%M", "%H:%M"),
        (Kind.STAMP, "100% %d", "100% %d"),
        (Kind.LIMITS, "classroom", "classroom"),
        (Kind.COLOR, "never", "never"),
        (Kind.SWITCH, "Yes", True),
        (Kind.SWITCH, "0", False),
        (Kind.TEXT, "-x", "-x"),
    ],
)
def test_good_texts_become_values(kind: Kind, text: str, value: object) -> None:
    assert convert(kind, text) == value


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.PORT, "0"),
        (Kind.PORT, "65536"),
        (Kind.PORT, "-1"),
        (Kind.PORT, "5_000"),
        (Kind.PORT, " 5000"),
        (Kind.PORT, "٥٠٠٠"),
        (Kind.PORT, "5000.0"),
        (Kind.PORT, "9" * 5000),
        (Kind.POSITIVE, "0"),
        (Kind.NUMBER, "-5"),
        (Kind.RETRIES, "never"),
        (Kind.SECONDS, "0"),
        (Kind.SECONDS, "nan"),
        (Kind.SECONDS, "inf"),
        (Kind.SECONDS, "1e9"),
        (Kind.SECONDS, "."),
        (Kind.SECONDS, "999999999"),
        (Kind.HOST, "two words"),
        (Kind.HOST, "line\nbreak"),
        (Kind.HOST, "esc\x1b[2J"),
        (Kind.HOST, "bidi\u202ehost"),
        (Kind.HOST, "http://chat.example"),
        (Kind.HOST, "chat.example:5000"),
        (Kind.HOST, "x" * 256),
        (Kind.STAMP, "%n"),
        (Kind.STAMP, "%H\t%M"),
        (Kind.STAMP, "%H\x1b[31m"),
        (Kind.STAMP, "nul\0"),
        (Kind.STAMP, "x" * 500),
        (Kind.STAMP, "\udcff"),
        (Kind.LIMITS, "Classroom"),
        (Kind.COLOR, "yes"),
        (Kind.SWITCH, "maybe"),
    ],
)
def test_bad_texts_are_refused_with_a_remedy(kind: Kind, text: str) -> None:
    with pytest.raises(BadValue) as caught:
        convert(kind, text)
    assert caught.value.remedy


@given(st.text())
def test_numbers_are_in_range_whatever_the_text(text: str) -> None:
    for kind, lowest, highest in ((Kind.PORT, 1, 65535), (Kind.SECONDS, 0, math.inf)):
        try:
            value = convert(kind, text)
        except BadValue:
            continue
        assert isinstance(value, int | float)
        assert lowest <= value < highest + 1


@given(st.text())
def test_a_stamp_shows_on_one_line_whatever_the_format(text: str) -> None:
    import time

    try:
        convert(Kind.STAMP, text)
    except BadValue:
        return
    assert time.strftime(text, time.gmtime(1_000_000_000)).isprintable()


@pytest.mark.parametrize("word", ["1", "yes", "on", "true", "TRUE", " on "])
def test_yes_has_many_words(word: str) -> None:
    assert switch(word)


@pytest.mark.parametrize("word", ["0", "no", "off", "false", "False"])
def test_no_has_many_words(word: str) -> None:
    assert not switch(word)
