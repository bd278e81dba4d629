"""The position in a timeline: it stays where it is whatever comes, goes or is wrapped anew elsewhere."""

from hypothesis import given
from hypothesis import strategies as st

from minechat.ui.entry import Entry, Kind
from minechat.ui.pane import Pane


class Rows:
    """Entries of so many lines each, and a pane over them."""

    def __init__(self, heights: list[int], height: int = 5) -> None:
        self.entries = [entry(size) for size in heights]
        self.complete = True
        self.pane: Pane[tuple[Entry, int]] = Pane(lambda: self.entries, lines, lambda: self.complete)
        self.pane.height = height

    def all_lines(self) -> list[tuple[Entry, int]]:
        return [line for one in self.entries for line in lines(one, None)]


def entry(height: int) -> Entry:
    return Entry(Kind.SAID, "x", 0.0, seq=height)


def lines(one: Entry, _before: Entry | None) -> list[tuple[Entry, int]]:
    return [(one, number) for number in range(one.seq or 1)]


HEIGHTS = st.lists(st.integers(1, 7), min_size=1, max_size=30)
STEPS = st.lists(st.integers(-9, 9), max_size=12)


@given(HEIGHTS, st.integers(1, 12), STEPS)
def test_scrolling_moves_by_exactly_so_many_lines_between_the_ends(
    heights: list[int], height: int, steps: list[int]
) -> None:
    rows = Rows(heights, height)
    everything = rows.all_lines()
    last = max(0, len(everything) - height)
    top = last
    for step in steps:
        before, top = top, min(last, max(0, top + step))
        assert rows.pane.scroll(step) is (top != before)
        assert rows.pane.visible() == everything[top : top + height]
        assert rows.pane.follows is (top == last)


@given(HEIGHTS, STEPS, st.lists(st.integers(1, 7), min_size=1, max_size=10))
def test_what_comes_at_the_ends_does_not_move_what_is_in_sight(
    heights: list[int], steps: list[int], more: list[int]
) -> None:
    rows = Rows(heights)
    for step in steps:
        rows.pane.scroll(step)
    if rows.pane.follows:
        return
    seen = rows.pane.visible()
    rows.entries = [*map(entry, more), *rows.entries]
    assert rows.pane.visible() == seen
    rows.entries = [*rows.entries, *map(entry, more)]
    assert rows.pane.visible() == seen
    assert not rows.pane.follows


@given(HEIGHTS, st.lists(st.integers(1, 7), min_size=1, max_size=10))
def test_the_end_is_followed_while_it_is_in_sight(heights: list[int], more: list[int]) -> None:
    rows = Rows(heights)
    rows.entries += map(entry, more)
    assert rows.pane.visible() == rows.all_lines()[-5:]


@given(HEIGHTS, STEPS, st.data())
def test_what_is_dropped_far_away_does_not_move_it_and_what_is_dropped_here_does_no_harm(
    heights: list[int], steps: list[int], data: st.DataObject
) -> None:
    rows = Rows(heights)
    for step in steps:
        rows.pane.scroll(step)
    seen = rows.pane.visible()
    above = rows.pane.above()
    del rows.entries[: data.draw(st.integers(0, above))]
    assert rows.pane.visible() == seen
    del rows.entries[: data.draw(st.integers(0, len(rows.entries)))]
    rows.pane.visible()


def test_the_end_of_a_stretch_is_not_followed() -> None:
    rows = Rows([1] * 20)
    rows.complete = False
    rows.pane.scroll(-3)
    rows.pane.scroll(9)
    assert not rows.pane.follows
    assert rows.pane.visible() == rows.all_lines()[-5:]
    seen = rows.pane.visible()
    rows.entries += [entry(1)]
    assert rows.pane.visible() == seen


def test_an_entry_can_be_put_at_the_top() -> None:
    rows = Rows([2] * 20)
    rows.pane.show_from(rows.entries[4])
    assert rows.pane.visible()[0] == (rows.entries[4], 0)
    assert (rows.pane.above(), rows.pane.below()) == (4, 13)
    rows.pane.show_from(rows.entries[19])
    assert rows.pane.follows


def test_wrapped_anew_the_same_entry_stays_at_the_top() -> None:
    rows = Rows([4] * 20)
    rows.pane.scroll(-30)
    top = rows.pane.visible()[0][0]
    for one in rows.entries:
        one.seq = 2
    assert rows.pane.visible()[0][0] is top
