"""Messages on their way: in order, once, waiting without a connection, with the reason when refused."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from minechat.errors import OutcomeUnknown, Refused
from minechat.ui.conversation import Conversation
from minechat.ui.entry import Sending
from minechat.ui.outbox import LONGEST, MOST, TRIES, Outbox
from minechat.ui.words import Words
from tests.ui.stage import StagedSession


class Stage:
    """An outbox at work over a session in memory."""

    def __init__(self) -> None:
        self.session = StagedSession()
        self.place, self.other = Conversation("general"), Conversation("tech")
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


def not_now(seconds: float, code: str = "too_fast") -> Refused:
    return Refused("slow\x1b down", seconds, code)


@pytest.mark.parametrize("code", ["too_fast", "busy", "not_stored", "refused"])
async def test_what_the_server_has_no_time_for_is_sent_again_with_its_key(stage: Stage, code: str) -> None:
    stage.session.refusals["general"] = [not_now(0.05, code), not_now(0.05, code)]
    stage.online()
    for text in ("one", "two"):
        stage.outbox.put(stage.place, text, "me")
    one, two = stage.place.pending
    await stage.until(lambda: one.sending is Sending.WAITING)
    assert one.reason == "next try in 1 s: slow␛ down"
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("general", "one"), ("general", "two")]
    assert [text for _, text, _ in stage.session.tries] == ["one", "one", "one", "two"]
    keys = [key for _, _, key in stage.session.tries]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert (one.sending, one.reason, two.sending) == (None, "", None)


async def test_who_waits_holds_up_its_own_place_only(stage: Stage) -> None:
    stage.session.refusals["general"] = [not_now(0.3)]
    stage.online()
    for place, text in ((stage.place, "one"), (stage.place, "two"), (stage.other, "three")):
        stage.outbox.put(place, text, "me")
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("tech", "three"), ("general", "one"), ("general", "two")]


async def test_the_seconds_that_are_left_go_down(stage: Stage) -> None:
    stage.session.refusals["general"] = [not_now(1.4)]
    stage.online()
    stage.outbox.put(stage.place, "one", "me")
    [entry] = stage.place.pending
    shown: list[str] = []

    def is_sent() -> bool:
        if entry.reason and entry.reason not in shown:
            shown.append(entry.reason)
        return not stage.outbox

    await stage.until(is_sent)
    assert [line[:13] for line in shown] == ["next try in 2", "next try in 1"]


@pytest.mark.parametrize(
    "refusals",
    [
        [not_now(0.01)] * TRIES,
        [not_now(LONGEST + 1)],
        [not_now(0.05), not_now(LONGEST)],
        [Refused("slow\x1b down", code="too_fast")],
        [not_now(0.01, "muted")],
        [not_now(float("inf"))],
    ],
    ids=["too often", "too long", "too long in all", "no time given", "not a matter of time", "for ever"],
)
async def test_there_is_an_end_to_trying(stage: Stage, refusals: list[Exception]) -> None:
    stage.session.refusals["general"] = list(refusals)
    stage.online()
    stage.outbox.put(stage.place, "one", "me")
    stage.outbox.put(stage.place, "two", "me")
    await stage.until(lambda: not stage.outbox)
    [entry] = stage.place.entries
    assert (entry.text, entry.sending) == ("one", Sending.FAILED)
    assert entry.reason.split(" (until")[0].split("; try")[0] == "slow␛ down"
    assert len(stage.session.tries) == len(refusals) + 1
    assert stage.session.said == [("general", "two")]


async def test_a_connection_that_is_lost_meanwhile_is_what_it_waits_for(stage: Stage) -> None:
    stage.session.refusals["general"] = [not_now(0.2)]
    stage.online()
    stage.outbox.put(stage.place, "one", "me")
    [entry] = stage.place.pending
    await stage.until(lambda: bool(entry.reason))
    stage.online(False)
    assert (entry.sending, entry.reason) == (Sending.WAITING, "")
    stage.online()
    await stage.until(lambda: not stage.outbox)
    assert stage.session.said == [("general", "one")]
