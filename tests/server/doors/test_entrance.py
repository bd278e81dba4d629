"""The entrance: refused in words and at once, counted out at every end, nothing left behind."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from statistics import median

import pytest

from minechat.client.speak import speaking
from minechat.errors import Refused
from minechat.server.app import running
from minechat.server.doors.entrance import KEEPALIVE, Entrance
from minechat.server.handle import Server
from minechat.server.settings import Limits, Settings
from tests.server.raw import GREETING, SENT, log_in, opened, raw
from tests.server.sockets import until

DEADLINE = 10.0


@asynccontextmanager
async def limited(settings: Settings, **limits: float | int | None) -> AsyncIterator[Server]:
    async with running(replace(settings, limits=replace(Limits(), **limits))) as server:  # type: ignore[arg-type]
        yield server
        while opened:
            await opened.pop().close()


def inside(server: Server) -> int:
    return sum(server.connections().values())


async def test_our_client_hears_why_it_was_turned_away_and_when_to_come_back(settings: Settings) -> None:
    async with limited(settings, connections_per_source=1) as server:
        await (await raw(server.write_port)).line()
        with pytest.raises(Refused, match="too many connections from your address") as refusal:
            async with speaking("127.0.0.1", server.write_port):
                pass
        assert refusal.value.retry_after == 30


async def test_a_ban_without_an_end_is_told_without_a_time(settings: Settings) -> None:
    async with limited(settings) as server:
        assert server._gate is not None
        server._gate._barred = lambda source: Refused("you are banned", None)
        assert await (await raw(server.write_port)).rest() == b"Message not sent: you are banned.\n"


async def test_the_kernel_asks_after_whoever_fell_silent(settings: Settings) -> None:
    async with limited(settings) as server:
        await (await raw(server.write_port)).line()
        await raw(server.read_port)
        await until(lambda: inside(server) == 2)
        assert server._gate is not None
        for guest in server._gate._guests:
            assert isinstance(guest, Entrance)
            sock = guest._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == KEEPALIVE


async def test_an_address_that_the_owner_shuts_out_leaves_both_ports_at_once(settings: Settings) -> None:
    async with limited(settings) as server:
        reader = await raw(server.read_port)
        member, _, _ = await log_in(server.write_port, "Anna")
        stranger = await raw(server.write_port)
        assert await stranger.line() == GREETING
        member.send(b"last words\n\n")
        assert await member.line() == SENT
        assert server._gate is not None
        for guest in list(server._gate._guests):
            guest.expel(Refused("you are banned", 3600))
        told = b"Message not sent: you are banned. Try again in 3600 s.\n"
        assert [await member.rest(), await stranger.rest()] == [told, told]
        assert (await reader.rest()).endswith(b"last words\n")
        await until(lambda: not inside(server))


async def test_the_listen_port_has_no_words_and_closes(settings: Settings) -> None:
    async with limited(settings, connections=1) as server:
        await raw(server.read_port)
        await until(lambda: inside(server) == 1)
        assert await (await raw(server.read_port)).rest() == b""


async def test_a_refusal_comes_at_once_and_who_is_inside_stays(settings: Settings) -> None:
    async with limited(settings, connections_per_source=3) as server:
        reader = await raw(server.read_port)
        member, _, _ = await log_in(server.write_port, "Anna")
        stranger = await raw(server.write_port)
        assert await stranger.line() == GREETING
        loop = asyncio.get_running_loop()
        waits = []
        for _ in range(100):
            began = loop.time()
            refused = await raw(server.write_port)
            assert (await refused.rest()).startswith(b"Message not sent: ")
            waits.append(loop.time() - began)
        assert median(waits) < 0.05  # asyncio's debugging and our side are in it
        member.send(b"still here\n\n")
        assert await member.line() == SENT
        assert (await reader.line()).endswith(b"still here\n")
        assert inside(server) == 3
        assert server.figures.refused == {"connections_per_source": 100}


async def test_a_stranger_gives_way_in_words_and_a_member_does_not(settings: Settings) -> None:
    async with limited(settings, connections=2) as server:
        assert server._gate is not None
        member, _, _ = await log_in(server.write_port, "Anna")
        stranger = await raw(server.write_port)
        assert await stranger.line() == GREETING
        server._gate._clock = lambda: asyncio.get_running_loop().time() + 60
        newcomer, _, _ = await log_in(server.write_port, "Vera")
        assert await stranger.rest() == (
            b"Message not sent: too many are here who have not said who they are. Try again in 30 s.\n"
        )
        assert (await (await raw(server.write_port)).rest()).startswith(
            b"Message not sent: the server is full"
        )
        for one in (member, newcomer):
            one.send(b"hello\n\n")
            assert await one.line() == SENT
        assert server.figures.refused == {"early_drop": 1, "connections": 1}


STAGES = {
    "connected": b"",
    "half a token": b"0000",
    "asked": b"\n",
    "named": b"\nAnna\n",
    "half a message": b"\nAnna\nhal",
    "talking": b"\nAnna\nhello\n\n",
    "pinging": b"\n" * 50,
}


@pytest.mark.parametrize("data", STAGES.values(), ids=STAGES.keys())
async def test_a_storm_of_resets_leaves_no_descriptor_and_no_task(settings: Settings, data: bytes) -> None:
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
    off = {"connections_per_source": None, "new_connections": None, "registrations": None}
    async with limited(settings, **off, registrations_in_all=None) as server:
        await (await log_in(server.write_port, "First"))[0].close()
        await until(lambda: not inside(server))
        descriptors, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
        for number in range(60):
            with socket.create_connection(("127.0.0.1", server.write_port)) as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                sock.sendall(data)
                if number % 2:
                    await asyncio.sleep(0)
        await until(lambda: not inside(server))
        await until(lambda: len(asyncio.all_tasks()) <= tasks)
        await until(lambda: len(os.listdir("/proc/self/fd")) <= descriptors)
    assert not unhandled


async def test_the_addresses_of_one_ipv6_network_count_together(settings: Settings) -> None:
    try:
        async with limited(replace(settings, host="::1"), connections_per_source=2) as server:
            streams = [await asyncio.open_connection("::1", server.write_port) for _ in range(3)]
            first = [await asyncio.wait_for(reader.readline(), DEADLINE) for reader, _ in streams]
            assert server._gate is not None
            assert set(server._gate._sources) == {"::/64"}
            for _, writer in streams:
                writer.close()
            assert [line == GREETING for line in first] == [True, True, False]
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
