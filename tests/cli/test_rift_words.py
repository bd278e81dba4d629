"""The sentences around the screen are there in both languages, with the same blanks."""

import ast
import re
import string
from pathlib import Path

import pytest

from minechat.cli import rift_english, rift_russian, rift_words
from minechat.cli.rift_words import RiftWords, language
from minechat.errors import ConnectionLost, MinechatError, Refused

MODULES = [
    path
    for path in Path(rift_words.__file__).parent.glob("rift*.py")
    if path.stem not in ("rift_english", "rift_russian")
]


def blanks(text: str) -> set[str]:
    return {name.partition(".")[0] for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_say_the_same_things() -> None:
    english, russian = rift_english.SENTENCES, rift_russian.SENTENCES
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(russian[key]), key
        assert text.isascii()


def test_both_languages_count_the_same_things() -> None:
    english, russian = rift_english.COUNTS, rift_russian.COUNTS
    assert english.keys() == russian.keys()
    assert not english.keys() & rift_english.SENTENCES.keys()
    for key, forms in english.items():
        assert set(forms) == {"one", "many"}, key
        assert set(russian[key]) == {"one", "few", "many"}, key
        wanted = blanks(forms["many"]) - {"number"}
        for text in (*forms.values(), *russian[key].values()):
            assert blanks(text) - {"number"} == wanted, key


def test_every_sentence_of_the_command_stands_in_both_tables() -> None:
    # Whatever the command says goes through the words: no module of it has a sentence of its own, or one
    # of the table that knows English only; and no sentence is left that nobody says.
    said: set[str] = set()
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name | ast.alias):
                name = node.id if isinstance(node, ast.Name) else node.name
                assert name != "sentences", path.name
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                said.add(node.value)
            told = node.exc if isinstance(node, ast.Raise) else node
            if isinstance(told, ast.Call) and (node is not told or _name(told) == "warn"):
                assert not any(map(_is_literal, told.args)), f"{path.name}:{told.lineno}"
    of_the_screen = {"nickname"}  # asked by chat.py --tui
    assert {*rift_english.SENTENCES, *rift_english.COUNTS} - of_the_screen <= said


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _is_literal(argument: ast.expr) -> bool:
    return isinstance(argument, ast.Constant) and isinstance(argument.value, str) and " " in argument.value


@pytest.mark.parametrize(
    ("language", "number", "text"),
    [
        ("en", 0, "0 messages of @anna are in f"),
        ("en", 1, "1 message of @anna is in f"),
        ("en", 21, "21 messages of @anna are in f"),
        ("ru", 1, "1 сообщение @anna записано в f"),
        ("ru", 22, "22 сообщения @anna записаны в f"),
        ("ru", 11, "11 сообщений @anna записано в f"),
    ],
)
def test_a_number_asks_for_its_form(language: str, number: int, text: str) -> None:
    assert RiftWords(language).count("exported", number, place="@anna", file="f") == text


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


@pytest.mark.parametrize(
    "error, person, program",
    [
        (Refused("you are muted", 3597.6, "muted"), r"refused: you are muted \(until .+\)", "3597.6 s"),
        (Refused("slow down", 0.4, "too_fast"), r"refused: slow down; try again in 1 s", "0.4 s"),
        (Refused("there is no such room", None, "no_room"), "refused: there is no such room", "no such room"),
    ],
)
def test_a_person_is_told_until_when_and_a_program_for_how_long(
    error: Refused, person: str, program: str
) -> None:
    assert re.fullmatch(person, RiftWords("en", to_person=True).reason(error))
    assert RiftWords("en").reason(error).endswith(program)


@pytest.mark.parametrize(
    ("language", "error", "line"),
    [
        ("en", ConnectionLost("not connected; nothing was sent"), "not sent: not connected"),
        ("ru", ConnectionLost("not connected; nothing was sent"), "не отправлено: нет связи"),
        ("en", ConnectionLost("it broke off"), "not sent: it broke off"),
        ("ru", ConnectionLost("nothing was sent: logged out"), "не отправлено: вы вышли"),
    ],
)
def test_that_nothing_was_sent_is_told_once(language: str, error: MinechatError, line: str) -> None:
    assert RiftWords(language, to_person=True).not_sent(error) == line
