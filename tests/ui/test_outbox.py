"""Messages on their way: in order, once, waiting without a connection, with the reason when refused."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from minechat.errors import OutcomeUnknown, Refused
from minechat.ui.conversation import Conversation
from minechat.ui.entry import Sending
from minechat.ui.outbox import MOST, Outbox
from minechat.ui.words import Words
from tests.ui.stage import StagedSession


class Stage:
    """An outbox at work over a session in memory."""

    def __init__(self) -> None:
        self.session = StagedSession()
        self.place = Conversation("general")
        self.changed = asyncio.Event()
        self.outbox = Outbox(self.session, Words("en"), self.changed.set)

    def online(self, online: bool = True) -> None:
        self.session.connected = online
        self.outbox.set_online(online)

    async def until(self, fact: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not fact():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    async with asyncio.TaskGroup() as group:
        work = group.create_task(stage.outbox.work())
        yield stage
        work.cancel()


async def test_what_is_written_without_a_connection_is_sent_once_and_in_order(stage: Stage) -> None:
    for text in ("one", "two", "three"):
        assert stage.outbox.put(stage.place, text, "me")
    assert [entry.sending for entry in stage.place.pending] == [Sending.WAITING] * 3
    stage.online()
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("general", "one"), ("general", "two"), ("general", "three")]
    assert [entry.sending for entry in stage.place.pending] == [None] * 3


async def test_a_connection_that_goes_in_between_costs_nothing(stage: Stage) -> None:
    stage.outbox.set_online(True)  # the session knows better
    stage.outbox.put(stage.place, "one", "me")
    await stage.until(lambda: stage.place.pending[0].sending is Sending.WAITING)
    stage.online(False)
    stage.online(True)
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("general", "one")]


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (Refused("you are muted\x1b[2J"), "you are muted␛[2J"),
        (OutcomeUnknown("?"), "the answer never came, it may or may not be there"),
    ],
)
async def test_what_is_refused_stays_with_the_reason_and_the_next_one_goes(
    stage: Stage, refusal: Exception, reason: str
) -> None:
    stage.session.refusal = refusal
    stage.online()
    stage.outbox.put(stage.place, "one", "me")
    await stage.until(lambda: not stage.outbox)
    assert [(entry.sending, entry.reason) for entry in stage.place.entries] == [(Sending.FAILED, reason)]
    stage.session.refusal = None
    stage.outbox.put(stage.place, "two", "me")
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("general", "two")]


async def test_there_is_an_end_to_what_waits(stage: Stage) -> None:
    for number in range(MOST):
        assert stage.outbox.put(stage.place, str(number), "me")
    assert not stage.outbox.put(stage.place, "one too many", "me")
    assert len(stage.outbox) == MOST
