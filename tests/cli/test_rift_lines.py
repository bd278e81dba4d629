"""What a session tells becomes lines: each message once, counted, with the past before it."""

import json
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from minechat.cli.rift_lines import Lines
from minechat.cli.rift_words import RiftWords
from minechat.client.session import (
    Happened,
    Heard,
    History,
    Message,
    Mute,
    Place,
    PlacesChanged,
    SessionEvent,
    Skipped,
    StateChanged,
)
from minechat.client.transcript import stamp
from minechat.errors import Refused


def said(seq: int, text: str = "", place: str = "general", **more: Any) -> Message:
    return Message(place=place, nick="Eva", text=text or f"text {seq}", time=0.0, seq=seq, **more)


class Told:
    """A session that tells what it was given, and has this past."""

    nickname = "Vasya"
    abilities = frozenset({"history"})

    def __init__(self, events: Sequence[SessionEvent], past: Sequence[Message] = ()) -> None:
        self.marks: dict[str, int] = {}
        self._events = events
        self._past = past
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.refusal: Refused | None = None

    async def events(self) -> AsyncIterator[SessionEvent]:
        for event in self._events:
            yield event

    async def say(self, place: str, text: str) -> Message:
        raise AssertionError

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        if self.refusal is not None:
            raise self.refusal
        there = [m for m in self._past if m.place == place and (before is None or (m.seq or 0) < before)]
        return History(messages=tuple(there[-limit:]), more=len(there) > limit)

    async def order(self, name: str, **fields: Any) -> Any:
        self.orders.append((name, fields))


class Shown:
    """Lines over a session, and what they showed and told."""

    def __init__(self, session: Told, language: str = "en", **more: Any) -> None:
        self.shown: list[str] = []
        self.told: list[str] = []
        given = {"place": "general", "address": "here", "form": "%S", "last": 0} | more
        self.lines = Lines(session, RiftWords(language), show=self._show, tell=self._tell, **given)

    async def _show(self, lines: str) -> None:
        assert lines.endswith("\n")
        self.shown += lines.splitlines()

    async def _tell(self, line: str) -> None:
        self.told.append(line)


CONNECTED = StateChanged(state="connected")


async def test_the_past_comes_first_and_nothing_comes_twice() -> None:
    past = [said(number) for number in range(1, 6)]
    view = Shown(Told([CONNECTED, Heard(messages=(said(5), said(6)))], past), last=3)
    await view.lines.follow()
    assert view.shown == [f"[00] general Eva: text {number}" for number in (3, 4, 5, 6)]
    assert view.told == ["--- connected to here"]
    assert view.lines.read == {"general": 6}


async def test_a_long_past_comes_page_by_page_in_order() -> None:
    view = Shown(Told([CONNECTED], [said(number) for number in range(1, 301)]), last=250)
    await view.lines.follow()
    assert view.shown == [f"[00] general Eva: text {number}" for number in range(51, 301)]


async def test_a_reconnect_shows_no_past_again() -> None:
    view = Shown(Told([CONNECTED, StateChanged(state="lost", reason="gone"), CONNECTED], [said(1)]), last=5)
    await view.lines.follow()
    assert view.shown == ["[00] general Eva: text 1"]
    assert view.told == ["--- connected to here", "--- connection lost: gone", "--- connected to here"]


async def test_so_many_messages_are_enough() -> None:
    news = Heard(messages=tuple(said(number) for number in range(1, 6)))
    view = Shown(Told([CONNECTED, news, news], [said(1)]), last=1)
    await view.lines.follow(3)
    assert len(view.shown) == 1 + 3  # the past does not count


async def test_one_place_alone_where_that_is_wanted() -> None:
    events = [
        Heard(messages=(said(1), said(1, place="tech"))),
        Happened(place="general", event="joined", nick="Max"),
        Happened(place="tech", event="joined", nick="Eva"),
    ]
    view = Shown(Told([CONNECTED, *events]), place="tech", only="tech")
    await view.lines.follow(2)
    assert view.shown == ["[00] tech Eva: text 1"]
    assert view.told == ["--- connected to here", "--- tech: Eva joined"]


async def test_what_was_typed_here_stays_as_it_was_typed() -> None:
    mine = said(1, "hi", mine=True)
    view = Shown(Told([Heard(messages=(mine,)), Heard(messages=(said(2, "hi", mine=True),))]))
    view.lines.said_here.add("general", "hi")
    await view.lines.follow()
    assert len(view.shown) == 1  # the second came from another terminal
    assert not view.lines.said_here


async def test_what_was_typed_here_and_shown_by_a_history_is_forgotten_too() -> None:
    view = Shown(Told([CONNECTED, Heard(messages=(said(1, "hi", mine=True),))], [said(1, "hi", mine=True)]))
    view.lines.said_here.add("general", "hi")
    await view.lines.past("general", 1)
    await view.lines.follow()
    assert len(view.shown) == 1
    assert not view.lines.said_here


async def test_a_room_is_joined_before_its_past_is_asked_for() -> None:
    session = Told([CONNECTED], [said(1, place="tech")])
    view = Shown(session, place="tech", last=5)
    await view.lines.follow()
    assert session.orders == [("join_room", {"room": "tech"})]
    assert view.shown == ["[00] tech Eva: text 1"]


@pytest.mark.parametrize("only", [None, "tech"])
async def test_a_refused_past_is_told_and_the_end_for_a_program_that_named_the_room(only: str | None) -> None:
    session = Told([CONNECTED, Heard(messages=(said(1),))])
    session.refusal = Refused("you are banned\x1b[2J", None, "banned")
    view = Shown(session, place="tech", last=5, only=only)
    if only is not None:
        with pytest.raises(Refused):
            await view.lines.follow()
        return
    await view.lines.follow()
    assert view.told[-1] == "--- you are banned␛[2J"
    assert len(view.shown) == 1


async def test_what_is_new_since_last_time_is_counted_once() -> None:
    places = PlacesChanged(
        places=(Place(name="general", last=9), Place(name="tech", last=9), Place(name="x"))
    )
    view = Shown(Told([places, places]), marks={"general": 2, "tech": 7, "x": 3})
    await view.lines.follow()
    assert view.told == ["--- tech: 2 new since you were here"]


async def test_holes_and_waits_are_told() -> None:
    events = [
        StateChanged(state="waiting", reason="nobody there", delay=1.25),
        Skipped(place="general", after=3, before=10),
        StateChanged(state="lost", reason="gone"),
        StateChanged(state="waiting", reason="gone", delay=2.0),
        StateChanged(state="ended", reason="banned"),
    ]
    view = Shown(Told(events))
    await view.lines.follow()
    assert view.told == [
        "--- nobody there; trying again in 1.2 s",
        "--- 6 messages of general are left out; /history shows them",
        "--- connection lost: gone",
        "--- trying again in 2.0 s",
        "--- the session has ended: banned",
    ]


def muted(until: float | None = None) -> PlacesChanged:
    return PlacesChanged(
        places=(Place(name="general"), Place(name="tech", mute=Mute(until=until, reason="too loud")))
    )


@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("en", "--- tech: you may not write here: too loud"),
        ("ru", "--- tech: вам запрещено писать здесь: too loud"),
    ],
)
async def test_a_mute_of_before_is_told_once_and_again_when_it_is_another(language: str, line: str) -> None:
    later = time.time() + 1000
    view = Shown(Told([muted(), muted(), muted(later)]), language)
    await view.lines.follow()
    assert view.told[0] == line
    assert len(view.told) == 2
    assert stamp(later) in view.told[1]


async def test_a_mute_that_is_over_or_was_told_when_it_began_is_not_told() -> None:
    began = Happened(place="tech", event="muted", nick="Vasya", by="Eva", reason="too loud")
    view = Shown(Told([muted(time.time() - 1), began, muted()]))
    await view.lines.follow()
    assert view.told == ["--- tech: you were muted by Eva: too loud"]


@pytest.mark.parametrize(
    ("language", "event", "line"),
    [
        ("en", "kicked", "--- you were sent out of tech by Eva: too loud"),
        ("ru", "kicked", "--- вас выставили из tech (Eva): too loud"),
        ("en", "invited", "--- Eva invites you to tech: /join tech"),
        ("ru", "invited", "--- Eva приглашает вас в tech: /join tech"),
        ("en", "unmuted", "--- tech: you were unmuted by Eva"),
        ("ru", "joined", "--- вы вступили в tech"),
        ("en", "left", "--- you left tech"),
    ],
)
async def test_what_happens_to_oneself_is_told_as_on_the_screen(language: str, event: str, line: str) -> None:
    mine = Happened(place="tech", event=event, nick="vasya", by="Eva", reason="too loud")
    theirs = replace(mine, nick="Anna", event="joined")
    view = Shown(Told([mine, theirs]), language)
    await view.lines.follow()
    assert view.told[0] == line
    assert view.told[1].startswith("--- tech: Anna ")


async def test_messages_as_json() -> None:
    view = Shown(Told([Heard(messages=(said(1, "a\nb\x1b"),))]), as_json=True)
    await view.lines.follow()
    assert json.loads(view.shown[0])["text"] == "a\nb\x1b"
    assert "\x1b" not in view.shown[0]
