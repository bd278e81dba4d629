"""A session over RIFT: connects again and again, and tells each message once and in order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import repeat
from typing import Any

import pytest

from minechat.client.rift import Credentials
from minechat.client.rift_session import RiftSession, rift_session
from minechat.client.session import PeopleChanged, PlacesChanged, Skipped, StateChanged
from minechat.errors import (
    ConnectionLost,
    EmptyMessage,
    HostUnknown,
    InvalidInput,
    MessageTooLong,
    NotMinechat,
    OutcomeUnknown,
    Refused,
    Unreachable,
    WrongPassword,
)
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from tests.client.rift_stage import PASSWORD, SESSION, Chat, Told, chat

Until = Callable[[Callable[[], object]], Awaitable[None]]

pytestmark = pytest.mark.usefixtures("quiet")
ANNA = Credentials(username="Anna", password=PASSWORD)


@pytest.fixture
async def stage() -> AsyncIterator[Chat]:
    async with chat() as one:
        yield one


def at_once() -> Iterator[float]:
    return repeat(0.01)


@asynccontextmanager
async def session(
    stage: Chat, credentials: Credentials = ANNA, **terms: Any
) -> AsyncIterator[tuple[RiftSession, Told]]:
    terms = {"delays": at_once, "timeout": 5.0, **terms}
    async with rift_session("127.0.0.1", stage.port, credentials, **terms) as one:
        told = Told(one)
        try:
            yield one, told
        finally:
            await told.close()


def places(told: Told) -> list[str]:
    changes = [event for event in told.events if isinstance(event, PlacesChanged)]
    return [place.name for place in changes[-1].places] if changes else []


async def in_the_room(told: Told) -> None:
    await told.until(lambda: places(told))


async def test_a_session_connects_lists_and_hears(stage: Chat) -> None:
    stage.rooms["tech"] = []
    stage.say("general", "before we came")
    stage.conversations["Eva"] = []
    async with session(stage) as (one, told):
        await in_the_room(told)
        stage.say("tech", "hello")
        await told.until(lambda: told.messages)
    assert told.states == ["connecting", "connected"]
    assert [(m.place, m.nick, m.text, m.seq, m.mine) for m in told.messages] == [
        ("tech", "Eva", "hello", 1, False)
    ]
    assert places(told) == ["general", "tech", "@Eva"]
    assert [event.people for event in told.events if isinstance(event, PeopleChanged)] == [{"Anna", "Eva"}]
    assert (one.nickname, one.session) == ("Anna", SESSION)
    assert {"whisper", "history", "join_room", "kick"} <= one.abilities


async def test_own_messages_are_told_in_their_place_with_their_key(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        stage.say("general", "first")
        said = await one.say("general", "second")
        stage.say("general", "third")
        await told.until(lambda: len(told.messages) == 3)
    assert [(m.text, m.seq, m.mine) for m in told.messages] == [
        ("first", 1, False),
        ("second", 2, True),
        ("third", 3, False),
    ]
    assert told.messages[1] == said
    assert said.key == stage.rooms["general"][1].id


async def test_what_is_said_again_with_its_key_bears_it(stage: Chat) -> None:
    busy = r.Error(error="no time", code="busy", retry_after=0.1)
    stage.answers[c.RoomMessage] = lambda command: replace(busy, id=command.id)
    async with session(stage) as (one, told):
        await in_the_room(told)
        with pytest.raises(Refused):
            await one.say("general", "hello", key="ours")
        del stage.answers[c.RoomMessage]
        assert (await one.say("general", "hello", key="ours")).key == "ours"
    asked = [command.id for command in stage.asked if isinstance(command, c.RoomMessage)]
    assert asked == ["ours", "ours"]


async def test_what_was_said_at_the_same_time_is_stored_in_the_order_of_the_calls(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        await asyncio.gather(*(one.say("general", str(number)) for number in range(20)))
    assert [entry.text for entry in stage.rooms["general"]] == [str(number) for number in range(20)]


async def test_a_message_leaves_when_the_one_before_it_is_stored(stage: Chat) -> None:
    stage.answers[c.RoomMessage] = lambda command: None
    async with session(stage) as (one, told):
        await in_the_room(told)
        sayings = [asyncio.create_task(one.say("general", text)) for text in "ab"]
        await one.order("get_online_users")
        await one.order("get_online_users")
        assert [command.text for command in stage.asked if isinstance(command, c.RoomMessage)] == ["a"]
        for saying in sayings:
            saying.cancel()
        await asyncio.gather(*sayings, return_exceptions=True)


async def test_what_waited_for_its_turn_in_vain_has_not_left(stage: Chat) -> None:
    async with session(stage, patience=0.05) as (one, told):
        await in_the_room(told)
        async with one._turn:
            with pytest.raises(ConnectionLost, match="nothing was sent"):
                await one.say("general", "hello")
    assert stage.rooms["general"] == []


async def test_marks_of_before_bring_what_was_missed(stage: Chat) -> None:
    for number in range(1, 26):
        stage.say("general", str(number))
    stage.page = 7
    async with session(stage, marks={"general": 4}) as (one, told):
        await told.until(lambda: len(told.messages) == 21)
        assert told.numbers() == list(range(5, 26))
        assert one.marks == {"general": 4}


async def test_too_much_that_was_missed_is_passed_over_and_told(stage: Chat) -> None:
    for number in range(1, 201):
        stage.say("general", str(number))
    async with session(stage, marks={"general": 4}, catch_up=50) as (_, told):
        await told.until(lambda: len(told.messages) == 50)
    assert told.numbers() == list(range(151, 201))
    assert told.skipped == [Skipped(place="general", after=4, before=151)]


@pytest.mark.parametrize("stage_of_cut", [1, 2, 3, 4, 5, 6, 8, 11, 15])
async def test_a_cut_at_any_frame_neither_loses_nor_doubles(stage: Chat, stage_of_cut: int) -> None:
    """The connection breaks each time so many frames have left the server, while people speak."""
    stage.page = 3
    frames, cuts = 0, 0

    def cut(command: c.Command | None, reply: r.Reply) -> bool:
        nonlocal frames, cuts
        frames += 1
        if isinstance(command, c.GetHistory | c.RoomMessage):
            stage.say("general", "said in between")
        if frames % stage_of_cut or cuts == 12:
            return False
        cuts += 1
        stage.say("general", "said while nobody hears")
        return True

    async with session(stage, marks={"general": 0}) as (one, told):
        stage.say("general", "first")
        await told.until(lambda: 1 in told.numbers())
        stage.cut = cut
        for number in range(12):
            stage.say("general", str(number))
            await told.until(lambda: told.states[-1] == "connected")
            try:
                await one.say("general", f"mine {number}")
            except ConnectionLost:
                stage.say("general", f"not mine {number}")
        stage.cut = None
        last = stage.say("general", "last")
        await told.until(lambda: last.seq in told.numbers())
    assert cuts > 0
    assert told.numbers() == list(range(1, last.seq + 1))
    keys = [entry.id for entry in stage.rooms["general"] if entry.id]
    assert len(keys) == len(set(keys))


async def test_a_restart_of_the_server_is_survived(stage: Chat) -> None:
    async with session(stage) as (_, told):
        await in_the_room(told)
        stage.say("general", "1")
        await told.until(lambda: told.numbers() == [1])
        await stage.stop()
        await told.until(lambda: told.states[-1] == "waiting")
        stage.say("general", "2")
        stage.say("general", "3")
        await stage.start()
        await told.until(lambda: told.numbers() == [1, 2, 3])
    assert told.states[:4] == ["connecting", "connected", "lost", "waiting"]
    auths = [command for command in stage.asked if isinstance(command, c.Auth)]
    assert [auth.password for auth in auths] == [PASSWORD, None]
    assert auths[-1].session == SESSION


async def test_a_message_under_way_is_said_again_with_its_key(stage: Chat) -> None:
    stage.cut = lambda command, reply: isinstance(reply, r.MessageStored)
    async with session(stage) as (one, told):
        await in_the_room(told)
        saying = asyncio.create_task(one.say("general", "hello"))
        await told.until(lambda: told.states.count("connected") == 2)
        stage.cut = None
        said = await saying
        await told.until(lambda: told.messages)
        stage.say("general", "end")
        await told.until(lambda: len(told.messages) == 2)
    assert [(m.text, m.seq) for m in told.messages] == [("hello", 1), ("end", 2)]
    assert said.seq == 1
    assert len(stage.rooms["general"]) == 2


async def test_a_server_that_stops_before_it_stores_gets_the_message_when_it_is_back(stage: Chat) -> None:
    stage.answers[c.RoomMessage] = lambda command: r.Error(error="going down", code="stopping")
    async with session(stage) as (one, told):
        await in_the_room(told)
        saying = asyncio.create_task(one.say("general", "hello"))
        while not isinstance(stage.asked[-1], c.RoomMessage):
            await asyncio.sleep(0)
        await stage.stop()
        del stage.answers[c.RoomMessage]
        await stage.start()
        assert (await saying).seq == 1
        await told.until(lambda: told.numbers() == [1])


@pytest.mark.parametrize("code", ["stopping", "internal", "not_stored"])
async def test_history_that_is_refused_for_now_is_asked_for_on_the_next_connection(
    stage: Chat, code: str
) -> None:
    for number in range(5):
        stage.say("general", str(number))
    refused = iter([True])

    def refuse(command: c.Command) -> r.Reply:
        if next(refused, None):
            return r.Error(error="not now", code=code)
        del stage.answers[c.GetHistory]
        assert isinstance(command, c.GetHistory)
        return stage.history(command)

    stage.answers[c.GetHistory] = refuse
    async with session(stage, marks={"general": 0}) as (_, told):
        await in_the_room(told)
        stage.say("general", "live")
        await told.until(lambda: len(told.numbers()) == 6)
    assert told.numbers() == [1, 2, 3, 4, 5, 6]


async def test_history_that_is_not_for_us_holds_nothing_up(stage: Chat) -> None:
    stage.say("general", "before")
    stage.answers[c.GetHistory] = lambda command: r.Error(error="no", code="not_member")
    async with session(stage, marks={"general": 0}) as (_, told):
        await in_the_room(told)
        stage.say("general", "live")
        await told.until(lambda: told.numbers() == [2])


async def test_a_message_whose_answer_never_comes_is_unknown(stage: Chat) -> None:
    stage.answers[c.RoomMessage] = lambda command: None
    async with session(stage, patience=0.2) as (one, told):
        await in_the_room(told)
        with pytest.raises(OutcomeUnknown, match="no answer within"):
            await one.say("general", "hello")


async def test_without_a_connection_nothing_is_said(stage: Chat) -> None:
    async with session(stage, delays=lambda: repeat(60.0)) as (one, told):
        with pytest.raises(ConnectionLost, match="not connected"):
            await one.say("general", "too early")
        await in_the_room(told)
        await stage.stop()
        await told.until(lambda: told.states[-1] == "waiting")
        for request in (one.say("general", "x"), one.history("general"), one.order("get_token")):
            with pytest.raises(ConnectionLost, match="not connected"):
                await request
        await stage.start()


async def test_a_message_waits_for_the_next_connection_until_its_deadline(stage: Chat) -> None:
    stage.answers[c.RoomMessage] = lambda command: None
    async with session(stage, delays=lambda: repeat(60.0), patience=0.3) as (one, told):
        await in_the_room(told)
        saying = asyncio.create_task(one.say("general", "x"))
        while not isinstance(stage.asked[-1], c.RoomMessage):
            await asyncio.sleep(0)
        stage.kick_all()
        with pytest.raises(OutcomeUnknown):
            await saying


async def test_a_wrong_password_ends_it(stage: Chat) -> None:
    async with session(stage, Credentials(username="Anna", password="wrong")) as (one, told):
        await told.until(lambda: told.states[-1:] == ["ended"])
        with pytest.raises(WrongPassword):
            await one.say("general", "hello")
    assert told.events == [
        StateChanged(state="connecting"),
        StateChanged(state="ended", reason="nobody has this name and this password", code="wrong_password"),
    ]
    assert isinstance(one.failure, WrongPassword)
    assert len(stage.asked) == 1


async def test_the_first_attempt_tells_how_it_went(stage: Chat, closed_port: int) -> None:
    async with session(stage) as (one, _):
        assert await one.tried() is None
        assert one.session == SESSION
    async with session(Chat(port=closed_port)) as (one, _):
        assert isinstance(await one.tried(), Unreachable)
        assert one.failure is None
    async with session(stage, Credentials(session="of nobody")) as (one, _):
        assert await one.tried() is one.failure
        assert isinstance(one.failure, WrongPassword)


async def test_a_busy_server_is_asked_again_when_it_says(stage: Chat) -> None:
    busy = iter([True, True])
    stage.answers[c.Auth] = lambda command: (
        r.AuthFail(error="too much to do", code="busy", retry_after=0.05)
        if next(busy, None)
        else r.AuthSuccess(username="Anna", session=SESSION)
    )
    async with session(stage) as (_, told):
        await in_the_room(told)
    assert told.states == ["connecting", "waiting", "connecting", "waiting", "connecting", "connected"]
    waits = [event for event in told.events if isinstance(event, StateChanged) and event.state == "waiting"]
    assert [event.delay for event in waits] == pytest.approx([0.06, 0.06])
    assert {event.reason for event in waits} == {"too much to do"}


@pytest.mark.parametrize(
    ("code", "wait", "last", "failure"),
    [
        ("ended", None, "ended", WrongPassword),
        ("ended", 3.0, "waiting", None),  # a new nickname: who comes again is let in
        ("banned", 3.0, "ended", Refused),
        ("too_many", None, "ended", Refused),  # the session itself is as good as before
        ("stopping", 3.0, "waiting", None),
        ("internal", 3.0, "waiting", None),
    ],
)
async def test_the_last_word_of_a_server_decides(
    stage: Chat, code: str, wait: float | None, last: str, failure: type[Exception] | None
) -> None:
    async with session(stage, delays=lambda: repeat(60.0)) as (one, told):
        await in_the_room(told)
        await stage.stop(r.Error(error="that is all \x1b[31m", code=code, retry_after=wait))
        await told.until(lambda: told.states[-1] == last)
        await stage.start()
        assert type(one.failure) is (failure or type(None))
    final = told.events[-1]
    assert isinstance(final, StateChanged)
    assert final.reason == "that is all ␛[31m"
    assert final.delay == (63.0 if last == "waiting" else 0.0)


async def test_a_refused_request_is_no_reason_for_the_end_of_a_connection(stage: Chat) -> None:
    stage.answers[c.RoomMessage] = lambda command: r.Error(error="be quiet", code="muted", retry_after=600.0)
    async with session(stage) as (one, told):
        await in_the_room(told)
        with pytest.raises(Refused, match="be quiet"):
            await one.say("general", "hello")
        stage.kick_all()
        await told.until(lambda: told.states.count("connected") == 2)
    reasons = {event.reason for event in told.events if isinstance(event, StateChanged)}
    assert not any("quiet" in reason for reason in reasons)


async def test_nobody_there_is_no_reason_to_end(closed_port: int) -> None:
    nowhere = Chat(port=closed_port)
    async with session(nowhere) as (_, told):
        await told.until(lambda: told.states.count("waiting") == 3)


async def test_an_unknown_host_is_one_at_the_first_attempt() -> None:
    def resolve(host: bytes, port: int) -> Any:
        import socket

        raise socket.gaierror(socket.EAI_NONAME, "no")

    async with session(Chat(port=1), resolve=resolve) as (one, told):
        await told.until(lambda: told.states[-1:] == ["ended"])
    assert isinstance(one.failure, HostUnknown)


async def test_a_server_of_nonsense_is_no_server_of_ours(stage: Chat) -> None:
    stage.answers[c.Auth] = lambda command: r.Done()
    async with session(stage) as (one, told):
        await told.until(lambda: told.states[-1:] == ["ended"])
    assert isinstance(one.failure, NotMinechat)


async def test_orders_are_judged_before_they_are_sent(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        asked = len(stage.asked)
        for name, fields in (
            ("fly", {}),
            ("auth", {"username": "x", "password": "y"}),
            ("room_message", {"text": "x"}),
            ("kick", {}),
            ("kick", {"room": "a", "username": "b", "colour": "red"}),
            ("kick", {"room": "a", "username": 5}),
            ("set_role", {"room": "a", "username": "b", "role": "king"}),
            ("set_topic", {"room": "a", "topic": "\ud800"}),
            ("set_topic", {"room": "a", "topic": {1}}),
        ):
            with pytest.raises(InvalidInput):
                await one.order(name, **fields)
        with pytest.raises(EmptyMessage):
            await one.say("general", " \n")
        with pytest.raises(MessageTooLong):
            await one.say("@Eva", "ы" * 2049)
        with pytest.raises(InvalidInput):
            await one.say("general", "\0")
        with pytest.raises(InvalidInput):
            await one.history("general", limit=101)
        assert len(stage.asked) == asked


async def test_rooms_come_and_go_by_orders_and_by_events(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        await one.order("join_room", room="tech")
        await told.until(lambda: "tech" in places(told))
        stage.say("tech", "hello")
        await told.until(lambda: told.numbers("tech") == [1])
        del stage.rooms["tech"]
        await one.order("leave_room", room="tech")
        await told.until(lambda: "tech" not in places(told))
        stage.rooms["cats"] = []
        stage.guests[0].out.put_nowait(r.RoomEvent(room="cats", event="joined", username="Anna", by="Eva"))
        await told.until(lambda: "cats" in places(told))
        stage.guests[0].out.put_nowait(r.RoomEvent(room="cats", event="kicked", username="anna", by="Eva"))
        await told.until(lambda: "cats" not in places(told))


async def test_a_conversation_begins_with_its_first_message(stage: Chat) -> None:
    async with session(stage) as (_, told):
        await in_the_room(told)
        stage.guests[0].out.put_nowait(r.PrivateMessageArrived(sender="Eva", text="psst", seq=7, time=1.0))
        await told.until(lambda: "@Eva" in places(told))
        await told.until(lambda: told.numbers("@Eva") == [7])


async def test_people_come_and_go(stage: Chat) -> None:
    async with session(stage) as (_, told):
        await in_the_room(told)
        stage.guests[0].out.put_nowait(r.Presence(online=("Oleg",), offline=("eva",)))
        await told.until(
            lambda: (
                [event for event in told.events if isinstance(event, PeopleChanged)][-1].people
                == {"Anna", "Oleg"}
            )
        )


async def test_history_is_a_page_of_messages(stage: Chat) -> None:
    for number in range(1, 11):
        stage.say("general", str(number), by="Anna" if number == 9 else "Eva")
    async with session(stage) as (one, told):
        await in_the_room(told)
        page = await one.history("general", before=10, limit=3)
    assert [(m.seq, m.mine) for m in page.messages] == [(7, False), (8, False), (9, True)]
    assert page.more


async def test_a_refusal_is_one_of_the_caller(stage: Chat) -> None:
    stage.answers[c.Kick] = lambda command: r.Error(error="no", code="not_allowed")
    async with session(stage) as (one, told):
        await in_the_room(told)
        with pytest.raises(Refused) as caught:
            await one.order("kick", room="general", username="Eva")
        assert caught.value.code == "not_allowed"
        await one.say("general", "still here")


async def test_logging_out_ends_it_without_a_failure(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        await one.order("log_out")
        stage.kick_all()
        await told.until(lambda: told.states[-1] == "ended")
    assert one.failure is None


async def test_a_defect_reaches_whoever_reads_the_events(
    stage: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minechat.client.rift_picture import Picture

    def broken(self: Picture, reply: r.Reply) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Picture, "hear", broken)
    async with rift_session("127.0.0.1", stage.port, ANNA, delays=at_once) as one:
        with pytest.raises(ZeroDivisionError):
            async for event in one.events():
                if isinstance(event, PlacesChanged):
                    stage.say("general", "hello")


async def test_secrets_are_in_no_representation(stage: Chat) -> None:
    async with session(stage) as (one, told):
        await in_the_room(told)
        shown = repr(ANNA) + repr(one._keeping.credentials) + repr(told.events)
    assert PASSWORD not in shown
    assert SESSION not in shown
