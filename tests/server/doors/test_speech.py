"""What a person says: within its budget, after a wait, refused in words, or left behind by the dead."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from random import Random

import pytest

from minechat.errors import Refused
from minechat.protocol.speak import NotSent
from minechat.server.accounts import Accounts
from minechat.server.audience import Audience
from minechat.server.bans import Bans
from minechat.server.doors.answers import YES, Answers
from minechat.server.doors.host import Work
from minechat.server.doors.speech import Speech, TooMuchLeft
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets
from minechat.server.settings import Limits
from minechat.server.storage import open_storage
from tests.server.people import people

STOPPING = Refused("the server is stopping", 5)
#: Two messages at once, and then hardly another; one left behind by the dead.
TIGHT = Limits(message_burst=2, message_rate=0.001, ping_rate=0.001, dump=64)


class House:
    """A hub on a real database, and what all visits share."""

    def __init__(self, hub: Hub, limits: Limits) -> None:
        self.hub = hub
        self.limits = limits
        self.figures = Figures()
        self.news: list[str] = []
        self.answers = Answers(lambda: self.news.append("answer"))

    async def speech(self, nickname: str = "Eva") -> Speech:
        person = (await self.hub.register(nickname, "here")).person
        return Speech(
            self, person, "here", self.answers, go_on=lambda: self.news.append("go on"), dismiss=self.closed
        )

    def closed(self, reason: Refused) -> None:
        self.news.append(str(reason))

    async def all_known(self, count: int) -> list[object]:
        known: list[object] = []
        async with asyncio.timeout(5):
            while len(known) < count:
                known += self.answers.known()
                await asyncio.sleep(0)
        return known

    def run(self, work: Work) -> asyncio.Task[None] | None:
        raise AssertionError

    def failed(self, bug: BaseException) -> None:
        raise AssertionError

    def over(self, visit: object) -> None:
        raise AssertionError


@asynccontextmanager
async def open_house(folder: Path, limits: Limits) -> AsyncIterator[House]:
    async with open_storage(f"sqlite:///{folder}/a.db", on_committed=lambda _: None) as storage:
        accounts = Accounts(storage, registrations=lambda _: None, random=Random(7))
        audience, budgets = Audience(limits, Figures()), AccountBudgets(limits)
        credentials = people(storage, accounts, limits)
        yield House(Hub(storage, accounts, audience, budgets, bans=Bans(), people=credentials), limits)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, TIGHT) as house:
        yield house


def stored(folder: Path) -> list[str]:
    with closing(sqlite3.connect(folder / "a.db")) as database:
        return [text for (text,) in database.execute("SELECT text FROM message ORDER BY seq")]


async def test_what_is_over_the_budget_is_held_back_and_counted(house: House, tmp_path: Path) -> None:
    speech = await house.speech()
    for text in ("one", "two", "three"):
        assert not speech.holds
        speech.say(text)
    assert speech.holds
    speech.pass_on()
    assert speech.holds, "its time has not come"
    assert await house.all_known(2) == [YES, YES]
    assert stored(tmp_path) == ["one", "two"]
    assert house.figures.refused == {"message_rate": 1}
    speech.end()


async def test_a_wait_ends_by_itself(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits(message_burst=1, message_rate=20.0)) as house:
        speech = await house.speech()
        speech.say("one")
        speech.say("two")
        async with asyncio.timeout(5):
            while "go on" not in house.news:
                await asyncio.sleep(0)
        speech.pass_on()
        assert await house.all_known(2) == [YES, YES]
        assert stored(tmp_path) == ["one", "two"]


async def test_whoever_is_told_why_hears_it_for_each_message_and_waits_for_nothing(
    house: House, tmp_path: Path
) -> None:
    speech = await house.speech()
    for text in ("one", "two", "held back"):
        speech.say(text)
    speech.refusing = STOPPING
    speech.pass_on()
    speech.say("late")
    refused = NotSent("the server is stopping", 5)
    assert await house.all_known(4) == [YES, YES, refused, refused]
    assert stored(tmp_path) == ["one", "two"]


async def test_the_dead_are_heard_as_far_as_their_account_may(house: House, tmp_path: Path) -> None:
    speech = await house.speech()
    speech.lost = True
    for text in ("one", "two", "left behind"):
        speech.say(text)
    with pytest.raises(TooMuchLeft):
        speech.say("too much")
    assert await house.all_known(3) == [YES] * 3
    assert stored(tmp_path) == ["one", "two", "left behind"]
    assert house.figures.refused == {"dump": 1}


async def test_pings_have_a_budget_of_their_own_and_are_kept_nowhere(house: House, tmp_path: Path) -> None:
    speech = await house.speech()
    speech.say("")
    assert speech.holds
    assert house.figures.refused == {"ping_rate": 1}
    speech.lost = True
    speech.pass_on()
    assert await house.all_known(1) == [YES]
    assert stored(tmp_path) == []


async def test_an_account_without_a_name_is_kept_before_its_first_message(
    house: House, tmp_path: Path
) -> None:
    speech = await house.speech("")
    assert speech.nameless
    await speech.keep("one")
    assert not speech.nameless
    assert await house.all_known(1) == [YES]
    assert stored(tmp_path) == ["one"]


async def test_an_order_reaches_the_person_until_the_visit_ends(house: House) -> None:
    speech, other = await house.speech(), await house.speech("Vlad")
    other.end()
    for account in (1, 2):
        house.hub.end(account, Refused("you are banned"))
    assert house.news == ["you are banned"]
    speech.end()
