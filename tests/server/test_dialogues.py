"""What the characters say: every dialogue file is well formed, fits the wire and repeats nothing."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minechat.server

FOLDER = Path(minechat.server.__file__).parent / "dialogues"
FILES = sorted(FOLDER.glob("*.toml"))
LINE_BYTES = 190
# A person's name is at most 32 letters; of two bytes each in Cyrillic.
LONGEST_NAME = "Ж" * 32
FILLED_BYTES = 200
# Unicode categories of what a terminal obeys or does not draw.
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}

Line = tuple[str, str]


def load(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return tomllib.load(file)


def pairs(script: list[Any]) -> Iterator[Line]:
    for step in script:
        if isinstance(step, dict):
            for branch in step["branches"]:
                yield from pairs(branch)
        else:
            nick, text = step
            yield nick, text


def spoken(data: dict[str, Any]) -> list[Line]:
    return [line for dialogue in data["dialogue"] for line in pairs(dialogue["script"])]


def replies(data: dict[str, Any]) -> list[Line]:
    return [(reply["who"], text) for reply in data["reply"] for text in reply["say"]]


def everything(data: dict[str, Any]) -> list[Line]:
    return spoken(data) + replies(data)


def repeated(texts: list[str]) -> list[str]:
    return [text for text, count in Counter(text.casefold() for text in texts).items() if count > 1]


def check_step(step: Any) -> None:
    if isinstance(step, dict):
        assert set(step) == {"branches"}
        assert len(step["branches"]) >= 2, step
        for branch in step["branches"]:
            assert branch, "an empty branch says nothing"
            for inner in branch:
                check_step(inner)
    else:
        assert len(step) == 2, step
        assert all(isinstance(part, str) and part for part in step), step


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def data(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return load(path)


def test_there_are_dialogues() -> None:
    assert FILES


def test_a_file_has_the_known_keys_only(data: dict[str, Any]) -> None:
    assert set(data) == {"language", "cast", "dialogue", "reply"}
    assert re.fullmatch(r"[a-z]{2}", data["language"])
    assert len(data["cast"]) == len(set(data["cast"])) >= 2
    for reply in data["reply"]:
        assert {"who", "say"} <= set(reply) <= {"who", "when", "say"}, reply


def test_every_dialogue_is_a_titled_script_with_a_choice_of_branches(data: dict[str, Any]) -> None:
    for dialogue in data["dialogue"]:
        assert set(dialogue) == {"title", "script"}
        for step in dialogue["script"]:
            check_step(step)
        assert any(isinstance(step, dict) for step in dialogue["script"]), dialogue["title"]
    assert not repeated([dialogue["title"] for dialogue in data["dialogue"]])


def test_only_the_cast_speaks_and_all_of_it_does(data: dict[str, Any]) -> None:
    assert {nick for nick, _ in spoken(data)} == set(data["cast"])
    assert {nick for nick, _ in replies(data)} == set(data["cast"])


def test_there_is_enough_to_say(data: dict[str, Any]) -> None:
    assert len(spoken(data)) >= 200


def test_a_line_with_its_nick_fits_the_wire(data: dict[str, Any]) -> None:
    for nick, text in everything(data):
        assert len(f"{nick}: {text}".encode()) <= LINE_BYTES, text


def test_a_reply_fits_with_the_longest_name_in_it(data: dict[str, Any]) -> None:
    for nick, text in replies(data):
        filled = text.replace("{name}", LONGEST_NAME)
        assert len(f"{nick}: {filled}".encode()) <= FILLED_BYTES, text


def test_lines_are_plain_visible_text(data: dict[str, Any]) -> None:
    for nick, text in everything(data):
        for part in (nick, text):
            assert not UNSEEN & {unicodedata.category(char) for char in part}, ascii(part)
            assert part == " ".join(part.split()), f"stray spaces: {part!r}"
            assert unicodedata.is_normalized("NFC", part), part


def test_no_line_looks_as_if_another_one_spoke(data: dict[str, Any]) -> None:
    for nick, text in everything(data):
        assert ":" not in nick
        assert not re.match(r"\S+: ", text), text


def test_every_character_answers_to_something_and_to_anything(data: dict[str, Any]) -> None:
    for nick in data["cast"]:
        own = [reply for reply in data["reply"] if reply["who"] == nick]
        assert sum("when" in reply for reply in own) >= 3, nick
        assert sum("when" not in reply for reply in own) == 1, nick
        assert all(len(reply["say"]) >= 4 for reply in own), nick


def test_stems_can_be_found_in_a_casefolded_message(data: dict[str, Any]) -> None:
    for reply in data["reply"]:
        stems = reply.get("when", ["any"])
        assert stems
        for stem in stems:
            assert stem.strip(), reply
            assert stem == stem.casefold()


def test_the_name_is_the_only_placeholder_and_only_in_replies(data: dict[str, Any]) -> None:
    for _, text in spoken(data):
        assert not set(text) & set("{}"), text
    for _, text in replies(data):
        assert not set(text.replace("{name}", "")) & set("{}"), text


def test_nothing_is_said_twice_and_no_nick_is_in_two_casts() -> None:
    files = [load(path) for path in FILES]
    assert not repeated([text for data in files for _, text in everything(data)])
    assert not repeated([nick for data in files for nick in data["cast"]])
