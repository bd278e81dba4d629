"""Who may do what: each command by each kind of person in each kind of room, over the real server.

The words here are written by hand, not taken from the table of rights: they are what that table must mean.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from minechat.client.speak import speaking
from minechat.protocol.rift.command_table import ROWS
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import Settings
from tests.server.doors.rift_client import Rift, rift

ROLES = ("stranger", "member", "moderator", "owner", "muted", "banned")
#: What each role is answered in a public room; "ok" where it is done.
IN_PUBLIC: dict[str, tuple[str, str, str, str, str, str]] = {
    "room_message": ("not_member", "ok", "ok", "ok", "muted", "banned"),
    "get_online_users": ("not_member", "ok", "ok", "ok", "ok", "banned"),
    "set_topic": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "get_members": ("not_member", "ok", "ok", "ok", "ok", "banned"),
    "invite": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "set_role": ("not_member", "not_allowed", "not_allowed", "ok", "not_allowed", "banned"),
    "kick": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "mute": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "unmute": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "ban": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "unban": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "get_audit": ("not_member", "not_allowed", "ok", "ok", "not_allowed", "banned"),
    "get_history": ("not_member", "ok", "ok", "ok", "ok", "banned"),
    "search": ("not_member", "ok", "ok", "ok", "ok", "banned"),
    # These change who is what, and so come last.
    "join_room": ("ok", "ok", "ok", "ok", "ok", "banned"),
    "leave_room": ("ok", "ok", "ok", "not_allowed", "ok", "banned"),
}
#: About no room: everybody who has logged in may.
ABOUT_NO_ROOM: dict[str, dict[str, Any]] = {
    "private_message": {"to": "$here", "text": "hi"},
    "list_rooms": {},
    "create_room": {"room": "$new"},
    "get_conversations": {},
    "block_user": {"username": "$here"},
    "unblock_user": {"username": "$here"},
    "get_my_data": {},
    "get_token": {},
    "change_password": {"new": "another good password"},
    "log_out": {},
}
AT_THE_DOOR = {"register": {"username": "ann", "password": "x"}, "auth": {"token": "x"}}
#: What else a command about a room holds; ``$target`` is a member whom nothing has happened to.
PAYLOADS: dict[str, dict[str, Any]] = {
    "room_message": {"text": "hi"},
    "set_topic": {"topic": "tea"},
    "invite": {"username": "$target"},
    "set_role": {"username": "$target", "role": "moderator"},
    "kick": {"username": "$target"},
    "mute": {"username": "$target"},
    "unmute": {"username": "$target"},
    "ban": {"username": "$target"},
    "unban": {"username": "$target"},
    "search": {"query": "hi"},
}


def in_invite_only(word: str) -> tuple[str, ...]:
    """Who is no member and not invited must not learn that there is such a room."""
    return ("no_room", *IN_PUBLIC[word][1:5], "no_room")


def test_every_command_has_a_row() -> None:
    assert {*IN_PUBLIC, *ABOUT_NO_ROOM, *AT_THE_DOOR} == {row.word for row in ROWS}
    assert set(IN_PUBLIC) == {row.word for row in ROWS if row.deed}


@dataclass
class House:
    """A server, and a connection of each person by what it is in the room ``tea``."""

    server: Server
    stack: AsyncExitStack
    people: dict[str, Rift] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    count: int = 0

    async def enter(self, role: str) -> Rift:
        """Somebody new, who came by a token: that is quicker than by a password."""
        self.count += 1
        async with speaking(port=self.server.write_port) as speaker:
            account = await speaker.register(f"p{self.count}")
        client = await self.stack.enter_async_context(rift(self.server.rift_port))
        await client.send("auth", token=account.token, features=["acks", "rooms"])
        assert (await client.receive())["type"] == "auth_success"
        self.people[role], self.names[role] = client, account.nickname.replace(" ", "_")
        return client

    async def join(self, role: str, invite_only: bool) -> Rift:
        client = await self.enter(role)
        if invite_only:
            await self.people["owner"].done("invite", room="tea", username=self.names[role])
        await client.done("join_room", room="tea")
        return client

    async def target(self, word: str, invite_only: bool) -> str:
        """A member who can be done this to."""
        await self.join("target", invite_only)
        before = {"unmute": "mute", "unban": "ban", "invite": "kick"}.get(word)
        if before:
            await self.people["owner"].done(before, room="tea", username=self.names["target"])
        return self.names["target"]


@asynccontextmanager
async def house(settings: Settings, invite_only: bool) -> AsyncIterator[House]:
    async with (
        running(replace(settings, rift_port=0)) as server,
        AsyncExitStack() as stack,
    ):
        home = House(server, stack)
        owner = await home.enter("owner")
        await owner.done("create_room", room="tea", invite_only=invite_only)
        await home.enter("stranger")
        for role in ("member", "moderator", "muted", "banned"):
            await home.join(role, invite_only)
        names = home.names
        await owner.done("set_role", room="tea", username=names["moderator"], role="moderator")
        await owner.done("mute", room="tea", username=names["muted"])
        await owner.done("ban", room="tea", username=names["banned"])
        yield home


async def outcome(client: Rift, word: str, payload: dict[str, Any]) -> str:
    frame = await client.ask(word, **payload)
    return str(frame["payload"]["code"]) if frame["type"] == "error" else "ok"


@pytest.mark.parametrize("invite_only", [False, True])
async def test_who_may_do_what_in_a_room(settings: Settings, invite_only: bool) -> None:
    expected: Callable[[str], tuple[str, ...]] = in_invite_only if invite_only else IN_PUBLIC.__getitem__
    found, wanted = {}, {}
    async with house(settings, invite_only) as home:
        for word in IN_PUBLIC:
            payload = {**PAYLOADS.get(word, {}), "room": "tea"}
            fresh = "$target" in payload.values()
            target = await home.target(word, invite_only) if fresh else ""
            for role in ROLES:
                filled = {key: target if value == "$target" else value for key, value in payload.items()}
                found[word, role] = await outcome(home.people[role], word, filled)
                if fresh and found[word, role] == "ok":
                    target = await home.target(word, invite_only)
            wanted.update(zip(((word, role) for role in ROLES), expected(word), strict=True))
    assert found == wanted


async def test_a_room_that_is_not_there_and_one_that_is_not_for_people(settings: Settings) -> None:
    found = {}
    async with house(settings, invite_only=False) as home:
        member, moderator = home.people["member"], home.people["moderator"]
        await member.done("private_message", to=home.names["moderator"], text="between us")
        ids = ["1:2", "2:3", "3:4", "4:5", "5:6"]
        for room in ("attic", *(f"@{one}" for one in ids)):
            for word in IN_PUBLIC:
                payload = {**PAYLOADS.get(word, {}), "room": room}
                if "username" in payload:
                    payload["username"] = home.names["member"]
                for client in (member, moderator):
                    found[room, word] = await outcome(client, word, payload)
    assert {cell: code for cell, code in found.items() if code not in ("no_room", "bad_name")} == {}
    assert {code for (room, _), code in found.items() if room == "attic"} == {"no_room"}


async def test_deeds_against_an_equal_or_a_greater_one(settings: Settings) -> None:
    async with house(settings, invite_only=False) as home:
        other = await home.join("other", invite_only=False)
        await home.people["owner"].done(
            "set_role", room="tea", username=home.names["other"], role="moderator"
        )
        moderator = home.people["moderator"]
        for word in ("kick", "mute", "unmute", "ban"):
            for whom in ("other", "owner"):
                assert await moderator.refused(word, room="tea", username=home.names[whom]) == "not_allowed"
        assert await other.done("get_members", room="tea")


@pytest.mark.parametrize("role", ROLES)
async def test_what_is_about_no_room_is_for_everybody(settings: Settings, role: str) -> None:
    async with house(settings, invite_only=False) as home:
        here = "moderator" if role == "member" else "member"
        for word, payload in ABOUT_NO_ROOM.items():
            replaced = {"$here": home.names[here], "$new": f"room-of-{role}"}
            filled = {key: replaced.get(str(value), value) for key, value in payload.items()}
            assert await outcome(home.people[role], word, filled) == "ok", word


async def test_who_has_not_logged_in_may_nothing(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        for row in ROWS:
            if row.word in AT_THE_DOOR:
                continue
            payload = {**PAYLOADS.get(row.word, {}), **ABOUT_NO_ROOM.get(row.word, {}), "room": "general"}
            async with rift(server.rift_port) as client:
                await client.send(row.word, **payload)
                frames, code = await client.closed()
            assert [frame["type"] for frame in frames] == ["auth_fail"]
            assert frames[0]["payload"]["code"] == "out_of_turn"
            assert code == 1000


async def test_who_has_logged_in_does_not_do_so_again(settings: Settings) -> None:
    async with house(settings, invite_only=False) as home:
        for word, payload in AT_THE_DOOR.items():
            assert await home.people["member"].refused(word, **payload) == "out_of_turn"
