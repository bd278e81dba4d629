"""Passwords: one form however they are typed, and rules that say what to do."""

import math
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server import passwords

GOOD = (
    "12345678",
    "correct horse battery staple",
    "пароль от чата",
    "x" * 128,
    "я" * 128,
    "👋🏽 hello there",
    "漢" * 128,
)


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_is_taken_as_it_is(password: str) -> None:
    assert passwords.chosen(password) == passwords.prepared(password) == password


def test_one_made_by_chance_is_good_long_and_never_the_same() -> None:
    made = {passwords.fresh() for _ in range(1000)}
    assert len(made) == 1000
    for one in made:
        assert passwords.chosen(one) == one and one[0] != "-"
        assert len(one.replace("-", "")) == passwords.GROUPS * passwords.GROUP
    letters = set(passwords.ALPHABET)
    assert set("".join(made)) == {*letters, "-"} and not letters & set("0o1lI")
    assert len(letters) == len(passwords.ALPHABET)
    assert math.log2(len(letters)) * passwords.GROUPS * passwords.GROUP > 100


@pytest.mark.parametrize(
    "password",
    ["", "1234567", "x" * 129, "e\u0301" * 7, "я" * 1000, "x" * 10_000_000, "\ud800" + "x" * 10],
)
def test_one_of_another_length_is_refused(password: str) -> None:
    with pytest.raises(Refused, match="8 to 128 characters") as caught:
        passwords.chosen(password)
    assert caught.value.code == "bad_password"


@pytest.mark.parametrize("password", ["12345678\n", "\0" * 10, "with a \x1b[31m colour", "next\u0085line"])
def test_control_characters_are_refused(password: str) -> None:
    with pytest.raises(Refused, match="control characters") as caught:
        passwords.chosen(password)
    assert caught.value.code == "bad_password"


def test_one_password_typed_on_two_systems_is_one() -> None:
    composed, decomposed = "пароль-й-é", unicodedata.normalize("NFD", "пароль-й-é")
    assert composed != decomposed
    assert passwords.prepared(decomposed) == composed
    assert passwords.prepared("two words\u00a0and\u2003more") == "two words and more"


def test_case_and_width_are_not_folded() -> None:
    assert passwords.prepared("Password") != passwords.prepared("password")
    assert passwords.prepared("ｐassword") != passwords.prepared("password")


@pytest.mark.parametrize("password", ["x" * 1025, "я" * 513, "\udfff", "x" * 100_000_000])
def test_what_nobody_can_have_has_no_form(password: str) -> None:
    assert passwords.prepared(password) is None


@given(st.text(max_size=200))
def test_the_form_of_a_form_is_the_form(password: str) -> None:
    form = passwords.prepared(password)
    if form is not None:
        assert unicodedata.is_normalized("NFC", form)
        again = passwords.prepared(form)
        # One that grew in normal form may be too long by then.
        assert again in (form, None)
