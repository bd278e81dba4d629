"""One reader's way out: written to by the loop in C, or through its transport, TLS included."""

import asyncio
import os
import socket
import ssl
from pathlib import Path

import pytest

from minechat.events import Said
from minechat.server.audience import Audience
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.gate import Gate
from minechat.server.doors.listen import ListenDoor
from minechat.server.figures import Figures
from minechat.server.outlets import PIECE, Outlet, Write, fastest, write_each
from minechat.server.settings import Limits
from minechat.server.tls import Certificate
from tests.certificates import issue
from tests.server.sockets import DEADLINE, connected, reader, until

PLENTY = Limits(send_queue=1 << 30, send_queues=1 << 30)


@pytest.mark.parametrize("write", [write_each, fastest()], ids=["loop", "fastest"])
def test_a_write_that_fails_disturbs_no_other(write: Write) -> None:
    pairs = [connected() for _ in range(7)]
    full, reset = pairs[1][0], pairs[4]
    with pytest.raises(BlockingIOError):
        while True:
            full.send(b"x" * 4096)
    reset[1].close()
    reset[0].setblocking(True)
    with pytest.raises(ConnectionError):
        while True:
            reset[0].send(b"x")
    closed = os.dup(full.fileno())
    os.close(closed)
    descriptors = [ours.fileno() for ours, _ in pairs]
    descriptors[3:3] = [closed]
    assert write([closed, *descriptors], b"hello") == [0, 5, 0, 5, 0, 5, 0, 5, 5]
    for number, (ours, theirs) in enumerate(pairs):
        if number not in (1, 4):
            theirs.setblocking(True)
            assert theirs.recv(100) == b"hello"
        ours.close()
        theirs.close()


def test_nobody_is_written_to_when_nobody_is_there() -> None:
    assert write_each([], b"hello") == []


async def test_what_waits_is_counted_and_what_was_taken_grows() -> None:
    wire = Audience(PLENTY, Figures()).wire(lambda said: said.text.encode())
    slow = await reader(wire)
    outlet = slow.connection.outlet
    said = 0
    while not outlet.waiting:
        outlet.write(b"x" * 1000)
        said += 1000
    outlet.write(b"y" * 50_000)
    before = outlet.taken
    assert 50_000 < outlet.waiting <= 51_000
    while outlet.taken == before:
        slow.take(1000)
        await asyncio.sleep(0)
    assert await slow.hear(said + 50_000) == b"x" * said + b"y" * 50_000
    assert outlet.waiting == 0
    slow.connection.transport.abort()
    slow.sock.close()
    await until(lambda: slow.connection.lost)


async def test_the_kernel_holds_little_for_who_reads_nothing() -> None:
    ours, theirs = connected(1 << 20)
    transport, _ = await asyncio.get_running_loop().create_connection(asyncio.Protocol, sock=ours)
    with theirs:
        outlet = Outlet(transport, lambda _: None)
        taken = 0
        while not outlet.waiting and taken < 8_000_000:
            outlet.write(b"x" * 10_000)
            taken += 10_000
        # What the reader's kernel holds is the reader's memory; the rest is ours.
        assert taken - len(theirs.recv(8_000_000, socket.MSG_PEEK)) < 200_000
        transport.abort()
        await asyncio.sleep(0)


async def test_a_reader_behind_tls_hears_all_in_order_however_slow_it_is(tmp_path: Path) -> None:
    wire = Audience(PLENTY, Figures()).wire(lambda said: said.text.encode())
    gate = Gate(1, PLENTY)
    doors: list[ListenDoor] = []

    def door() -> ListenDoor:
        doors.append(ListenDoor(wire, gate))
        return doors[-1]

    cert, key = issue("localhost").save(tmp_path, "server")
    key.chmod(0o600)
    encryption = Encryption(Certificate(str(cert), str(key)), Figures())
    server = await asyncio.get_running_loop().create_server(encryption.before(door), "127.0.0.1", 0)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname, trust.verify_mode = False, ssl.CERT_NONE
    # A stream reader stops reading at twice its limit, and the kernels between hold a few megabytes.
    reading, writing = await asyncio.open_connection(*server.sockets[0].getsockname(), ssl=trust, limit=4096)
    await until(lambda: len(wire) == 1)
    outlet = doors[0]._outlet
    assert outlet.descriptor is None

    async def much() -> bytes:
        said = b""
        while outlet.waiting < 100_000:
            # What waits does so in the outlet, but for the one write that the socket did not take whole.
            assert doors[0]._transport.get_write_buffer_size() < 2 * PIECE
            text = chr(33 + len(said) // 20_000 % 90) * 20_000
            wire.deliver([Said(None, text)])
            said += text.encode()
            await asyncio.sleep(0)
        return said

    said = await much()
    assert await asyncio.wait_for(reading.readexactly(len(said)), DEADLINE) == said
    assert outlet.waiting == 0
    said = await much()
    rest = asyncio.create_task(reading.read())
    wire.deliver([Said(None, "the end")])
    await wire.close(DEADLINE)
    assert await asyncio.wait_for(rest, DEADLINE) == said + b"the end"
    writing.close()
    await writing.wait_closed()
    await until(lambda: not len(gate))
    server.close()
    await server.wait_closed()


async def test_a_socket_that_is_closed_is_nowhere_to_write_to() -> None:
    ours, theirs = connected()
    transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, ours)
    transport.abort()
    await until(lambda: ours.fileno() == -1)
    assert Outlet(transport, lambda _: None).descriptor is None
    theirs.close()
