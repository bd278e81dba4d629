"""Completion by Tab: what fits, in a useful order, the next one with each Tab."""

import pytest

from minechat.ui.commands import COMMANDS
from minechat.ui.completion import Completion, Known

KNOWN = Known(
    people=("Vasya", "Vlad", "Анна_К"),
    rooms=("general", "random"),
    talks=("@Vasya",),
    commands=COMMANDS,
)


def completed(text: str, tabs: int = 1, cursor: int | None = None) -> str | None:
    completion = Completion(text, len(text) if cursor is None else cursor, KNOWN)
    if not completion:
        return None
    for _ in range(tabs):
        found = completion.step()
    return found.text[: found.cursor] + "|" + found.text[found.cursor :]


@pytest.mark.parametrize(
    ("typed", "tabs", "text"),
    [
        ("v", 1, "Vasya: |"),
        ("v", 2, "Vlad: |"),
        ("v", 3, "Vasya: |"),
        ("hello vl", 1, "hello Vlad |"),
        ("анна к", 1, None),
        ("анна_", 1, "Анна_К: |"),
        ("hi @v", 1, "hi @Vasya |"),
        ("see #ra", 1, "see #random |"),
        ("/jo", 1, "/join |"),
        ("/ощ", 1, "/join |"),
        ("/join ra", 1, "/join random |"),
        ("/mute ", 1, "/mute Vasya |"),
        ("/mute Vasya ", 1, "/mute Vasya 10m |"),
        ("/role Vasya mo", 1, "/role Vasya moderator |"),
        ("/go @", 1, "/go @Vasya |"),
        ("/help mut", 1, "/help mute |"),
        ("/pm vl", 1, "/pm Vlad |"),
        ("//jo", 1, None),
        ("/nothing x", 1, None),
        ("", 1, None),
        ("zzz", 1, None),
        ("first\nvl", 1, "first\nVlad |"),
    ],
)
def test_what_a_tab_makes_of_it(typed: str, tabs: int, text: str | None) -> None:
    assert completed(typed, tabs) == text


def test_what_stands_behind_the_cursor_stays() -> None:
    assert completed("vl, look", cursor=2) == "Vlad: |, look"
