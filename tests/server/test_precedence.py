"""Who waits: those who asked the least come first, and the last in order gives way."""

from hypothesis import given
from hypothesis import strategies as st

from minechat.server.precedence import OFTEN, Waiting


def queue(*waiting: tuple[object, int], most: int = 20, places: int = 1) -> Waiting:
    those = Waiting(most, places)
    for ticket, asked in waiting:
        those.add(ticket, asked)
    return those


def served(waiting: Waiting) -> list[object]:
    """Everybody in the order in which they are served, one after the other."""
    order = []
    while (ticket := waiting.take()) is not None:
        order.append(ticket)
        waiting.done(ticket)
    return order


def test_who_asked_as_often_and_came_first_is_served_first() -> None:
    assert served(queue(("a", 1), ("b", 1), ("c", 1))) == ["a", "b", "c"]


def test_who_asked_less_often_is_served_before() -> None:
    assert served(queue(("often", 50), ("twice", 1), ("late", 50), ("once", 0))) == [
        "once",
        "twice",
        "often",
        "late",
    ]


def test_with_one_too_many_the_last_in_order_gives_way() -> None:
    waiting = queue(("twice", 1), ("once", 0), most=2)
    assert waiting.shed() is None
    waiting.add("new", 0)
    assert waiting.shed() == "twice"
    waiting.add("often", 9)
    assert waiting.shed() == "often"
    waiting.add("late", 0)
    assert waiting.shed() == "late"
    assert served(waiting) == ["once", "new"]


def test_those_who_ask_often_leave_the_last_place_of_several_free() -> None:
    waiting = queue(("f1", OFTEN), ("f2", OFTEN), places=2)
    assert [waiting.take(), waiting.take()] == ["f1", None]
    waiting.add("n", OFTEN - 1)
    assert waiting.take() == "n"
    waiting.done("n")
    assert waiting.take() is None
    waiting.done("f1")
    assert waiting.take() == "f2"


def test_those_who_ask_often_take_the_only_place_there_is() -> None:
    assert served(queue(("f1", OFTEN), ("f2", OFTEN))) == ["f1", "f2"]


def test_who_leaves_waits_no_more() -> None:
    waiting = queue(("a", 0), ("b", 0))
    waiting.leave("a")
    waiting.leave("nobody")
    waiting.done("nobody")
    assert len(waiting) == 1
    assert served(waiting) == ["b"]


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(1, 3))
def test_nobody_is_lost_and_never_are_too_many_served_or_waiting(asked: list[int], places: int) -> None:
    waiting, shed, at_once = Waiting(5, places), [], []
    for number, times in enumerate(asked):
        waiting.add(number, times)
        if number % 3 == 0 and (ticket := waiting.take()) is not None:
            at_once.append(ticket)
        if (ticket := waiting.shed()) is not None:
            shed.append(ticket)
        assert len(waiting) <= 5 and waiting.served <= places
    for ticket in at_once:
        waiting.done(ticket)
    everybody = {*shed, *at_once, *served(waiting)}
    assert everybody == set(range(len(asked)))
