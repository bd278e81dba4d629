"""Columns and wrapping: whatever the text, no line is wider than it may be and no letter is lost."""

import pyte
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minechat.text import safe
from minechat.ui.columns import MOST_LINES, clip, columns, fenced, is_simple, pad, paragraphs, wrap

LETTERS = "ab  яё日本é\u0301\u200d👨👩👧❤\ufe0f🇷🇺שלم\u1100\u1161ᄀ𝒳\t\x1b\x9b\u202e"
TEXTS = st.one_of(st.text(), st.text(alphabet=LETTERS, max_size=80)).map(safe)


@given(TEXTS, st.integers(2, 60))
@example("\u1100" * 40, 4)
@example("👨\u200d" * 40, 4)
@example("a" * 30 + " " + "b" * 30, 10)
@example("a " + "👋" + "🏻" * 30, 24)
@example("❣\ufe0f\u200d🈁" * 3, 2)
def test_no_line_is_wider_than_the_width_and_nothing_but_blanks_goes(text: str, size: int) -> None:
    lines = wrap(text, size)
    assert lines
    assert all(columns(line) <= size for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(TEXTS)
@example("❣\ufe0f\u200d🈁")
def test_one_column_is_enough(text: str) -> None:
    assert all(columns(line) <= 1 for line in wrap(text, 1))


def test_lines_break_at_blanks_and_long_words_are_cut() -> None:
    assert wrap("one two three", 8) == ["one two", "three"]
    assert wrap("один два три", 9) == ["один два", "три"]
    assert wrap("a" * 7, 3) == ["aaa", "aaa", "a"]
    assert wrap("日本語", 3) == ["日", "本", "語"]
    assert wrap("  indented text", 10) == ["  indented", "text"]


@given(TEXTS, st.integers(0, 30))
def test_padding_gives_exactly_the_width(text: str, size: int) -> None:
    assert columns(pad(text, size)) == size
    assert columns(pad(text, size, right=True)) == size


@given(TEXTS, st.integers(1, 30))
def test_clipping_tells_that_it_cut(text: str, size: int) -> None:
    clipped = clip(text, size)
    assert columns(clipped) <= size
    assert clipped == text or clipped.endswith("…")


@given(st.text(alphabet=st.characters(max_codepoint=0x24FF), max_size=40).map(safe))
def test_every_terminal_agrees_on_simple_texts(text: str) -> None:
    if not is_simple(text):
        return
    screen = pyte.Screen(200, 2)
    pyte.Stream(screen).feed(text)
    assert screen.cursor.x == columns(text) == len(text)


@given(TEXTS.filter(lambda text: len(text) < 100))
@example("🇷" * 30)
@example("👨\u200d👩\u200d👧❤️" * 9)
def test_a_terminal_that_joins_nothing_draws_no_more_columns(text: str) -> None:
    screen = pyte.Screen(600, 2)
    pyte.Stream(screen).feed(text)
    assert screen.cursor.x <= columns(text)


def test_right_to_left_letters_cannot_pull_their_neighbours_along() -> None:
    assert fenced("plain") == "plain"
    assert fenced("русский") == "русский"
    assert fenced("שלום") == "\u200eשלום\u200e"
    assert columns(fenced("שלום")) == 4


@pytest.mark.parametrize(
    ("lines", "shown"), [(1, 1), (MOST_LINES, MOST_LINES), (MOST_LINES + 5, MOST_LINES + 1)]
)
def test_a_message_of_very_many_lines_is_cut_with_a_mark(lines: int, shown: int) -> None:
    found = paragraphs("\n".join(["x"] * lines))
    assert len(found) == shown
    assert (found[-1] == "…[+5]") is (lines > MOST_LINES)


def test_what_a_terminal_would_obey_is_replaced() -> None:
    assert paragraphs("a\x1b[2Jb\nc\x9bd") == ["a␛[2Jb", "c\\x9bd"]
