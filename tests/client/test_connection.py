"""Connections open within their deadline whatever names and addresses do, and close without waiting."""

import asyncio
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import pytest
from aiohappyeyeballs import AddrInfoType

from minechat.client import connection as module
from minechat.client.address import Address
from minechat.client.connection import connection
from minechat.client.reaching import lookup
from minechat.client.tls import Tls
from minechat.errors import ConnectionLost, HostUnknown, NetworkError, TimedOut, Unreachable
from tests.bad_tls import PATIENCE, Recorded
from tests.certificates import issue

pytestmark = pytest.mark.usefixtures("quiet")

CHAT = Address("chat.example", 5000)
#: RFC 6666: packets to it are thrown away wherever somebody routes them at all.
NOWHERE = "100::1"


def addresses(*ends: tuple[str, int]) -> Callable[[bytes, int], Sequence[AddrInfoType]]:
    """A resolver that knows one name and answers with these ends, in this order."""
    found = [info for host, port in ends for info in lookup(host.encode(), port)]
    return lambda host, port: found


def failing(code: int) -> Callable[[bytes, int], Sequence[AddrInfoType]]:
    def resolve(host: bytes, port: int) -> Sequence[AddrInfoType]:
        raise socket.gaierror(code, "no")

    return resolve


@pytest.fixture(params=["plain", "TLS"])
def way(request: pytest.FixtureRequest, serve, owner) -> tuple[Callable[..., Awaitable[int]], Tls | None]:
    """Starts a server, and says how to trust it."""
    if request.param == "plain":
        return serve, None
    return partial(serve, tls=owner.tls), Tls(ca=owner.ca)


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello\n")
    await reader.read()


async def test_bytes_go_both_ways(way) -> None:
    async def echo(reader, writer):
        writer.write(await reader.readline())

    serve, tls = way
    port = await serve(echo)
    async with connection(Address("127.0.0.1", port), tls=tls) as (reader, writer):
        writer.write(b"there and back\n")
        assert await reader.read(100) == b"there and back\n"
        assert await reader.read(100) == b""


async def test_the_host_goes_to_the_resolver_as_name_servers_know_it(serve) -> None:
    asked = []
    port = await serve(greet)

    def resolve(host: bytes, wanted: int) -> Sequence[AddrInfoType]:
        asked.append((host, wanted, threading.current_thread().daemon))
        return lookup(b"127.0.0.1", port)

    async with connection(Address("чат.example", 5000), resolve=resolve):
        assert asked == [(b"xn--80a0bn.example", 5000, True)]


@pytest.mark.parametrize("host", ["::1", "[::1]"])
async def test_a_server_on_ipv6_alone_is_reached(serve, host: str) -> None:
    port = await serve(greet, "::1")
    async with connection(Address(host, port)) as (reader, _):
        assert await reader.read(100) == b"hello\n"
    async with connection(CHAT, resolve=addresses(("127.0.0.1", port), ("::1", port))) as (reader, _):
        assert await reader.read(100) == b"hello\n"


@pytest.mark.parametrize("first", [NOWHERE, "::1", "silent"])
async def test_a_bad_first_address_costs_less_than_a_second(serve, silent_port: int, first: str) -> None:
    port = await serve(greet)
    bad = ("127.0.0.1", silent_port) if first == "silent" else (first, 9)
    began = time.monotonic()
    async with connection(CHAT, resolve=addresses(bad, ("127.0.0.1", port))) as (reader, _):
        assert await reader.read(100) == b"hello\n"
    assert time.monotonic() - began < 1


async def test_the_sixtieth_address_is_tried_too(serve, closed_port: int) -> None:
    port = await serve(greet)
    refusing = [(f"127.0.0.{n}", closed_port) for n in range(1, 60)]
    async with connection(CHAT, resolve=addresses(*refusing, ("127.0.0.1", port))) as (reader, _):
        assert await reader.read(100) == b"hello\n"


async def test_sixty_silent_addresses_hold_up_no_longer_than_one(silent_port: int) -> None:
    began = time.monotonic()
    with pytest.raises(TimedOut, match=r"chat\.example:5000.*within 0\.6 s"):
        async with connection(CHAT, timeout=0.6, resolve=addresses(*[("127.0.0.1", silent_port)] * 60)):
            pass
    assert 0.5 < time.monotonic() - began < 1.5


async def test_a_name_that_does_not_exist_is_unknown() -> None:
    with pytest.raises(HostUnknown, match=r"chat\.example:5000"):
        async with connection(CHAT, resolve=failing(socket.EAI_NONAME)):
            pass


async def test_a_name_server_that_fails_is_no_unknown_host() -> None:
    with pytest.raises(Unreachable, match=r"chat\.example:5000"):
        async with connection(CHAT, resolve=failing(socket.EAI_AGAIN)):
            pass


async def test_an_interface_that_does_not_exist_is_named() -> None:
    with pytest.raises(HostUnknown, match="fe80::1%nope0"):
        async with connection(Address("fe80::1%nope0", 5000)):
            pass


def test_a_zone_reaches_the_kernel() -> None:
    assert lookup(b"fe80::1%lo", 5000)[0][4][3] == socket.if_nametoindex("lo")


async def test_nobody_listening_is_said(closed_port: int) -> None:
    with pytest.raises(Unreachable, match=f"127.0.0.1:{closed_port} refuses"):
        async with connection(Address("127.0.0.1", closed_port)):
            pass


async def test_a_name_server_that_hangs_is_within_the_deadline() -> None:
    woken = threading.Event()
    began = time.monotonic()
    with pytest.raises(TimedOut):
        async with connection(CHAT, timeout=0.1, resolve=lambda *_: woken.wait(30) and []):
            pass
    assert time.monotonic() - began < 1
    woken.set()


def test_a_name_server_that_hangs_does_not_hold_up_an_interrupted_program() -> None:
    program = (
        "import asyncio, time\n"
        "from minechat.client.address import Address\n"
        "from minechat.client.connection import connection\n"
        "async def connect():\n"
        "    async with connection(Address('x', 1), resolve=lambda *_: time.sleep(30)): pass\n"
        "async def main():\n"
        "    task = asyncio.create_task(connect())\n"
        "    await asyncio.sleep(0)\n"
        "    task.cancel()\n"
        "    await task\n"
        "try: asyncio.run(main())\n"
        "except asyncio.CancelledError: print('over')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=10)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")


async def test_a_cancelled_attempt_ends_at_once(silent_port: int, until) -> None:
    asked = []

    def resolve(host: bytes, port: int) -> Sequence[AddrInfoType]:
        asked.append(host)
        return lookup(host, port)

    async def connect() -> None:
        async with connection(Address("127.0.0.1", silent_port), resolve=resolve):
            pass

    task = asyncio.create_task(connect())
    await until(lambda: asked)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.5


async def test_no_descriptor_left_is_an_error_of_ours(serve) -> None:
    port = await serve(greet)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        lowest_free = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        with pytest.raises(Unreachable, match="too many files"):
            async with connection(Address("127.0.0.1", port)):
                pass
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_the_kernel_watches_the_peer(serve) -> None:
    port = await serve(greet)
    async with connection(Address("127.0.0.1", port), keepalive=7) as (_, writer):
        sock = writer.get_extra_info("socket")
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 7
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 7000


async def test_a_peer_that_reads_nothing_does_not_hold_up_closing(way, monkeypatch, until) -> None:
    monkeypatch.setattr(module, "CLOSING", 0.05)
    left = asyncio.Event()

    async def deaf(reader, writer):
        writer.transport.pause_reading()
        await left.wait()

    serve, tls = way
    port = await serve(deaf)
    began = time.monotonic()
    async with connection(Address("127.0.0.1", port), tls=tls) as (_, writer):
        writer.write(b"x" * 20_000_000)
        sock = writer.get_extra_info("socket")
    await until(lambda: sock.fileno() == -1)
    assert time.monotonic() - began < 2
    left.set()


@pytest.mark.parametrize("closed_before", [False, True])
async def test_a_peer_that_never_ends_its_side_of_tls_does_not_hold_up_closing(
    tmp_path, monkeypatch, until, closed_before: bool
) -> None:
    monkeypatch.setattr(module, "CLOSING", 0.05)
    issued = issue("127.0.0.1")

    def deaf(server: Recorded, sock: socket.socket) -> None:
        with issued.context(tmp_path, "deaf").wrap_socket(sock, server_side=True) as secured:
            left.wait(PATIENCE)
            secured.detach()

    left, server = threading.Event(), Recorded(deaf)
    began = time.monotonic()
    async with connection(Address("127.0.0.1", server.port), tls=Tls(fingerprint=issued.fingerprint)) as (
        _,
        writer,
    ):
        sock = writer.get_extra_info("socket")
        if closed_before:
            writer.close()
    await until(lambda: sock.fileno() == -1)
    # A second close() lets go of what abort() needs; then asyncio's own deadline ends it.
    assert time.monotonic() - began < (2 if closed_before else 0.7)
    left.set()
    server.close()


async def test_what_was_written_last_still_leaves(way, until) -> None:
    received = []

    async def slow(reader, writer):
        received.append(len(await reader.read()))

    serve, tls = way
    port = await serve(slow)
    async with connection(Address("127.0.0.1", port), tls=tls) as (_, writer):
        writer.write(b"x" * 8_000_000)
        assert tls or writer.transport.get_write_buffer_size()
    await until(lambda: received)
    assert received == [8_000_000]


async def test_a_reset_while_it_is_open_does_not_make_closing_fail(way, reset, until) -> None:
    async def slam(reader, writer):
        reset(writer)

    serve, tls = way
    port = await serve(slam)
    async with connection(Address("127.0.0.1", port), tls=tls) as (_, writer):
        await until(writer.is_closing)


async def test_what_the_body_raises_passes_as_it_is(way) -> None:
    serve, tls = way
    port = await serve(greet)
    for error in (OSError(28, "the body's own"), TimeoutError("the body's own"), ValueError("x")):
        with pytest.raises(type(error)) as caught:
            async with connection(Address("127.0.0.1", port), tls=tls):
                raise error
        assert caught.value is error


async def test_the_peer_sees_the_end(way) -> None:
    ended = asyncio.Event()

    async def wait(reader, writer):
        assert await reader.read() == b""
        ended.set()

    serve, tls = way
    port = await serve(wait)
    async with connection(Address("127.0.0.1", port), tls=tls):
        pass
    async with asyncio.timeout(5):
        await ended.wait()


@pytest.mark.usefixtures("brisk")
async def test_every_failure_is_a_network_error(way, reset) -> None:
    async def slam(reader, writer):
        reset(writer)

    serve, tls = way
    port = await serve(slam)
    for _ in range(50):
        with pytest.raises(NetworkError) as caught:
            async with connection(Address("127.0.0.1", port), tls=tls) as (reader, _):
                await reader.read(100)
        assert isinstance(caught.value, ConnectionLost)
