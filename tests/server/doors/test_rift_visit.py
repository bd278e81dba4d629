"""The life of a client of RIFT over the real server: answers in order, budgets, features, and every end."""

import asyncio
import json
import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest
import pytest_asyncio

from minechat.client.speak import speaking
from minechat.server import listing
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.server.doors.rift_client import PASSWORD, QUIET, Rift, member, rift


@pytest_asyncio.fixture
async def house(settings: Settings) -> AsyncIterator[Server]:
    async with running(replace(settings, rift_port=0)) as server:
        yield server


# Coming in.


async def test_one_connection_registers_and_logs_in(house: Server) -> None:
    async with rift(house.rift_port) as ann:
        await ann.register("ann")
        entered = await ann.log_in("ann", "sessions")
        assert entered["username"] == "ann"
        assert entered["has_password"] is True
        assert len(entered["session"]) >= 43


@pytest.mark.parametrize("features", [[], ["acks"]])
async def test_what_answers_a_login_bears_its_id(house: Server, features: list[str]) -> None:
    async with rift(house.rift_port) as ann:
        await ann.register("ann")
        entered = await ann.ask("auth", username="ann", password=PASSWORD, features=features)
        assert entered["type"] == "auth_success"


async def test_a_session_is_as_good_as_a_password_and_stays_the_same(house: Server) -> None:
    async with rift(house.rift_port) as ann:
        await ann.register("ann")
        session = (await ann.log_in("ann", *QUIET))["session"]
    async with rift(house.rift_port) as again:
        await again.send("auth", session=session, features=["sessions"])
        entered = await again.receive()
        assert entered["payload"]["session"] == session


async def test_the_token_of_the_speak_port_is_as_good_too(house: Server) -> None:
    async with speaking(port=house.write_port) as speaker:
        account = await speaker.register("Вася")
    async with rift(house.rift_port) as client:
        await client.send("auth", token=account.token, features=["sessions"])
        entered = (await client.receive())["payload"]
        assert entered["username"] == account.nickname.replace(" ", "_")
        assert entered["has_password"] is False
        await client.done("change_password", new=PASSWORD)
    async with member(house.rift_port, account.nickname, new=False) as client:
        assert await client.settled() == []


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({"username": "ann", "password": "wrong horse battery"}, "wrong_password"),
        ({"username": "nobody", "password": PASSWORD}, "wrong_password"),
        ({"username": "ann", "password": "x" * 5000}, "wrong_password"),
        ({"session": "x"}, "wrong_password"),
        ({"token": "x"}, "wrong_password"),
        ({}, "bad_frame"),
        ({"username": 1, "password": 2}, "bad_frame"),
    ],
)
async def test_who_is_nobody_is_told_so_and_sent_away(house: Server, payload: dict, code: str) -> None:  # type: ignore[type-arg]
    async with member(house.rift_port, "ann"), rift(house.rift_port) as client:
        await client.send("auth", id="1", **payload)
        frames, close = await client.closed()
        assert [(frame["type"], frame["payload"]["code"]) for frame in frames] == [("auth_fail", code)]
        assert frames[0]["payload"]["id"] == "1"
        assert close == 1000


async def test_a_registration_that_fails_leaves_the_connection_open(house: Server) -> None:
    async with member(house.rift_port, "ann"), rift(house.rift_port) as client:
        for name, password, code in [
            ("ann", PASSWORD, "taken"),
            ("аnn", PASSWORD, "taken"),
            ("server", PASSWORD, "taken"),
            ("", PASSWORD, "bad_name"),
            ("a:b", PASSWORD, "bad_name"),
            ("bob", "short", "bad_password"),
        ]:
            await client.send("register", username=name, password=password)
            frame = await client.receive()
            assert (frame["type"], frame["payload"]["code"]) in [
                ("register_fail", code),
                ("register_fail", "bad_name"),
            ]
        await client.register("bob")
        await client.log_in("bob")


@pytest.mark.parametrize("data", ["", "{", "[]", '{"type": "fly"}', '{"type": "get_token"}', '{"type": 1}'])
async def test_what_is_no_login_ends_the_connection(house: Server, data: str) -> None:
    async with rift(house.rift_port) as client:
        await client.socket.send(data)
        frames, close = await client.closed()
        assert [frame["type"] for frame in frames] == ["auth_fail"]
        assert close == 1000


async def test_too_many_tries_on_one_connection(settings: Settings) -> None:
    limits = replace(PROFILES["off"], logins=3)
    async with (
        running(replace(settings, rift_port=0, limits=limits)) as server,
        rift(server.rift_port) as client,
    ):
        codes = []
        for _ in range(4):
            await client.send("register", username="a:b", password=PASSWORD)
            codes.append((await client.receive())["payload"])
        assert [one["code"] for one in codes] == ["bad_name"] * 3 + ["too_fast"]
        assert 0 < codes[-1]["retry_after"] <= 60


# Requests and answers.


async def test_bad_frames_cost_one_error_each_and_nothing_else(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann, member(house.rift_port, "bob") as bob:
        for data, code in [
            ("{", "bad_frame"),
            ('{"type": "fly", "payload": {}}', "unknown_command"),
            ('{"type": "room_message", "payload": {"text": " "}}', "empty"),
            (json.dumps({"type": "room_message", "payload": {"text": "x" * 5000}}), "too_long"),
            ('{"type": "room_message", "payload": {"text": "\\ud800"}}', "bad_frame"),
            ('{"type": "room_message", "payload": {"text": "\\u0000"}}', "bad_frame"),
            ("[" * 5000, "bad_frame"),
            ('{"type": "room_message", "payload": {"text": "a", "text": "b"}}', "bad_frame"),
        ]:
            await ann.socket.send(data)
            frame = await ann.receive()
            assert (frame["type"], frame["payload"]["code"]) == ("error", code)
        await ann.done("room_message", text="still here")
        assert (await bob.event("new_message"))["text"] == "still here"


async def test_answers_come_in_the_order_of_the_requests(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann:
        for number in range(30):
            await ann.send("room_message", text=f"message {number}", id=f"m{number}")
            await ann.send("get_history", room="general", limit=1, id=f"h{number}")
        answers = [(await ann.receive())["payload"] for _ in range(60)]
    assert [one["id"] for one in answers] == [f"{kind}{number}" for number in range(30) for kind in "mh"]
    assert [one["messages"][0]["text"] for one in answers[1::2]] == [f"message {n}" for n in range(30)]


async def test_messages_wait_for_their_commits_together(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann, member(house.rift_port, "bob", *QUIET) as bob:
        for number in range(200):
            await ann.send("room_message", text=str(number), id=str(number))
        stored = [(await ann.receive())["payload"] for _ in range(200)]
        heard = [(await bob.event("new_message"))["text"] for _ in range(200)]
    assert [one["id"] for one in stored] == heard == [str(number) for number in range(200)]
    assert [one["seq"] for one in stored] == list(range(1, 201))


async def test_a_message_that_is_sent_again_is_stored_once(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann, member(house.rift_port, "bob", *QUIET) as bob:
        stored = []
        for _ in range(3):
            await ann.send("room_message", text="once", id="k1")
            stored.append(await ann.receive())
        assert stored[0] == stored[1] == stored[2]
        await ann.send("room_message", text="other", id="k1")
        assert (await ann.receive())["payload"]["code"] == "id_reused"
        await ann.done("room_message", text="end")
        assert [(await bob.event("new_message"))["text"] for _ in range(2)] == ["once", "end"]


async def test_the_posting_connection_alone_does_not_hear_its_message(house: Server) -> None:
    async with (
        member(house.rift_port, "ann", *QUIET) as ann,
        member(house.rift_port, "ann", new=False) as other,
    ):
        await ann.done("room_message", text="hi")
        assert (await other.event("new_message"))["text"] == "hi"
        assert [event for event in await ann.settled() if event["type"] == "new_message"] == []


async def test_nothing_is_told_that_was_not_asked_for(house: Server) -> None:
    async with (
        member(house.rift_port, "ann", "rooms") as ann,
        member(house.rift_port, "bob") as bob,
        member(house.rift_port, "eva", "acks") as eva,
    ):
        await ann.done("create_room", room="tea")
        for client in (bob, eva):
            await client.done("join_room", room="tea")
        await ann.done("set_topic", room="tea", topic="green")
        await ann.send("room_message", room="tea", text="unacknowledged", id="a")
        assert {event["type"] for event in await ann.settled()} <= {"room_event"}
        for client in (bob, eva):
            assert [event["type"] for event in await client.settled()] == ["new_message"]


async def test_private_messages_reach_every_connection_of_both(house: Server) -> None:
    async with (
        member(house.rift_port, "ann", *QUIET) as ann,
        member(house.rift_port, "ann", *QUIET, new=False) as hers,
        member(house.rift_port, "bob", *QUIET) as bob,
        member(house.rift_port, "bob", new=False) as his,
    ):
        sent = await ann.done("private_message", to="bob", text="psst")
        told = await hers.event("private_message_sent")
        assert (told["to"], told["seq"]) == ("bob", sent["seq"])
        for client in (bob, his):
            arrived = await client.event("private_message")
            assert (arrived["from"], arrived["text"], arrived["seq"]) == ("ann", "psst", sent["seq"])


async def test_strangers_are_reached_within_one_budget_by_messages_and_invitations(
    settings: Settings,
) -> None:
    limits = replace(PROFILES["off"], connections=1000, new_correspondents=3)
    async with running(replace(settings, rift_port=0, limits=limits)) as server, AsyncExitStack() as stack:
        assert server.rift_port is not None
        names = ("ann", "vera", "olga", "dora", "boris")
        ann, _, olga, dora, boris = [
            await stack.enter_async_context(member(server.rift_port, name, *QUIET)) for name in names
        ]
        await ann.done("create_room", room="tea")
        await ann.done("create_room", room="milk")
        await boris.done("private_message", to="ann", text="hello")
        await ann.done("private_message", to="vera", text="hello")
        for name in ("olga", "olga", "dora"):
            await ann.done("invite", room="tea", username=name)
        refused = await ann.ask("invite", room="milk", username="olga")
        assert refused["payload"]["code"] == "too_fast" and 50 <= refused["payload"]["retry_after"] <= 66
        assert await ann.refused("private_message", to="dora", text="hello") == "too_fast"
        # Whom one has talked with is no stranger.
        for name in ("vera", "boris"):
            await ann.done("invite", room="milk", username=name)
        told = [[one["payload"].get("room") for one in await who.settled()] for who in (olga, dora)]
        assert told == [["tea"], ["tea"]]


async def test_presence_is_told_to_who_asked(house: Server) -> None:
    async with member(house.rift_port, "ann", "presence") as ann:
        async with member(house.rift_port, "bob"):
            while "bob" not in (await ann.event("presence"))["online"]:
                pass
        while "bob" not in (await ann.event("presence"))["offline"]:
            pass


async def test_a_refusal_does_not_overtake_what_was_said_before_it(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann:
        await ann.done("create_room", room="tea")
        for number in range(0, 40, 4):
            await ann.send("room_message", text="hi", id=str(number))
            await ann.socket.send(json.dumps({"type": "fly", "payload": {"id": str(number + 1)}}))
            await ann.send("room_message", text="hi", id=str(number + 2))
            await ann.send("room_message", room="attic", text="hi", id=str(number + 3))
        answers = [(await ann.receive())["payload"]["id"] for _ in range(40)]
    assert answers == [str(number) for number in range(40)]


# Budgets.


async def test_too_many_messages_are_slowed_and_not_refused(settings: Settings) -> None:
    limits = replace(PROFILES["off"], message_rate=10.0, message_burst=5)
    async with (
        running(replace(settings, rift_port=0, limits=limits)) as server,
        member(server.rift_port, "ann", *QUIET) as ann,
    ):
        begin = time.monotonic()
        for number in range(10):
            await ann.send("room_message", text=str(number), id=str(number))
        stored = [(await ann.receive())["type"] for _ in range(10)]
        assert stored == ["message_stored"] * 10
        assert time.monotonic() - begin >= 0.45
        assert server.figures.refused["message_rate"] >= 4


async def test_pages_of_history_are_slowed_and_not_refused(settings: Settings) -> None:
    limits = replace(PROFILES["off"], history_rate=10.0, history_burst=5)
    async with (
        running(replace(settings, rift_port=0, limits=limits)) as server,
        member(server.rift_port, "ann", *QUIET) as ann,
    ):
        begin = time.monotonic()
        for number in range(10):
            await ann.send("get_history", room="general", id=str(number))
        assert [(await ann.receive())["type"] for _ in range(10)] == ["history"] * 10
        assert time.monotonic() - begin >= 0.45
        assert server.figures.refused["history_rate"] >= 4


async def test_a_flood_of_one_client_is_bounded_and_answered(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann:
        sending = asyncio.create_task(flood(ann, 2000))
        for number in range(2000):
            assert (await ann.receive())["payload"]["id"] == str(number)
        await sending


async def flood(client: Rift, count: int) -> None:
    for number in range(count):
        await client.send("list_rooms", id=str(number))


async def test_what_a_client_says_before_it_goes_counts(house: Server) -> None:
    async with member(house.rift_port, "bob") as bob:
        async with member(house.rift_port, "ann") as ann:
            for number in range(10):
                await ann.send("room_message", text=str(number))
        assert [(await bob.event("new_message"))["text"] for _ in range(10)] == [str(n) for n in range(10)]


async def test_a_client_that_logs_in_and_speaks_and_is_gone_at_once(house: Server) -> None:
    async with member(house.rift_port, "ann"):
        pass
    async with member(house.rift_port, "bob") as bob:
        async with rift(house.rift_port) as ann:
            await ann.send("auth", username="ann", password=PASSWORD)
            await ann.send("room_message", text="blindly")
        assert (await bob.event("new_message"))["text"] == "blindly"


# Ends.


async def ended(client: Rift) -> tuple[str, int | None]:
    """The code of the error that a client is told last, and that of the close frame, within a second."""
    async with asyncio.timeout(1.0):
        frames, close = await client.closed()
    last = frames[-1]
    assert last["type"] == "error"
    return last["payload"]["code"], close


async def test_who_logs_out_is_gone_with_the_session(house: Server) -> None:
    async with rift(house.rift_port) as ann:
        await ann.register("ann")
        session = (await ann.log_in("ann", *QUIET))["session"]
        assert (await ann.ask("log_out"))["type"] == "done"
        assert (await ann.closed())[1] == 1000
    async with rift(house.rift_port) as again:
        await again.send("auth", session=session)
        assert (await again.receive())["type"] == "auth_fail"


async def test_who_logs_out_everywhere_ends_all_others(house: Server) -> None:
    async with (
        member(house.rift_port, "ann", *QUIET) as ann,
        member(house.rift_port, "ann", *QUIET, new=False) as other,
        member(house.rift_port, "ann", new=False) as old,
    ):
        assert (await ann.ask("log_out", everywhere=True))["type"] == "done"
        assert (await ann.closed())[1] == 1000
        assert [await ended(other), await ended(old)] == [("ended", 1008)] * 2


async def test_a_new_password_ends_all_other_sessions_and_keeps_this_one(house: Server) -> None:
    async with (
        member(house.rift_port, "ann", *QUIET) as ann,
        member(house.rift_port, "ann", *QUIET, new=False) as other,
    ):
        assert await ann.refused("change_password", new="battery staple", old="wrong") == "wrong_password"
        assert await ann.refused("change_password", new="battery staple") == "wrong_password"
        assert await ann.refused("change_password", new="short", old=PASSWORD) == "bad_password"
        await ann.done("change_password", new="battery staple", old=PASSWORD)
        assert await ended(other) == ("ended", 1008)
        await ann.done("room_message", text="still here")
    async with rift(house.rift_port) as again:
        await again.log_in("ann", password="battery staple")


async def test_a_new_token_ends_visits_of_the_old_one_and_opens_the_speak_port(house: Server) -> None:
    async with member(house.rift_port, "ann", *QUIET) as ann:
        first = (await ann.done("get_token"))["token"]
        async with rift(house.rift_port) as by_token:
            await by_token.send("auth", token=first)
            assert (await by_token.receive())["type"] == "auth_success"
            second = (await ann.done("get_token"))["token"]
            assert await ended(by_token) == ("ended", 1008)
        async with speaking(port=house.write_port) as speaker:
            assert (await speaker.authorize(second)).nickname == "ann"


async def test_who_came_by_a_token_is_told_the_new_one(house: Server) -> None:
    async with speaking(port=house.write_port) as speaker:
        account = await speaker.register("Вася")
    async with rift(house.rift_port) as client:
        await client.send("auth", token=account.token)
        await client.receive()
        assert (await client.done("get_token"))["token"] != account.token
        await client.done("get_online_users")


async def test_who_is_here_comes_in_pages_to_who_asks_for_them(
    house: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ONLINE", 2)
    async with member(house.rift_port, "ann") as ann, member(house.rift_port, "bob"):
        whole = await ann.done("get_online_users")
        assert whole["users"] == ["ann", "bob"] and "after" not in whole
        async with member(house.rift_port, "vlad"):
            first = await ann.done("get_online_users")
            assert (first["users"], first["after"]) == (["ann", "bob"], "bob")
            rest = await ann.done("get_online_users", after=first["after"])
            assert rest["users"] == ["vlad"] and "after" not in rest


async def test_the_oldest_of_too_many_connections_ends(settings: Settings) -> None:
    limits = replace(PROFILES["off"], sessions=2)
    async with (
        running(replace(settings, rift_port=0, limits=limits)) as server,
        member(server.rift_port, "ann") as oldest,
        member(server.rift_port, "ann", new=False) as second,
        member(server.rift_port, "ann", new=False) as third,
    ):
        assert await ended(oldest) == ("too_many", 1008)
        for client in (second, third):
            await client.settled()


async def test_a_server_that_stops_answers_what_is_under_way_and_goes(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        ann = await Rift.open(server.rift_port)
        await ann.register("ann")
        await ann.log_in("ann", *QUIET)
        new = await Rift.open(server.rift_port)
        for number in range(50):
            await ann.send("room_message", text=str(number), id=str(number))
        reading = asyncio.create_task(ann.closed())
        await ann_heard(server)
    frames, code = await reading
    answers = [frame["payload"] for frame in frames]
    assert [one["id"] for one in answers] == [str(number) for number in range(len(answers))]
    assert {one.get("code", "stored") for one in answers} <= {"stored", "stopping"}
    assert sum("code" not in one for one in answers) == server.figures.messages
    assert code == 1001
    assert await new.closed() == ([], 1001)


async def test_a_server_that_stops_waits_for_the_commits_that_are_under_way(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        ann = await Rift.open(server.rift_port)
        await ann.register("ann")
        await ann.log_in("ann", *QUIET)
        other = sqlite3.connect(settings.database.removeprefix("sqlite:///"))
        other.execute("BEGIN IMMEDIATE")
        await ann.send("room_message", text="just in time", id="1")
        await (await ann.socket.ping())  # the message has been taken before it
        asyncio.get_running_loop().call_later(0.3, other.close)
    frames, code = await ann.closed()
    assert [(frame["type"], frame["payload"]["id"]) for frame in frames] == [("message_stored", "1")]
    assert code == 1001


async def ann_heard(server: Server) -> None:
    while not server.figures.messages:
        await asyncio.sleep(0)
