"""A session is a secret that lets in whoever has it, until it ends: each way in which it can."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio

from minechat.server.app import running
from minechat.server.credentials import KEPT
from minechat.server.settings import PROFILES, Settings
from tests.server.doors.rift_client import PASSWORD, QUIET, Frame, Rift, rift
from tests.server.people import cheap_hashes
from tests.server.test_admin import given

UNIX = pytest.mark.skipif(not hasattr(asyncio, "open_unix_connection"), reason="no unix sockets here")


class House(NamedTuple):
    """A server: its port of RIFT, and where its owner gives orders."""

    port: int
    orders: str


@pytest_asyncio.fixture
async def house(settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    path = str(tmp_path / "admin") if hasattr(asyncio, "open_unix_connection") else None
    limits = replace(PROFILES["off"], connections=1000)
    with cheap_hashes():
        async with running(replace(settings, rift_port=0, admin_socket=path, limits=limits)) as server:
            assert server.rift_port is not None
            yield House(server.rift_port, path or "")


async def come(port: int) -> str:
    """A new session of Ann's."""
    async with rift(port) as client:
        return str((await client.log_in("ann", *QUIET))["session"])


async def attempt(port: int, session: str) -> Frame:
    async with rift(port) as client:
        await client.send("auth", session=session, features=list(QUIET))
        return await client.receive()


async def by(port: int, session: str) -> Rift:
    """A connection by a session."""
    client = await Rift.open(port)
    await client.send("auth", session=session, features=list(QUIET))
    assert (await client.receive())["type"] == "auth_success"
    return client


async def log_out(house: House, session: str) -> None:
    await (await by(house.port, session)).done("log_out")


async def log_out_everywhere(house: House, session: str) -> None:
    await (await by(house.port, await come(house.port))).done("log_out", everywhere=True)


async def another_password(house: House, session: str) -> None:
    other = await by(house.port, await come(house.port))
    await other.done("change_password", new="battery staple", old=PASSWORD)


async def a_password_of_the_owners(house: House, session: str) -> None:
    await given(house.orders, "password", nick="ann")


async def a_token_of_the_owners(house: House, session: str) -> None:
    await given(house.orders, "token", nick="ann")


async def newer_ones(house: House, session: str) -> None:
    for _ in range(KEPT):
        assert (await attempt(house.port, session))["type"] == "auth_success"
        await come(house.port)


@pytest.mark.parametrize(
    "end",
    [
        log_out,
        log_out_everywhere,
        another_password,
        newer_ones,
        pytest.param(a_password_of_the_owners, marks=UNIX),
        pytest.param(a_token_of_the_owners, marks=UNIX),
    ],
)
async def test_a_session_lets_in_until_it_ends(
    house: House, end: Callable[[House, str], Awaitable[None]]
) -> None:
    async with rift(house.port) as ann, rift(house.port) as bob:
        await ann.register("ann")
        session = (await ann.log_in("ann", *QUIET))["session"]
        await bob.register("bob")
        other = (await bob.log_in("bob", *QUIET))["session"]
        # Whoever has it, as often as they like.
        for _ in range(2):
            assert (await attempt(house.port, session))["payload"]["session"] == session
        await end(house, session)
        refused = await attempt(house.port, session)
        assert (refused["type"], refused["payload"]["code"]) == ("auth_fail", "wrong_password")
        assert (await attempt(house.port, other))["type"] == "auth_success"


@UNIX
async def test_a_session_lets_nobody_in_while_its_account_is_banned(house: House) -> None:
    async with rift(house.port) as ann:
        await ann.register("ann")
        session = (await ann.log_in("ann", *QUIET))["session"]
        await given(house.orders, "ban", whom="ann", seconds=600, reason="noise")
        refused = await attempt(house.port, session)
        assert (refused["type"], refused["payload"]["code"]) == ("auth_fail", "banned")
        await given(house.orders, "unban", whom="ann")
        assert (await attempt(house.port, session))["type"] == "auth_success"
