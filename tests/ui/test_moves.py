"""What is typed behind /join before its answer: said in the new room, or to nobody, and never lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events

from minechat.errors import ConnectionLost, MinechatError, Refused
from minechat.protocol.rift import replies
from minechat.ui.calls import parse
from minechat.ui.entry import Sending
from minechat.ui.moves import Moves, is_about_place
from tests.ui.screens import Screen, connected


@pytest.mark.parametrize(
    ("line", "about"),
    [
        ("hello", True),
        ("//hello", True),
        ("/topic", True),
        ("/topic green", True),
        ("/leave", True),
        ("/leave tech", False),
        ("/mute Eva 10m", True),
        ("/history", True),
        ("/export all.txt", True),
        ("/rooms", False),
        ("/go tech", False),
        ("/pm Eva hi", False),
        ("/join tech", False),
        ("/help", False),
        ("exit", False),
    ],
)
def test_which_lines_are_about_the_place_one_is_in(line: str, about: bool) -> None:
    assert is_about_place(parse(line, "general")) is about


def test_the_last_way_is_the_one_that_is_followed() -> None:
    moves = Moves()
    first, second = moves.begin("books"), moves.begin("films")
    assert moves.last is second
    assert moves.arrived(first)
    assert moves.last is second
    assert moves.strayed(second)
    assert moves.last is None


def test_a_way_that_is_slower_than_the_one_behind_it_leads_nobody_back() -> None:
    moves = Moves()
    first, second = moves.begin("books"), moves.begin("films")
    assert moves.arrived(second)
    assert moves.last is None
    assert not moves.arrived(first)


def test_a_way_that_leads_nowhere_gives_back_the_one_before_it() -> None:
    moves = Moves()
    first, second = moves.begin("books"), moves.begin("films")
    assert moves.strayed(second)
    assert moves.last is first
    moves.forget()
    assert not moves.arrived(first)
    assert first.arrived


def room(name: str) -> replies.Room:
    return replies.Room(
        info=replies.RoomInfo(room=name, topic="", invite_only=False, members=2, role="member", last=0)
    )


@asynccontextmanager
async def asked(line: str = "/join books", answer: object = None) -> AsyncIterator[Screen]:
    """A screen whose server owes the answer to a line; ``answering`` lets it come."""
    async with connected() as shown:
        shown.session.answering = asyncio.Event()
        for order in ("join_room", "create_room"):
            shown.session.answers[order] = room("books") if answer is None else answer
        await shown.enter(line)
        await shown.until(lambda: len(shown.session.orders) == 1)
        yield shown


def answer(shown: Screen) -> None:
    assert shown.session.answering is not None
    shown.session.answering.set()


async def test_no_more_commands_wait_than_messages_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("minechat.ui.deeds.MOST", 2)
    async with asked() as shown:
        for line in ("/topic one", "/topic two", "/topic three"):
            await shown.enter(line)
        await shown.until_shown("this one stays in the box")
        assert shown.app.box.text == "/topic three"
        answer(shown)
        await shown.until(lambda: len(shown.session.orders) == 3)


@pytest.mark.parametrize("line", ["/join books", "/create books", "/create-closed books"])
async def test_what_is_typed_behind_a_join_is_said_in_the_room_once_it_is_joined(line: str) -> None:
    async with asked(line) as shown:
        await shown.enter("one")
        await shown.enter("two")
        await shown.until_shown("waits until you are in books")
        assert shown.session.said == []
        assert shown.app.board.current == "general"
        answer(shown)
        await shown.until(lambda: shown.session.said == [("books", "one"), ("books", "two")])
        assert shown.app.board.current == "books"
        assert not shown.app.board.place("general").pending
        await shown.until(lambda: "waits" not in shown.text())


@pytest.mark.parametrize(
    "refusal", [Refused("there is no such room", code="no_room"), ConnectionLost("it broke off")]
)
async def test_behind_a_join_that_fails_it_is_said_to_nobody_and_stays(refusal: MinechatError) -> None:
    async with asked(answer=refusal) as shown:
        await shown.enter("secret")
        answer(shown)
        await shown.until_shown("not sent: you did not get into books")
        assert shown.app.board.current == "general"
        entry = next(entry for entry in shown.app.board.here.entries if entry.text == "secret")
        assert entry.sending is Sending.FAILED
        assert len(shown.app.outbox) == 0
        await shown.enter("hello")
        await shown.until(lambda: shown.session.said == [("general", "hello")])
        await shown.pilot.press("up", "up")
        assert shown.app.box.text == "secret"


async def test_a_connection_that_is_lost_in_between_sends_nothing_when_it_is_back() -> None:
    async with asked(answer=ConnectionLost("it broke off")) as shown:
        await shown.enter("secret")
        shown.session.lose()
        answer(shown)
        await shown.until_shown("not sent: you did not get into books")
        shown.session.connect()
        await shown.enter("hello")
        await shown.until(lambda: shown.session.said == [("general", "hello")])


async def test_what_was_said_to_nobody_is_shown_where_one_is_by_then() -> None:
    async with asked(answer=Refused("there is no such room", code="no_room")) as shown:
        await shown.enter("secret")
        await shown.enter("/go tech")
        await shown.until(lambda: shown.app.board.current == "tech")
        answer(shown)
        await shown.until_shown("not sent: you did not get into books")
        assert "secret" in shown.text()
        assert not shown.app.board.place("general").pending


async def test_what_was_said_to_nobody_is_shown_where_the_next_way_leads() -> None:
    async with asked("/join closed", Refused("there is no such room", code="no_room")) as shown:
        shown.session.answers["create_room"] = room("books")
        await shown.enter("secret")
        await shown.enter("/topic red")
        await shown.enter("/create books")
        await shown.enter("open")
        answer(shown)
        await shown.until(lambda: shown.session.said == [("books", "open")])
        await shown.until_shown("not sent: you did not get into closed")
        await shown.until_shown("not done, as you are not in closed: /topic red")
        assert "secret" in shown.text()
        assert shown.app.board.current == "books"
        assert len(shown.app.outbox) == 0


async def test_what_was_said_to_nobody_is_shown_when_the_next_way_is_given_up() -> None:
    async with asked("/join closed", Refused("there is no such room", code="no_room")) as shown:
        first, shown.session.answering = shown.session.answering, asyncio.Event()
        assert first is not None
        await shown.enter("secret")
        await shown.enter("/create books")
        await shown.until(lambda: len(shown.session.orders) == 2)
        first.set()
        await shown.until_shown("there is no such room")
        await shown.enter("/go tech")
        await shown.until_shown("not sent: you did not get into closed")
        assert shown.app.board.current == "tech"


async def test_what_was_written_before_goes_where_it_was_written() -> None:
    async with connected() as shown:
        shown.session.holding, shown.session.answering = asyncio.Event(), asyncio.Event()
        shown.session.answers["join_room"] = room("books")
        for line in ("before", "/join books", "behind"):
            await shown.enter(line)
        shown.session.holding.set()
        await shown.until(lambda: shown.session.said == [("general", "before")])
        answer(shown)
        await shown.until(lambda: shown.session.said == [("general", "before"), ("books", "behind")])


async def test_what_stands_in_the_box_goes_along() -> None:
    async with asked() as shown:
        await shown.type("hal")
        answer(shown)
        await shown.until(lambda: shown.app.board.current == "books")
        await shown.type("f")
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("books", "half")])
        assert all(not place.draft for place in shown.app.board.places.values())


async def test_a_draft_of_the_room_is_not_sent_with_it_and_can_be_taken_up_again() -> None:
    async with asked("/join tech", room("tech")) as shown:
        shown.app.board.place("tech").draft = "begun before"
        await shown.type("now")
        answer(shown)
        await shown.until(lambda: shown.app.board.current == "tech")
        assert shown.app.box.text == "now"
        await shown.pilot.press("up")
        assert shown.app.box.text == "begun before"


async def test_what_stands_in_the_box_when_a_join_is_refused_takes_enter_twice() -> None:
    async with asked(answer=Refused("there is no such room", code="no_room")) as shown:
        await shown.type("secr")
        answer(shown)
        await shown.until_shown("there is no such room")
        await shown.type("et")
        await shown.pilot.press("enter")
        await shown.until_shown("Enter once more says")
        assert shown.app.box.text == "secret"
        assert shown.session.said == []
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("general", "secret")])


async def test_commands_about_the_place_wait_too_and_are_about_the_room() -> None:
    async with asked() as shown:
        await shown.enter("/topic green")
        await shown.enter("/rooms")
        await shown.until(lambda: len(shown.session.orders) == 2)
        assert shown.session.orders[1][0] == "list_rooms"
        answer(shown)
        await shown.until(lambda: len(shown.session.orders) == 3)
        assert shown.session.orders[2] == ("set_topic", {"room": "books", "topic": "green"})


async def test_commands_behind_a_join_that_is_refused_are_told_and_not_done() -> None:
    async with asked(answer=Refused("there is no such room", code="no_room")) as shown:
        await shown.enter("/leave")
        answer(shown)
        await shown.until_shown("not done, as you are not in books: /leave")
        assert [order for order, _ in shown.session.orders] == ["join_room"]


async def test_who_goes_elsewhere_meanwhile_stays_there_and_the_rest_goes_to_the_room() -> None:
    async with asked() as shown:
        await shown.enter("for books")
        await shown.enter("/export here.txt")
        await shown.enter("/go tech")
        await shown.enter("for tech")
        await shown.until(lambda: shown.session.said == [("tech", "for tech")])
        answer(shown)
        await shown.until(lambda: shown.session.said[1:] == [("books", "for books")])
        assert shown.app.board.current == "tech"
        await shown.until_shown("not done, as you are not in books: /export here.txt")


async def test_all_of_it_typed_at_once() -> None:
    async with connected() as shown:
        shown.session.answers["join_room"] = room("books")
        shown.app.box.put("/join books")
        for key in ("enter", *"secret", "enter"):
            shown.app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await shown.until(lambda: shown.session.said == [("books", "secret")])


async def test_leaving_asks_while_something_waits_for_a_room() -> None:
    async with asked() as shown:
        await shown.enter("secret")
        await shown.pilot.press("ctrl+q")
        await shown.until_shown("1 message was not sent yet. Leave?")


async def test_what_is_said_in_a_room_comes_behind_what_waits_for_the_answer_of_its_join() -> None:
    async with asked("/join Tech", room("tech")) as shown:
        await shown.enter("one")
        await shown.enter("/go tech")
        await shown.enter("two")
        await shown.enter("/go random")
        await shown.enter("elsewhere")
        await shown.until(lambda: shown.session.said == [("random", "elsewhere")])
        answer(shown)
        await shown.until(lambda: shown.session.said[1:] == [("tech", "one"), ("tech", "two")])


async def test_what_is_said_in_a_room_goes_on_when_its_join_is_refused() -> None:
    async with asked("/join tech", Refused("you do too much in rooms at once", 2.0, "too_fast")) as shown:
        await shown.enter("one")
        await shown.enter("/go tech")
        await shown.enter("two")
        answer(shown)
        await shown.until(lambda: shown.session.said == [("tech", "two")])
