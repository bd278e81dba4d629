"""The listen port, driven by raw sockets."""

import asyncio
import socket

import pytest

from minechat.server.handle import Server
from tests.server.raw import GREETING, SENT, log_in, raw


async def test_a_line_goes_out_alone_and_nothing_comes_before_it(server: Server) -> None:
    speaker, nickname, _ = await log_in(server.write_port, "Anna")
    reader = await raw(server.read_port)
    speaker.send(b"probe\n\n")
    assert await speaker.line() == SENT
    assert await reader.line() == f"{nickname}: probe\n".encode()
    speaker.send("как дела".encode() + b"\n\n")
    assert await asyncio.wait_for(reader.reader.read(500), 5) == f"{nickname}: как дела\n".encode()


async def test_what_a_reader_sends_is_ignored_up_to_a_bound(server: Server) -> None:
    reader = await raw(server.read_port)
    reader.send(b"x" * 1024)
    await reader.writer.drain()
    speaker, _, _ = await log_in(server.write_port, "Anna")
    speaker.send(b"hello\n\n")
    assert (await reader.line()).endswith(b": hello\n")
    reader.send(b"x")
    assert await reader.rest() == b""


@pytest.mark.parametrize("pieces", [[b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"], [b"PO", b"ST ", b"/x"]])
async def test_a_browser_hears_nothing(server: Server, pieces: list[bytes]) -> None:
    reader = await raw(server.read_port)
    for piece in pieces:
        reader.send(piece)
        for _ in range(5):  # turns of the loop that client and server share: each piece is read alone
            await asyncio.sleep(0)
    assert await reader.rest() == b""


async def test_a_reader_with_its_input_closed_still_hears(server: Server) -> None:
    reader = await raw(server.read_port)
    reader.writer.write_eof()
    speaker, _, _ = await log_in(server.write_port, "Anna")
    speaker.send(b"hello\n\n")
    assert (await reader.line()).endswith(b": hello\n")


async def test_a_slow_reader_hears_all_in_order_once_it_reads(server: Server) -> None:
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.read_port))
        slow.setblocking(False)
        speaker, nickname, _ = await log_in(server.write_port, "Anna")
        texts = [f"{number}{'x' * 4000}" for number in range(60)]
        for text in texts:
            speaker.send(f"{text}\n\n".encode())
            assert await speaker.line() == SENT
        assert 0 < server.queued() < 60 * 4100
        said = "".join(f"{nickname}: {text}\n" for text in texts).encode()
        heard = b""
        async with asyncio.timeout(10):
            while len(heard) < len(said):
                heard += await asyncio.get_running_loop().sock_recv(slow, 1 << 16)
        assert heard == said
        assert server.queued() == 0
        assert server.figures.dropped == {}


async def test_one_new_connection_for_every_line(server: Server) -> None:
    speaker, _, _ = await log_in(server.write_port, "Anna")
    for number in range(50):
        reader = await raw(server.read_port)
        speaker.send(f"{number}\n\n".encode())
        assert (await reader.line()).endswith(f": {number}\n".encode())
        await reader.close()


async def test_connections_over_the_cap_are_closed_at_once_and_the_others_stay(fair_server: Server) -> None:
    readers = [await raw(fair_server.read_port) for _ in range(62)]
    speaker, _, _ = await log_in(fair_server.write_port, "Anna")
    readers.append(await raw(fair_server.read_port))
    one_too_many = await raw(fair_server.read_port)
    assert await one_too_many.rest() == b""
    speaker.send(b"hello\n\n")
    assert all([(await reader.line()).endswith(b": hello\n") for reader in readers])


async def test_readers_that_went_away_in_silence_keep_nobody_out(fair_server: Server) -> None:
    speaker, _, _ = await log_in(fair_server.write_port, "Anna")
    staying = await raw(fair_server.read_port)
    for _ in range(100):
        await (await raw(fair_server.read_port)).close()
        await (await raw(fair_server.write_port)).close()
    visitor = await raw(fair_server.write_port)
    assert await visitor.line() == GREETING
    speaker.send(b"hello\n\n")
    assert (await staying.line()).endswith(b": hello\n")


async def test_a_doubtful_reader_stays_while_there_is_room(fair_server: Server) -> None:
    half_closed = [await raw(fair_server.read_port) for _ in range(62)]
    for reader in half_closed:
        reader.writer.write_eof()
    speaker, _, _ = await log_in(fair_server.write_port, "Anna")
    speaker.send(b"hello\n\n")
    assert all([(await reader.line()).endswith(b": hello\n") for reader in half_closed])
