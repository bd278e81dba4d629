"""Who waits: those who behaved come first, sources take turns, and the last in order gives way."""

from hypothesis import given
from hypothesis import strategies as st

from minechat.server.precedence import Asker, Standing, Waiting

KNOWN, NEW, FAILED = Standing.KNOWN, Standing.NEW, Standing.FAILED


def queue(*askers: tuple[str, str, Standing], most: int = 20, places: int = 1) -> Waiting:
    waiting = Waiting(most, places)
    for ticket, source, standing in askers:
        waiting.add(ticket, Asker(source, standing))
    return waiting


def served(waiting: Waiting) -> list[object]:
    """Everybody in the order in which they are served, one after the other."""
    order = []
    while (ticket := waiting.take()) is not None:
        order.append(ticket)
        waiting.done(ticket)
    return order


def test_who_came_first_is_served_first() -> None:
    assert served(queue(("a", "1", NEW), ("b", "2", NEW), ("c", "3", NEW))) == ["a", "b", "c"]


def test_who_failed_is_served_last_and_who_is_known_first() -> None:
    waiting = queue(("failed", "1", FAILED), ("new", "2", NEW), ("known", "3", KNOWN))
    assert served(waiting) == ["known", "new", "failed"]


def test_a_source_that_asks_often_waits_for_itself() -> None:
    several = (*((f"a{number}", "1", NEW) for number in range(5)), ("b0", "2", NEW), ("c0", "3", NEW))
    assert served(queue(*several)) == ["a0", "b0", "c0", "a1", "a2", "a3", "a4"]
    waiting = queue(*several)
    assert [waiting.take(), waiting.done("a0")] == ["a0", None]
    waiting.add("b1", Asker("2"))
    assert served(waiting) == ["b0", "c0", "a1", "b1", "a2", "a3", "a4"]
    assert not waiting._turns


def test_one_of_a_source_that_is_served_counts_as_before_the_next() -> None:
    waiting = queue(("a0", "1", NEW), ("a1", "1", NEW), ("b", "2", NEW), places=2)
    assert [waiting.take(), waiting.take(), waiting.take()] == ["a0", "b", None]


def test_with_one_too_many_the_last_in_order_gives_way() -> None:
    waiting = queue(("f", "1", FAILED), ("n", "2", NEW), most=2)
    assert waiting.shed() is None
    waiting.add("k", Asker("3", KNOWN))
    assert waiting.shed() == "f"
    waiting.add("late", Asker("4", FAILED))
    assert waiting.shed() == "late"
    waiting.add("again", Asker("3", NEW))
    assert waiting.shed() == "again"
    assert served(waiting) == ["k", "n"]


def test_those_who_failed_leave_the_last_place_of_several_free() -> None:
    waiting = queue(("f1", "1", FAILED), ("f2", "2", FAILED), places=2)
    assert [waiting.take(), waiting.take()] == ["f1", None]
    waiting.add("n", Asker("3", NEW))
    assert waiting.take() == "n"
    waiting.done("n")
    assert waiting.take() is None
    waiting.done("f1")
    assert waiting.take() == "f2"


def test_those_who_failed_take_the_only_place_there_is() -> None:
    assert served(queue(("f1", "1", FAILED), ("f2", "1", FAILED))) == ["f1", "f2"]


def test_who_leaves_waits_no_more() -> None:
    waiting = queue(("a", "1", NEW), ("b", "2", NEW))
    waiting.leave("a")
    waiting.leave("nobody")
    assert len(waiting) == 1
    assert served(waiting) == ["b"]


@given(
    st.lists(st.tuples(st.sampled_from("1234"), st.sampled_from(Standing)), max_size=40), st.integers(1, 3)
)
def test_nobody_is_lost_and_never_are_too_many_served_or_waiting(
    askers: list[tuple[str, Standing]], places: int
) -> None:
    waiting, shed, at_once = Waiting(5, places), [], []
    for number, asker in enumerate(askers):
        waiting.add(number, Asker(*asker))
        if number % 3 == 0 and (ticket := waiting.take()) is not None:
            at_once.append(ticket)
        if (ticket := waiting.shed()) is not None:
            shed.append(ticket)
        assert len(waiting) <= 5 and waiting.served <= places
    for ticket in at_once:
        waiting.done(ticket)
    rest = served(waiting)
    assert sorted([*shed, *at_once, *rest]) == list(range(len(askers)))  # type: ignore[type-var]
