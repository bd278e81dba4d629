"""Events for a slow screen: bounded, holes told, nothing out of order."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from minechat.client.feed import AT_ONCE, Feed
from minechat.client.session import (
    Happened,
    Heard,
    Message,
    PeopleChanged,
    Place,
    PlacesChanged,
    SessionEvent,
    Skipped,
    StateChanged,
)


def said(seq: int | None, place: str = "general", text: str = "hello") -> Message:
    return Message(place=place, nick="Eva", text=text, time=1.0, seq=seq)


async def drained(feed: Feed) -> list[SessionEvent]:
    feed.end()
    return [event async for event in feed.events()]


async def test_messages_that_wait_together_come_together() -> None:
    feed = Feed()
    feed.tell(StateChanged(state="connected"))
    for seq in range(1, 4):
        feed.tell_messages((said(seq),))
    feed.tell(Happened(place="general", event="joined"))
    feed.tell_messages((said(4),))
    assert await drained(feed) == [
        StateChanged(state="connected"),
        Heard(messages=(said(1), said(2), said(3))),
        Happened(place="general", event="joined"),
        Heard(messages=(said(4),)),
    ]


async def test_a_screen_is_never_given_more_than_it_can_take_at_once() -> None:
    feed = Feed()
    feed.tell(Heard(messages=tuple(map(said, range(1, 2 * AT_ONCE + 2)))))
    sizes = [len(event.messages) for event in await drained(feed) if isinstance(event, Heard)]
    assert sizes == [AT_ONCE, AT_ONCE, 1]


async def test_of_pictures_of_now_only_the_last_waits() -> None:
    feed = Feed()
    for name in ("general", "tech"):
        feed.tell(PlacesChanged(places=(Place(name=name),)))
        feed.tell(PeopleChanged(people=frozenset({name})))
    assert await drained(feed) == [
        PlacesChanged(places=(Place(name="tech"),)),
        PeopleChanged(people=frozenset({"tech"})),
    ]


async def test_the_older_half_goes_and_leaves_a_hole() -> None:
    feed = Feed(most=10)
    feed.tell(StateChanged(state="connected"))
    feed.tell(Skipped(place="general", after=0, before=1))
    feed.tell_messages(map(said, range(1, 12)))
    events = await drained(feed)
    told = [message.seq for event in events if isinstance(event, Heard) for message in event.messages]
    (hole,) = [event for event in events if isinstance(event, Skipped)]
    assert told == list(range(hole.before, 12))
    assert hole.after == 0
    assert StateChanged(state="connected") in events


async def test_long_texts_count_by_their_length() -> None:
    feed = Feed(most_text=1000)
    for seq in range(1, 100):
        feed.tell_messages((said(seq, text="x" * 300),))
    told = [event for event in await drained(feed) if isinstance(event, Heard)]
    assert sum(len(message.text) for event in told for message in event.messages) <= 1000


async def test_it_is_bounded_whatever_comes() -> None:
    feed = Feed(most=100, most_text=10_000)
    for number in range(5000):
        feed.tell(Happened(place="general", event="joined"))
        feed.tell(StateChanged(state=str(number)))
        feed.tell(Skipped(place=f"{number % 7}", after=number, before=number + 5))
        feed.tell_messages((said(None), said(number, f"room {number % 7}", "x" * number)))
        feed.tell(PeopleChanged(people=frozenset({str(number)})))
    events = await drained(feed)
    assert len(events) <= 101
    assert [event.state for event in events if isinstance(event, StateChanged)][-1] == "4999"
    assert PeopleChanged(people=frozenset({"4999"})) in events


async def test_the_reader_waits_and_gets_the_failure_last() -> None:
    feed = Feed()

    async def read(events: AsyncIterator[SessionEvent]) -> list[SessionEvent]:
        read = []
        with pytest.raises(ZeroDivisionError):
            async for event in events:
                read.append(event)
        return read

    reader = asyncio.create_task(read(feed.events()))
    await asyncio.sleep(0)
    feed.tell_messages((said(1),))
    feed.end(ZeroDivisionError())
    feed.end()
    assert await reader == [Heard(messages=(said(1),))]
