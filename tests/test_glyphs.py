"""What a character does where it is shown, asked of every code point there is."""

import re
import sys
import unicodedata

from minechat.glyphs import (
    ESCAPED,
    HARMLESS,
    IN_NICK,
    IN_TEXT,
    IN_UNUSUAL_NICK,
    JSON_ESCAPE,
    KEPT,
    MARK,
    SYMBOL,
    Known,
)

EVERYTHING = "".join(map(chr, range(sys.maxunicode + 1)))


def test_nothing_in_the_harmless_class_is_ever_replaced() -> None:
    harmless = re.findall(f"[{HARMLESS}]", EVERYTHING)

    assert [char for char in harmless if IN_UNUSUAL_NICK[char] is not KEPT] == []
    assert len(harmless) > 30_000


def test_every_control_format_private_and_unassigned_character_is_escaped() -> None:
    unseen = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
    kept = {char for char in EVERYTHING if IN_TEXT[char] is not ESCAPED}

    seen = {char for char in kept if unicodedata.category(char) in unseen}
    emoji_to_come = {chr(code) for code in range(0x1F000, 0x1FB00) if unicodedata.category(chr(code)) == "Cn"}
    assert seen == emoji_to_come | {"\u200c", "\u200d"}


def test_letters_that_show_nothing_are_escaped() -> None:
    blank = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180e\u2800\u3164\uffa0\U000e0041\U000e0101"

    assert {IN_TEXT[char] for char in blank} == {ESCAPED}


def test_every_combining_character_that_is_kept_counts_as_a_mark() -> None:
    combining = [char for char in EVERYTHING if unicodedata.category(char).startswith("M")]

    assert {IN_TEXT[char] for char in combining} == {MARK, ESCAPED}
    assert {IN_TEXT[char] for char in "\u200c\u200d\ufe0f\u1161\u11a8"} == {MARK}


def test_a_nickname_keeps_no_space_but_the_plain_one() -> None:
    spaces = [char for char in EVERYTHING if char.isspace() and IN_NICK[char] is not ESCAPED]

    assert spaces == [" "]


def test_a_nickname_in_another_form_keeps_nothing_that_has_one() -> None:
    kept = "".join(char for char in EVERYTHING if IN_UNUSUAL_NICK[char] is not ESCAPED)

    assert unicodedata.is_normalized("NFC", kept)


def test_symbols_are_control_pictures_or_escapes_and_are_harmless_themselves() -> None:
    assert [SYMBOL[char] for char in "\x1b\n\x7f\x9b\u202e\udc80\U000e0041"] == [
        "␛", "␊", "␡", r"\x9b", r"\u202e", r"\udc80", r"\U000e0041",
    ]  # fmt: skip
    replaced = (char for char in EVERYTHING[::7] + EVERYTHING[:0x3000] if IN_NICK[char] is ESCAPED)
    harmless = re.compile(f"[{HARMLESS}]+")
    assert [char for char in replaced if not harmless.fullmatch(SYMBOL[char])] == []


def test_json_escapes_are_twice_as_long_above_the_first_plane() -> None:
    assert [JSON_ESCAPE[char] for char in "\x1b\u202e\U000e0041"] == [
        r"\u001b", r"\u202e", r"\udb40\udc41",
    ]  # fmt: skip


def test_what_is_known_does_not_grow_without_end() -> None:
    known = Known(ord)

    assert sum(known[char] for char in EVERYTHING[:100_000]) == sum(range(100_000))
    assert len(known) <= 4096
