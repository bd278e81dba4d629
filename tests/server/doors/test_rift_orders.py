"""Orders of the server's owner end what a client of RIFT lives by within a second, in words."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from websockets.exceptions import InvalidStatus

from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.hashing import AGAIN
from minechat.server.settings import Settings
from tests.server.doors.rift_client import PASSWORD, QUIET, Frame, Rift, rift
from tests.server.test_admin import given, orders

pytestmark = pytest.mark.skipif(not hasattr(asyncio, "open_unix_connection"), reason="no unix sockets here")


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "admin")


@pytest_asyncio.fixture
async def port(settings: Settings, path: str) -> AsyncIterator[int]:
    async with running(replace(settings, rift_port=0, admin_socket=path)) as server:
        yield rift_port(server)


def rift_port(server: Server) -> int:
    assert server.rift_port is not None
    return server.rift_port


async def entered(port: int, name: str, *, new: bool = True) -> tuple[Rift, str]:
    client = await Rift.open(port)
    if new:
        await client.register(name)
    return client, (await client.log_in(name, *QUIET))["session"]


async def last_words(client: Rift) -> tuple[Frame, int | None]:
    async with asyncio.timeout(1.0):
        frames, close = await client.closed()
    return frames[-1], close


async def answer(port: int, **auth: Any) -> Frame:
    async with rift(port) as client:
        await client.send("auth", **auth)
        return await client.receive()


async def test_a_ban_ends_every_connection_and_every_way_in(port: int, path: str) -> None:
    ann, session = await entered(port, "ann")
    other, _ = await entered(port, "ann", new=False)
    bob, _ = await entered(port, "bob")
    done = await given(path, "ban", whom="ann", seconds=600, reason="flooding")
    assert done["closed"] == 2
    for client in (ann, other):
        frame, close = await last_words(client)
        assert (frame["type"], frame["payload"]["code"], close) == ("error", "banned", 1008)
        assert "flooding" in frame["payload"]["error"]
        assert 590 < frame["payload"]["retry_after"] <= 600
    for way in ({"username": "ann", "password": PASSWORD}, {"session": session}):
        refused = await answer(port, **way)
        assert (refused["type"], refused["payload"]["code"]) == ("auth_fail", "banned")
    await bob.done("get_online_users")
    await bob.socket.close()


async def test_a_ban_of_an_address_ends_who_has_not_said_who_it_is_too(port: int, path: str) -> None:
    ann, _ = await entered(port, "ann")
    stranger = await Rift.open(port)
    await given(path, "ban", whom="127.0.0.1", seconds=None, reason="noise")
    frame, close = await last_words(ann)
    assert (frame["type"], frame["payload"]["code"], close) == ("error", "banned", 1008)
    frame, close = await last_words(stranger)
    assert (frame["type"], frame["payload"]["code"], close) == ("auth_fail", "banned", 1008)
    with pytest.raises(InvalidStatus):
        await Rift.open(port)


async def test_a_new_token_ends_all_sessions(port: int, path: str) -> None:
    ann, session = await entered(port, "ann")
    await given(path, "token", nick="ann")
    frame, close = await last_words(ann)
    assert (frame["type"], frame["payload"]["code"], close) == ("error", "ended", 1008)
    assert (await answer(port, session=session))["payload"]["code"] == "wrong_password"


async def test_a_new_password_of_the_owner_s_ends_all_sessions(port: int, path: str) -> None:
    ann, session = await entered(port, "ann")
    other, _ = await entered(port, "ann", new=False)
    bob, _ = await entered(port, "bob")
    done = await given(path, "password", nick="ann")
    assert (done["nickname"], done["closed"]) == ("ann", 2)
    for client in (ann, other):
        frame, close = await last_words(client)
        assert (frame["type"], frame["payload"]["code"], close) == ("error", "ended", 1008)
        assert done["password"] not in str(frame)
    for way in ({"username": "ann", "password": PASSWORD}, {"session": session}):
        assert (await answer(port, **way))["payload"]["code"] == "wrong_password"
    assert (await answer(port, username="ANN", password=done["password"]))["type"] == "auth_success"
    await bob.done("get_online_users")
    await bob.socket.close()


async def test_a_new_password_is_refused_in_words_while_too_many_log_in(
    settings: Settings, path: str
) -> None:
    limits = replace(settings.limits, hashes=1, hashes_waiting=0)
    async with running(replace(settings, rift_port=0, admin_socket=path, limits=limits)) as server:
        ann, _ = await entered(rift_port(server), "ann")
        answers = await asyncio.gather(*(ordered(path, "password", nick="ann") for _ in range(8)))
        made = [one["ok"]["password"] for one in answers if "ok" in one]
        refused = [one for one in answers if "ok" not in one]
        words = "too many people are logging in at this moment; nothing was changed"
        assert made and refused
        assert all(one == {"error": words, "kind": "Refused", "retry_after": AGAIN} for one in refused)
        deeds = (await given(path, "list", what="audit", after=0))["entries"]
        assert [deed["what"] for deed in deeds] == ["password"] * len(made)
        await last_words(ann)
        came = [await answer(rift_port(server), username="ann", password=one) for one in made]
        assert sorted(one["type"] for one in came) == ["auth_fail"] * (len(made) - 1) + ["auth_success"]


async def ordered(path: str, order: str, **fields: object) -> dict[str, Any]:
    async with orders(path) as owner:
        return await owner.give(order, **fields)


async def test_a_new_name_ends_the_connections_and_keeps_the_sessions(port: int, path: str) -> None:
    ann, session = await entered(port, "ann")
    await given(path, "rename", nick="ann", to="anne")
    frame, close = await last_words(ann)
    assert (frame["type"], frame["payload"]["code"], close) == ("error", "ended", 1008)
    renamed = await answer(port, session=session, features=["rooms"])
    assert renamed["payload"]["username"].endswith("anne")
