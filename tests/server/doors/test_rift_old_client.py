"""A client as RIFT 0.9 is one: its frames alone, its order, and what it would make of the answers."""

from dataclasses import replace

from minechat.server.app import running
from minechat.server.settings import Settings
from tests.server.doors.rift_client import Rift, member, rift
from tests.server.raw import log_in, raw

#: Every type that such a client has words for; others it shows as raw lines.
KNOWN = {
    "register_success",
    "register_fail",
    "auth_success",
    "auth_fail",
    "new_message",
    "private_message",
    "private_message_sent",
    "online_users",
    "error",
}


async def enter(client: Rift, name: str) -> None:
    await client.send("register", username=name, password="correct horse")
    assert (await client.receive())["type"] == "register_success"
    await client.send("auth", username=name, password="correct horse")
    assert await client.receive() == {"type": "auth_success"}


async def test_a_talk_of_two(settings: Settings) -> None:
    async with (
        running(replace(settings, rift_port=0)) as server,
        rift(server.rift_port) as ann,
        rift(server.rift_port) as bob,
    ):
        await enter(ann, "ann")
        await enter(bob, "bob")
        await ann.send("get_online_users")
        assert await ann.receive() == {"type": "online_users", "payload": {"users": ["ann", "bob"]}}
        await ann.send("room_message", room="general", text="hi all")
        heard = await bob.receive()
        assert heard["type"] == "new_message"
        assert {key: heard["payload"][key] for key in ("username", "text")} == {
            "username": "ann",
            "text": "hi all",
        }
        await bob.send("private_message", to="ann", text="psst")
        sent, arrived = await bob.receive(), await ann.receive()
        assert (sent["type"], arrived["type"]) == ("private_message_sent", "private_message")
        assert {"to": "ann", "text": "psst", "is_private": True}.items() <= sent["payload"].items()
        assert {"from": "bob", "text": "psst", "is_private": True}.items() <= arrived["payload"].items()
        await ann.send("private_message", to="nobody", text="psst")
        failed = await ann.receive()
        assert failed["type"] == "error"
        assert failed["payload"]["error"] == "User nobody is not online."


async def test_what_does_not_work_is_told_in_its_words(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        async with rift(server.rift_port) as ann:
            await enter(ann, "ann")
        async with rift(server.rift_port) as client:
            await client.send("register", username="ann", password="correct horse")
            failed = await client.receive()
            assert failed["type"] == "register_fail"
            assert isinstance(failed["payload"]["error"], str)
            await client.send("auth", username="ann", password="wrong horse battery")
            frames, _ = await client.closed()
            assert [frame["type"] for frame in frames] == ["auth_fail"]
        async with rift(server.rift_port) as client:
            await client.send("room_message", room="general", text="hi")
            frames, _ = await client.closed()
            assert [frame["type"] for frame in frames] == ["auth_fail"]


async def test_it_hears_general_and_what_it_posts_in_and_nothing_new(settings: Settings) -> None:
    async with (
        running(replace(settings, rift_port=0)) as server,
        rift(server.rift_port) as old,
        member(server.rift_port, "new", "acks", "rooms", "presence", "sessions") as new,
    ):
        await enter(old, "old")
        await new.done("join_room", room="tech")
        await new.done("room_message", room="tech", text="before")
        await old.send("room_message", room="tech", text="let me in")
        assert (await new.event("new_message"))["text"] == "let me in"
        await new.done("room_message", room="tech", text="welcome")
        await new.done("room_message", room="general", text="and here")
        heard = [await old.receive(), await old.receive()]
        assert {frame["type"] for frame in heard} <= KNOWN
        assert [frame["payload"]["text"] for frame in heard] == ["welcome", "and here"]
        await old.send("get_online_users")
        assert (await old.receive())["type"] == "online_users"


async def test_it_is_one_chat_with_the_line_ports(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server, rift(server.rift_port) as ann:
        await enter(ann, "ann")
        listener = await raw(server.read_port)
        speaker, nick, _ = await log_in(server.write_port, "bob")
        while not server.connections()["read"]:
            pass
        speaker.send(b"over here\n\n")
        heard = await ann.receive()
        assert (heard["payload"]["username"], heard["payload"]["text"]) == (
            nick.replace(" ", "_"),
            "over here",
        )
        assert await listener.line() == f"{nick}: over here\n".encode()
        await ann.send("room_message", room="general", text="two\nlines")
        assert await listener.line() == b"ann: two lines\n"
