"""The words of the screen: the same in every language, and plural forms that are right."""

import string
from importlib.resources import files

import pytest

from minechat.ui import keys
from minechat.ui.words import LANGUAGES, Words

FORMS = {"en": {"one", "many"}, "ru": {"one", "few", "many"}}


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


def test_every_language_has_the_same_words() -> None:
    tables = {language: Words(language)._table for language in LANGUAGES}
    english = tables["en"]
    for language, table in tables.items():
        for part in ("words", "counts", "lists"):
            assert set(table[part]) == set(english[part]), (language, part)
        for key, sentence in table["words"].items():
            assert fields(sentence) == fields(english["words"][key]), (language, key)
        for key, forms in table["counts"].items():
            assert set(forms) == FORMS[language], (language, key)
            assert {"number"} <= set.union(*(fields(form) for form in forms.values())), (language, key)
        for key, words in table["lists"].items():
            assert len(words) == len(english["lists"][key])


def test_every_word_is_used_and_every_key_has_its_word() -> None:
    folder = files("minechat.ui")
    source = "".join(path.read_text("utf-8") for path in folder.iterdir() if path.name.endswith(".py"))
    table = Words("en")._table
    for key in [*table["words"], *table["counts"], *table["lists"]]:
        assert f'"{key}"' in source or f"'{key}'" in source or key.startswith(("state_", "link_")), key
    words = Words("en")
    assert all(words.has(row.word) for row in keys.KEYS)


@pytest.mark.parametrize(
    ("number", "form"),
    [(0, "новых"), (1, "новое"), (2, "новых"), (5, "новых"), (11, "новых"), (21, "новое"), (112, "новых")],
)
def test_russian_counts_as_russians_do(number: int, form: str) -> None:
    assert Words("ru").count("new_below", number) == f"ниже {number} {form}"


@pytest.mark.parametrize(
    ("number", "form"),
    [(1, "сообщение ждёт"), (3, "сообщения ждут"), (12, "сообщений ждут"), (101, "сообщение ждёт")],
)
def test_russian_has_a_form_for_few(number: int, form: str) -> None:
    assert Words("ru").count("unsent", number) == f"{number} {form}"


def test_english_counts_as_the_english_do() -> None:
    assert Words("en").count("question_paste", 12).startswith("12 lines were")
