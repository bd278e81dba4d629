"""Nicknames: mended ones obey the rule, in few enough bytes."""

import json
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.server import names
from minechat.server.epithets import EPITHETS
from minechat.text import safe_nick

nicks = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            'abcАБВабвΑΒ :_-"\\\t\n\u200b\u200d\u202e\u0301\u0338\u3164漢かカ한가👋🏽\ufe0f\u2800\u00ad'
        ),
    ),
    max_size=80,
)


def obeys(nick: str) -> bool:
    """The rule, said another way than in the code."""
    return (
        len(nick) <= 32
        and len(json.dumps(nick, ensure_ascii=False).encode()) <= 98
        and ":" not in nick
        and nick.isprintable()
        and nick == " ".join(nick.split())
        and nick == unicodedata.normalize("NFC", nick)
        and nick == safe_nick(nick)
        and all(len(scripts(word)) <= 1 for word in nick.split())
    )


def scripts(word: str) -> set[str]:
    """The scripts of letters as their names in Unicode begin, for those of everyday use."""
    known = (
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "HEBREW",
        "ARABIC",
        "HIRAGANA",
        "KATAKANA",
        "HANGUL",
        "CJK UNIFIED",
        "THAI",
    )
    letters = [unicodedata.name(char, "") for char in word if char.isalpha()]
    return {script for name in letters for script in known if name.startswith(script + " ")}


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_a_mended_nickname_obeys_the_rule(nick: str) -> None:
    assert obeys(names.mend(nick)), names.mend(nick)


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_mending_twice_is_mending_once(nick: str) -> None:
    mended = names.mend(nick)
    assert names.mend(mended) == mended


@pytest.mark.parametrize(
    ("given", "mended"),
    [
        ("Вася", "Вася"),
        ("Maximus", "Maximus"),
        ("  Big \t Bob\u3000", "Big Bob"),
        ("Server: hello", "Server_ hello"),
        ("a\x1b[31mb", "a_[31mb"),
        ("e\u0301", "é"),
        ("ad\u200bmin", "admin"),
        ("e\u200b\u0301", "é"),
        ("A\U00011a8ae\U00011a8a\u0301", "Aé"),
        ("\u202eevil", "evil"),
        ("Ваcя", "Ва c я"),
        ("Васяpro2", "Вася pro2"),
        ("\u3164\u2800\u200b", ""),
        ("", ""),
        (" ", ""),
        ("\u0301a", "a"),
        ("a" + "\u0338" * 50, "a" + "\u0338" * 3),
        ("я" * 100, "я" * 32),
        ("𠀀" * 100, "𠀀" * 24),
        ("x" * 31 + " y", "x" * 31),
        ("\ud800", "_"),
        ("Zoë 👋", "Zoë 👋"),
    ],
)
def test_a_nickname_is_kept_as_far_as_it_can_be(given: str, mended: str) -> None:
    assert names.mend(given) == mended


@settings(max_examples=200, deadline=None)
@given(nicks, st.integers(1, 999_999_999))
def test_a_number_always_fits(nick: str, number: int) -> None:
    numbered = names.numbered(names.mend(nick), number)
    assert numbered.endswith(str(number))
    assert obeys(numbered)


def test_the_longest_account_line_stays_within_200_bytes() -> None:
    epithet = max(EPITHETS, key=len)
    for nick in ('"' * 99, "𠀀" * 99, "я" * 99, "\\" * 99, "漢" * 99):
        longest = names.numbered(names.mend(nick), 999_999_999)
        account = {"nickname": f"{epithet} {longest}", "account_hash": "x" * 36}
        assert len(json.dumps(account, ensure_ascii=False).encode()) + 1 <= 200


def test_epithets_are_many_short_capitalised_words() -> None:
    assert len(EPITHETS) == len(set(EPITHETS)) >= 150
    assert all(word.isascii() and word.isalpha() and word.istitle() and len(word) <= 12 for word in EPITHETS)
