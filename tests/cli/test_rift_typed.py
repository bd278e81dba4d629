"""What was typed is remembered as often as it was typed, and never for the whole run."""

from minechat.cli.rift_typed import MOST, Typed


def test_each_typing_is_taken_once_and_leaves_nothing() -> None:
    typed = Typed()
    for _ in range(2):
        typed.add("general", "hi")
    assert not typed.taken("tech", "hi")
    assert [typed.taken("general", "hi") for _ in range(3)] == [True, True, False]
    assert len(typed) == 0


def test_the_oldest_go_when_nobody_ever_tells_them() -> None:
    typed = Typed()
    for number in range(3 * MOST):
        typed.add("general", f"text {number}")
    assert len(typed) == MOST
    assert not typed.taken("general", f"text {2 * MOST - 1}")
    assert typed.taken("general", f"text {2 * MOST}")
