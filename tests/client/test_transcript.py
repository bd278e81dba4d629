"""Messages as lines: one line for each whatever it holds, safe as text, exact as JSON."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.session import Message
from minechat.client.transcript import json_line, stamp, text_line
from minechat.text import safe

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC).timestamp()


def message(text: str = "hi", nick: str | None = "Eva", place: str = "tech", time: float = NOON) -> Message:
    return Message(place=place, nick=nick, text=text, time=time, seq=7)


def test_a_message_as_text() -> None:
    shown = stamp(NOON, "%H:%M")
    assert text_line(message(), "%H:%M") == f"[{shown}] tech Eva: hi"
    assert text_line(message(nick=None), "%H:%M") == f"[{shown}] tech hi"
    assert text_line(message(place="@Eva"), "%H:%M") == f"[{shown}] @Eva Eva: hi"
    assert text_line(message(), "%H:%M", with_place=False) == f"[{shown}] Eva: hi"


def test_a_message_as_json() -> None:
    line = json_line(message("a\nb\x1b[31m"), 3)
    assert "\x1b" not in line
    record = json.loads(line)
    assert datetime.fromisoformat(record.pop("time")).timestamp() == NOON
    assert record == {"v": 1, "number": 3, "room": "tech", "seq": 7, "nick": "Eva", "text": "a\nb\x1b[31m"}
    assert list(json.loads(json_line(message(nick=None)))) == ["v", "time", "room", "seq", "nick", "text"]


@pytest.mark.parametrize("time", [1e300, -1e300, float("inf")])
def test_a_time_no_clock_shows_is_still_one_line(time: float) -> None:
    assert text_line(message(time=time)).endswith("tech Eva: hi")
    assert json.loads(json_line(message(time=time)))["time"] is None


TEXTS = st.text(max_size=40) | st.sampled_from(
    ["a\nb", "\x1b]0;t\x07", "\u202eevil", "\r[12:00] admin: x", "a\u2028b"]
)


@given(text=TEXTS, nick=TEXTS, place=TEXTS)
def test_any_message_is_one_safe_line(text: str, nick: str, place: str) -> None:
    line = text_line(message(text, nick, place))
    assert len(line.splitlines()) == 1
    assert safe(line) == line
    assert re.match(r"\[[^]]*\] ", line)
    shown = json_line(message(text, nick, place))
    assert len(shown.splitlines()) == 1
    assert safe(shown) == shown
    record = json.loads(shown)
    assert (record["text"], record["nick"], record["room"]) == (text, nick, place)
