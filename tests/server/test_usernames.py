"""Names that people choose: ordinary ones are taken as they are, all others refused with a reason."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server import usernames
from minechat.server.keys import keys_of
from minechat.text import safe_nick
from tests.server import pairs


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("Вася", "Вася"),
        ("vasya_2000", "vasya_2000"),
        ("Big Bob", "Big_Bob"),
        (" Big Bob ", "Big_Bob"),
        ("Вася_pro", "Вася_pro"),
        ("Bob_", "Bob_"),
        ("Zoe\u0308", "Zoë"),
        ("Zoë 👋", "Zoë_👋"),
        ("漢字", "漢字"),
        ("1984", "1984"),
        ("x" * 32, "x" * 32),
        ("я" * 32, "я" * 32),
        ("Глебушка", "Глебушка"),
        ("administrative", "administrative"),
    ],
)
def test_an_ordinary_name_is_taken_with_underscores_for_blanks(typed: str, shown: str) -> None:
    assert usernames.chosen(typed) == (shown, keys_of(typed))


REFUSED = {
    "1 to 32 characters": ["", " ", "x" * 33, "e" * 129, "я" * 10_000],
    "must not hold ':'": ["a:b", ":", "::1", "Server:"],
    "must not begin with": ["#1", "#room", "@bob", "/pm", "-x", "--help"],
    "a letter or a digit": ["_", "___", "...", "!", "👋", "…", "\\"],
    "must not mix alphabets": ["Ваcя", "Bоb", "pаypal", "Аnna", "漢ひらがなx"],
    "invisible": ["ad\u200bmin", "a\u202eb", "a\x00b", "a\nb", "b\u0301\u0301\u0301\u0301\u0301", "\u3000a"],
    "something else than a name": ["127.0.0.1", "１２７.0.0.1", "255.255.255.255"],
    "sounds official": [
        "admin",
        "ADMIN_",
        "adm1n",
        "Server",
        "system",
        "сервер",
        "всем",
        "everyone",
        "ты",
        "Глеб",
        "nora",
        "N0RA",
        "Brave admin",
        "Calm_Server",
        "Jolly Глеб",
    ],
}


@pytest.mark.parametrize(("words", "typed"), [(words, name) for words in REFUSED for name in REFUSED[words]])
def test_any_other_is_refused_with_the_reason(words: str, typed: str) -> None:
    with pytest.raises(Refused, match=words) as caught:
        usernames.chosen(typed)
    assert caught.value.code == "bad_name"
    assert caught.value.retry_after is None


def test_half_a_pair_of_surrogates_is_refused() -> None:
    with pytest.raises(Refused):
        usernames.chosen("ab\ud800")


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters() | st.sampled_from("abАБ _:-.@#1\u200b\u0301👋漢"), max_size=40))
def test_what_is_taken_obeys_the_rules(typed: str) -> None:
    try:
        shown, keys = usernames.chosen(typed)
    except Refused as refused:
        assert refused.code == "bad_name"
        return
    assert 1 <= len(shown) <= 32
    assert not set(shown) & set(": \t\n")
    assert shown.isprintable() and shown == safe_nick(shown) == unicodedata.normalize("NFC", shown)
    assert keys.small and keys == keys_of(shown) == keys_of(shown.replace("_", " "))
    assert usernames.chosen(shown) == (shown, keys)


def test_of_two_that_look_alike_one_is_refused_or_has_the_key_of_the_other() -> None:
    both = 0
    for pair in pairs.twins() + pairs.variants():
        try:
            one, other = map(usernames.chosen, pair)
        except Refused:
            continue
        both += 1
        assert one[1].is_like(other[1]), pair
    assert both > 100, both
