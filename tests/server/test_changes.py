"""Comings and goings: told net, at once after a quiet time, and in the end always as it is."""

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.server.changes import MOST, Changes, Who
from tests.server.sockets import until

BOB, EVA = (1, "Bob"), (2, "Eva")


class Told:
    """What was told, and when."""

    def __init__(self, interval: float = 0.05) -> None:
        self.all: list[tuple[list[Who], list[Who]]] = []
        self.at: list[float] = []
        self.changes = Changes(self._tell, interval)

    def _tell(self, came: Sequence[Who], went: Sequence[Who]) -> None:
        self.all.append((list(came), list(went)))
        self.at.append(asyncio.get_running_loop().time())


async def test_the_first_change_is_told_at_the_end_of_the_turn_and_the_next_in_its_time() -> None:
    told = Told()
    told.changes.came(BOB)
    told.changes.came(EVA)
    await until(lambda: bool(told.all))
    told.changes.went(BOB)
    await until(lambda: len(told.all) == 2)
    assert told.all == [([BOB, EVA], []), ([], [BOB])]
    assert told.at[1] - told.at[0] >= 0.049


async def test_who_came_and_went_is_not_mentioned() -> None:
    told = Told()
    told.changes.came(BOB)
    told.changes.went(BOB)
    told.changes.came(EVA)
    await until(lambda: bool(told.all))
    assert told.all == [([EVA], [])]


async def test_who_is_told_of_in_another_way_is_left_out() -> None:
    told = Told()
    told.changes.came(BOB)
    assert told.changes.untold() == ({BOB}, set())
    told.changes.forget(BOB)
    told.changes.went(EVA)
    assert told.changes.untold() == (set(), {EVA})
    await until(lambda: bool(told.all))
    assert told.all == [([], [EVA])]


async def test_more_than_one_telling_holds_follows_in_the_next() -> None:
    told = Told(0.01)
    crowd = [(number, str(number)) for number in range(MOST * 2 + 1)]
    for who in crowd:
        told.changes.came(who)
    await until(lambda: len(told.all) == 3)
    assert [len(came) for came, _ in told.all] == [MOST, MOST, 1]
    assert [who for came, _ in told.all for who in came] == crowd


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([BOB, EVA, (1, "Robert")]), st.integers(0, 3)), max_size=40))
def test_the_last_thing_told_is_what_holds(steps: list[tuple[Who, int]]) -> None:
    async def lived() -> None:
        told, here, known = Told(0.001), set[Who](), set[Who]()
        for who, turns in steps:
            (told.changes.went if who in here else told.changes.came)(who)
            here ^= {who}
            for _ in range(turns):
                await asyncio.sleep(0)
        await until(lambda: told.changes.untold() == (set(), set()))
        for came, went in told.all:
            assert not known & set(came) and known >= set(went)
            known = (known | set(came)) - set(went)
        assert known == here

    asyncio.run(lived())
