"""What was said lately is known to the second, and does not grow for ever."""

from math import inf

from minechat.server.memory import REMEMBERED, Memory


def test_words_are_fresh_again_after_ten_minutes() -> None:
    now = [0.0]
    memory = Memory(lambda: now[0])
    assert memory.fresh("tea?")
    memory.note("tea?")
    now[0] = 600.0 - 0.001
    assert not memory.fresh("tea?")
    now[0] = 600.0
    assert memory.fresh("tea?")


def test_the_longest_ago_is_forgotten_but_never_what_was_said_lately() -> None:
    now = [0.0]
    memory = Memory(lambda: now[0])
    for number in range(3 * REMEMBERED):
        memory.note(str(number))
    assert len(memory) == 3 * REMEMBERED
    now[0] = 600.0
    memory.note("later")
    assert len(memory) == REMEMBERED
    assert memory.last_said("0") == -inf
    assert memory.last_said(str(3 * REMEMBERED - 1)) == 0.0


def test_saying_it_again_makes_it_new() -> None:
    now = [0.0]
    memory = Memory(lambda: now[0])
    memory.note("tea?")
    now[0] = 700.0
    memory.note("tea?")
    now[0] = 800.0
    assert memory.last_said("tea?") == 700.0
    assert not memory.fresh("tea?")


def test_what_is_said_again_and_again_does_not_keep_the_rest_from_being_forgotten() -> None:
    now = [0.0]
    memory = Memory(lambda: now[0])
    memory.note("tea?", *map(str, range(2 * REMEMBERED)))
    now[0] = 700.0
    memory.note("tea?")
    assert len(memory) == REMEMBERED
