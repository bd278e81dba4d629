"""The sentences around the screen are there in both languages, with the same blanks."""

import string

import pytest

from minechat.cli import rift_words
from minechat.cli.rift_words import RiftWords, language


def blanks(text: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    english, russian = rift_words._ENGLISH, rift_words._RUSSIAN
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(russian[key]), key
        assert text.isascii()


@pytest.mark.parametrize(
    ("environ", "wanted"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "de_DE", "LC_MESSAGES": "ru"}, "ru"),
        ({"LANG": ""}, "en"),
    ],
)
def test_the_environment_chooses_the_language(environ: dict[str, str], wanted: str) -> None:
    assert language("auto", environ) == wanted
    assert language("en", environ) == "en"
    assert language("ru", environ) == "ru"


def test_braces_in_what_was_said_stay() -> None:
    assert RiftWords("en")("lost", reason="{reason}") == "connection lost: {reason}"
