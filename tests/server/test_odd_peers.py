"""Peers that do what no client does: urgent data, a window of nothing, a proxy's header."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.server.conftest import close_raw_clients
from tests.server.raw import NICKNAME, SENT, log_in, raw


async def test_urgent_data_harms_nobody_on_either_port(server: Server) -> None:
    writer, name, _ = await log_in(server.write_port, "Anna")
    reader = await raw(server.read_port)
    for peer in (writer, reader):
        sock = peer.writer.get_extra_info("socket")
        with socket.socket(fileno=socket.dup(sock.fileno())) as own:
            own.send(b"!", socket.MSG_OOB)  # the byte travels beside the stream, and is no part of it
    writer.send(b"still one message\n\n")
    assert await writer.line() == SENT
    assert await reader.line() == f"{name}: still one message\n".encode()


async def test_a_window_of_almost_nothing_delays_its_owner_alone(server: Server) -> None:
    with socket.socket() as narrow:
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        narrow.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)
        narrow.setblocking(False)
        await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", server.read_port))
        reader = await raw(server.read_port)
        writer, name, _ = await log_in(server.write_port, "Anna")
        texts = [f"{number} " + "x" * 3000 for number in range(40)]
        for text in texts:
            writer.send(text.encode() + b"\n\n")
            assert await writer.line() == SENT
        for text in texts:
            assert await reader.line() == f"{name}: {text}\n".encode()


@pytest_asyncio.fixture
async def strict(settings: Settings) -> AsyncIterator[Server]:
    async with running(replace(settings, limits=replace(PROFILES["off"], wrong_tokens=3))) as server:
        yield server
        await close_raw_clients()


@pytest.mark.parametrize(
    "header", ["PROXY TCP4 203.0.113.{} 192.0.2.1 4000 5050", "X-Forwarded-For: 203.0.113.{}"]
)
async def test_who_claims_another_address_is_counted_under_its_own(strict: Server, header: str) -> None:
    for number in range(3):
        peer = await raw(strict.write_port)
        await peer.line()
        peer.send(header.format(number).encode() + b"\r\n")
        assert await peer.lines(2) == [b"null\n", NICKNAME]
    fourth = await raw(strict.write_port)
    await fourth.line()
    fourth.send(header.format(4).encode() + b"\r\n")
    assert (await fourth.line()).startswith(b"Message not sent: ")
