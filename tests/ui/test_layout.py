"""Entries as lines: columns that hold at any width, signs beside colours, days, what became of a message."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.text import safe, safe_nick
from minechat.ui.columns import columns
from minechat.ui.entry import Entry, Kind, Sending
from minechat.ui.layout import Layout, Line
from minechat.ui.words import Words

NOON = 1_790_000_000.0
TEXTS = st.one_of(st.text(), st.text(alphabet="ab яё日é\u0301\u200d👨👩❤\ufe0fשלם\n\t\x1b", max_size=200))


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def layout(width: int, stamp: str = "%H:%M", language: str = "en") -> Layout:
    return Layout(Words(language), stamp, width)


def plain(lines: list[Line]) -> list[str]:
    return ["".join(piece.text for piece in line.pieces).replace("\u200e", "").rstrip() for line in lines]


def said(text: str, nick: str = "Vasya", **fields: object) -> Entry:
    return Entry(Kind.SAID, text, NOON, nick, **fields)  # type: ignore[arg-type]


@given(TEXTS, st.text(max_size=40), st.integers(16, 200), st.sampled_from(list(Kind)), st.booleans())
def test_no_line_is_wider_than_the_screen(
    text: str, nick: str, width: int, kind: Kind, mention: bool
) -> None:
    shown = text if kind is Kind.SAID else safe(text)
    entry = Entry(kind, shown, NOON, safe_nick(nick), mention=mention)
    for line in layout(width).lines(entry, None):
        assert line.used <= width
        assert line.used == sum(columns(piece.text) for piece in line.pieces)


@given(TEXTS, st.sampled_from([40, 59, 60, 80, 120]))
def test_no_letter_of_a_message_is_lost(text: str, width: int) -> None:
    lines = layout(width).lines(said(text), said("before"))
    shown = "".join(piece.text for line in lines for piece in line.pieces if piece.look == "text")
    expected = "".join(safe(part) for part in text.split("\n"))
    for gone in " \u200e":
        shown, expected = shown.replace(gone, ""), expected.replace(gone, "")
    assert shown == expected


def test_wide_the_texts_stand_in_a_column_of_their_own() -> None:
    first, second = said("one two three four five six seven eight nine"), said("x", "Anna", mention=True)
    assert plain(layout(60).lines(first, said(""))) == [
        " 14:13        Vasya │ one two three four five six seven",
        "                    │ eight nine",
    ]
    assert plain(layout(60).lines(second, first)) == [" 14:13         Anna » x"]


def test_narrow_the_text_follows_the_nickname() -> None:
    assert plain(layout(40).lines(said("one two three four five six seven eight nine"), said(""))) == [
        " 14:13 Vasya: one two three four five",
        "         six seven eight nine",
    ]
    assert plain(layout(40).lines(said("x", mention=True), said(""))) == [" 14:13»Vasya: x"]


def test_a_long_stamp_is_a_short_one_where_there_is_no_room() -> None:
    assert plain(layout(40, "%d.%m.%Y %H:%M").lines(said("x"), said(""))) == [" 14:13 Vasya: x"]
    assert plain(layout(80, "%d.%m.%Y %H:%M").lines(said("x"), said("")))[0].startswith(" 21.09.2026 14:13")


def test_a_new_day_is_told_once() -> None:
    next_day = Entry(Kind.SAID, "x", NOON + 86_400, "Anna")
    lines = plain(layout(60).lines(next_day, said("")))
    assert lines[0].startswith(" ──── Tuesday 22 September 2026 ───")
    assert len(plain(layout(60).lines(next_day, next_day))) == 1
    russian = plain(layout(60, language="ru").lines(next_day, said("")))
    assert russian[0].startswith(" ──── вторник, 22 сентября 2026 ───")


def test_what_became_of_a_message_is_told_by_signs_and_words() -> None:
    on_the_way = said("x", mine=True, sending=Sending.SENDING)
    assert plain(layout(60).lines(on_the_way, said(""))) == [" 14:13        Vasya … x"]
    on_the_way.sending = Sending.WAITING
    assert plain(layout(60).lines(on_the_way, said("")))[1].endswith("waits for the connection")
    on_the_way.sending, on_the_way.reason = Sending.FAILED, "you are muted"
    assert plain(layout(60).lines(on_the_way, said(""))) == [
        " 14:13        Vasya ✗ x",
        "                    │ not sent: you are muted",
    ]


def test_the_screen_speaks_with_other_signs_than_people() -> None:
    note, error = Entry(Kind.NOTE, "Vasya joined", NOON), Entry(Kind.ERROR, "no such room", NOON)
    assert plain(layout(60).lines(note, said(""))) == [" 14:13              · Vasya joined"]
    assert plain(layout(60).lines(error, said(""))) == [" 14:13              ! no such room"]


@pytest.mark.parametrize("time_", [float("inf"), -1e30, 1e30, float("nan")])
def test_a_time_that_is_none_does_no_harm(time_: float) -> None:
    assert layout(80).lines(Entry(Kind.SAID, "x", time_, "Vasya"), None)


def test_lines_are_laid_out_once_for_each_width() -> None:
    entry, one = said("x"), layout(60)
    assert one.lines(entry, None) is one.lines(entry, None)
    before = one.lines(entry, None)
    one.set_width(50)
    assert one.lines(entry, None) is not before
