"""Names and stems in what people write: whole words, any case, both scripts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server.dialogues import load
from minechat.server.words import forms, spaced, stem, words


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Nora", "nora, are you there?"),
        ("Nora", "is that NORA's book"),
        ("Nora", "@Nora!"),
        ("Марк", "Марк, привет"),
        ("Марк", "передай Марку соль"),
        ("Марк", "мы с МАРКОМ"),
        ("Нина", "Нин, ты тут?"),
        ("Нина", "спросите у Нины"),
        ("Зоя", "за Зою!"),
        ("Зоя", "вместе с Зоей"),
        ("Игорь", "нет Игоря"),
        ("Матвей", "Матвею привет"),
        ("Семён", "семен"),
        ("Андрей", "Андрей"),
    ],
)
def test_a_name_is_found_in_any_position_and_case(name: str, text: str) -> None:
    assert forms(name) & set(words(text))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Nora", "ignorable"),
        ("Nora", "norah"),
        ("Nora", "nora_k"),
        ("Otto", "lotto, ottoman"),
        ("Марк", "маркер"),
        ("Марк", "ремарка"),
        ("Нина", "Нинель"),
        ("Глеб", "хлеб"),
    ],
)
def test_a_part_of_another_word_is_nobody(name: str, text: str) -> None:
    assert not forms(name) & set(words(text))


def test_no_two_of_the_cast_answer_to_one_word() -> None:
    names = [name for script in load() for name in script.cast]
    assert sum(len(forms(name)) for name in names) == len(frozenset[str]().union(*map(forms, names)))


@pytest.mark.parametrize(
    ("start", "text", "found"),
    [
        ("hello", "Oh, HELLO there", True),
        ("librar", "the library", True),
        ("librar", "a nonlibrary", False),
        ("hi ", "hi!", True),
        ("hi ", "his hiking", False),
        ("what's up", "Well, what's up?", True),
        ("как дела", "ну, как   дела", True),
        ("как дела", "как твои дела", False),
        ("как ты?", "как ты?", True),
        ("как ты?", "как ты это сделал", False),
        ("учёб", "учеба", True),
    ],
)
def test_a_stem_begins_a_word(start: str, text: str, found: bool) -> None:
    assert (stem(start) in spaced(words(text))) is found


@given(st.text())
def test_any_text_has_words(text: str) -> None:
    assert all(word == "?" or not any(char.isspace() for char in word) for word in words(text))
