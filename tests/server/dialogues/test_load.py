"""Scripts as data: what is read from a file, and what is refused."""

import pytest

from minechat.server.dialogues import Line, load, parse

GOOD = """
language = "en"
cast = ["Nora", "Gus"]
[[dialogue]]
title = "tea"
script = [["Nora", "Tea?"], { branches = [[["Gus", "Yes."]], [["Gus", "No."], ["Nora", "Oh."]]] }]
[[reply]]
who = "Nora"
say = ["Hm, {name}?"]
"""


def test_a_dialogue_is_steps_of_alternatives() -> None:
    script = parse(GOOD)
    assert script.dialogues[0].steps == (
        ((Line("Nora", "Tea?"),),),
        ((Line("Gus", "Yes."),), (Line("Gus", "No."), Line("Nora", "Oh."))),
    )
    assert script.replies[0].when == ()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('language = "en"', ""),
        ('cast = ["Nora", "Gus"]', 'cast = ["Nora"]'),
        ('who = "Nora"', 'who = "Wren"'),
        ("branches", "twigs"),
        ('["Nora", "Tea?"]', '["Nora", "Tea?", "Now?"]'),
        ('say = ["Hm, {name}?"]', "say = 1"),
        ('title = "tea"', "title ="),
    ],
)
def test_what_is_not_a_script_is_refused(old: str, new: str) -> None:
    assert old in GOOD
    with pytest.raises(ValueError, match=r"."):
        parse(GOOD.replace(old, new))


def test_the_package_holds_two_languages() -> None:
    assert sorted(script.language for script in load()) == ["en", "ru"]
