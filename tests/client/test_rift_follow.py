"""What a session asks for by itself: who is there, page by page."""

import asyncio
import itertools

import pytest

from minechat.client.rift import Credentials
from minechat.client.rift_session import rift_session
from minechat.client.session import PeopleChanged
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from tests.client.rift_stage import PASSWORD, Chat, Told, chat

pytestmark = pytest.mark.usefixtures("quiet")
NAMES = ("Anna", "Boris", "Clara", "Eva", "Oleg")


def people(told: Told) -> list[frozenset[str]]:
    return [event.people for event in told.events if isinstance(event, PeopleChanged)]


def asked(stage: Chat) -> list[str]:
    return [command.after for command in stage.asked if isinstance(command, c.GetOnlineUsers)]


async def told_until(stage: Chat, here: set[str]) -> None:
    """Somebody logs in, and stays until they have been told that these are there."""
    credentials = Credentials(username="Anna", password=PASSWORD)
    async with rift_session("127.0.0.1", stage.port, credentials, timeout=5.0) as one:
        told = Told(one)
        await told.until(lambda: people(told) and people(told)[-1] == here)
        await told.close()


async def test_people_are_fetched_page_by_page() -> None:
    def page(command: c.Command) -> r.Reply:
        assert isinstance(command, c.GetOnlineUsers)
        rest = [name for name in NAMES if name > command.after]
        return r.OnlineUsers(users=tuple(rest[:2]), after=rest[1] if len(rest) > 2 else None, id=command.id)

    async with chat() as stage:
        stage.answers[c.GetOnlineUsers] = page
        await told_until(stage, set(NAMES))
        assert asked(stage) == ["", "Boris", "Eva"]


async def test_who_goes_between_two_pages_is_gone() -> None:
    async with chat() as stage:

        def page(command: c.Command) -> r.Reply:
            assert isinstance(command, c.GetOnlineUsers)
            if command.after:
                return r.OnlineUsers(users=("Eva",), id=command.id)
            (guest,) = stage.guests
            # What the server tells behind the first page.
            asyncio.get_running_loop().call_soon(
                guest.out.put_nowait, r.Presence(online=("Clara",), offline=("boris",))
            )
            return r.OnlineUsers(users=("Anna", "Boris"), after="Boris", id=command.id)

        stage.answers[c.GetOnlineUsers] = page
        await told_until(stage, {"Anna", "Clara", "Eva"})
        assert asked(stage) == ["", "Boris"]


async def test_a_list_without_an_end_is_left() -> None:
    numbers = itertools.count()

    def page(command: c.Command) -> r.Reply:
        name = f"n{next(numbers)}"
        return r.OnlineUsers(users=(name,), after=name, id=command.id)

    async with chat() as stage:
        stage.answers[c.GetOnlineUsers] = page
        await told_until(stage, {f"n{number}" for number in range(20)})
        assert len(asked(stage)) == 20
