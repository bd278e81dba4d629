"""TLS on the ports: nothing reaches a door that did not come through it, and nothing is left behind."""

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from minechat.server.app import running
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.gate import Gate
from minechat.server.doors.visitors import SpeakDoor
from minechat.server.figures import Figures
from minechat.server.handle import Server
from minechat.server.ports import accepting, bound, port_of
from minechat.server.settings import PROFILES, Limits, Settings
from minechat.server.tls import Certificate
from tests.certificates import Issued, issue
from tests.server.raw import GREETING, NICKNAME, SENT, WELCOME, Raw, opened, raw
from tests.server.sockets import until

DEADLINE = 10.0


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue("localhost")


@pytest.fixture
def files(issued: Issued, tmp_path: Path) -> tuple[str, str]:
    cert, key = issued.save(tmp_path, "server")
    key.chmod(0o600)
    return str(cert), str(key)


@pytest.fixture
def trust(issued: Issued) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=issued.pem.decode())


@pytest_asyncio.fixture
async def server(settings: Settings, files: tuple[str, str]) -> AsyncIterator[Server]:
    async with running(replace(settings, certificate=files[0], key=files[1])) as server:
        yield server


async def secure(port: int, trust: ssl.SSLContext) -> Raw:
    way = asyncio.open_connection("127.0.0.1", port, ssl=trust, server_hostname="localhost")
    client = Raw(*await asyncio.wait_for(way, DEADLINE))
    opened.append(client)
    return client


async def log_in(port: int, trust: ssl.SSLContext, nick: str = "Anna") -> Raw:
    client = await secure(port, trust)
    client.send(b"\n" + nick.encode() + b"\n")
    assert await client.lines(2) == [GREETING, NICKNAME]
    await client.account()
    assert await client.line() == WELCOME
    return client


class Handmade:
    """A client that holds its TLS in its own hands, byte by byte."""

    def __init__(self, plain: Raw, trust: ssl.SSLContext) -> None:
        self.plain = plain
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = trust.wrap_bio(self.incoming, self.outgoing, server_hostname="localhost")

    async def shake(self) -> None:
        """Ends with our last words of the handshake still unsent."""
        while True:
            try:
                self.tls.do_handshake()
            except ssl.SSLWantReadError:
                self.flush()
                if not await self.receive():
                    raise ConnectionError from None
            else:
                return

    async def receive(self) -> bool:
        data = await asyncio.wait_for(self.plain.reader.read(65536), DEADLINE)
        self.incoming.write(data)
        return bool(data)

    def flush(self) -> None:
        self.plain.send(self.outgoing.read())

    async def read(self, count: int) -> bytes:
        read = b""
        while len(read) < count:
            try:
                read += self.tls.read(count - len(read))
            except ssl.SSLWantReadError:
                assert await self.receive()
        return read


async def handmade(port: int, trust: ssl.SSLContext) -> Handmade:
    return Handmade(await raw(port), trust)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_people_talk_and_listen(server: Server, trust: ssl.SSLContext, version: ssl.TLSVersion) -> None:
    trust.minimum_version = trust.maximum_version = version
    reader = await secure(server.read_port, trust)
    client = await log_in(server.write_port, trust)
    client.send(b"hello\n\n")
    assert await client.line() == SENT
    assert (await reader.line()).endswith(b" Anna: hello\n")


async def test_older_tls_is_refused(server: Server) -> None:
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    for port in (server.read_port, server.write_port):
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol"):
            await secure(port, old)
    assert server.figures.refused == {"tls": 2}


async def test_what_comes_with_the_last_words_of_the_handshake_is_not_lost(
    server: Server, trust: ssl.SSLContext
) -> None:
    client = await handmade(server.write_port, trust)
    await client.shake()
    client.tls.write(b"\nAnna\nfirst\n\nsecond\n\n")
    client.flush()
    wanted = GREETING + NICKNAME
    assert await client.read(len(wanted)) == wanted
    while await client.read(1) != b"\n":
        pass  # the account
    wanted = WELCOME + SENT + SENT
    assert await client.read(len(wanted)) == wanted


@pytest.mark.parametrize("size", [1, 5, 100])
async def test_however_the_bytes_are_cut(server: Server, trust: ssl.SSLContext, size: int) -> None:
    client = await handmade(server.write_port, trust)
    send = client.plain.send

    def in_pieces(data: bytes) -> None:
        for start in range(0, len(data), size):
            send(data[start : start + size])

    client.plain.send = in_pieces  # type: ignore[method-assign]  # the same, in more calls
    client.plain.writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    await client.shake()
    client.tls.write(b"\nAnna\n")
    client.flush()
    wanted = GREETING + NICKNAME
    assert await client.read(len(wanted)) == wanted


@pytest.mark.parametrize("plain", [b"\n", b"\nMallory\nforged\n\n", b"GET / HTTP/1.1\r\n\r\n", b"\0" * 4000])
async def test_plain_text_on_a_tls_port_is_closed_and_makes_nobody(server: Server, plain: bytes) -> None:
    for port in (server.read_port, server.write_port):
        client = await raw(port)
        client.send(plain if len(plain) > 5 else plain * 6)
        assert b"Hello" not in await client.rest()
    assert server.figures.refused == {"tls": 2}
    assert server.figures.messages == 0


async def test_no_plain_text_slips_in_before_or_behind_the_handshake(
    server: Server, trust: ssl.SSLContext
) -> None:
    reader = await secure(server.read_port, trust)
    before = await handmade(server.write_port, trust)
    before.plain.send(b"\nMallory\nforged\n\n")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await before.shake()
    behind = await handmade(server.write_port, trust)
    await behind.shake()
    behind.tls.write(b"\nMallory\n")
    behind.flush()
    behind.plain.send(b"forged\n\n")
    await behind.plain.rest()
    honest = await log_in(server.write_port, trust)
    honest.send(b"true\n\n")
    assert (await reader.line()).endswith(b" Anna: true\n")


def paused(guest: object) -> bool:
    return isinstance(guest, SpeakDoor) and guest._entered and not guest._transport.is_reading()


async def test_plain_text_left_in_a_socket_that_was_reset_is_no_message(
    settings: Settings, files: tuple[str, str], trust: ssl.SSLContext
) -> None:
    limits = Limits(dump=1 << 20)  # whatever it left is taken
    async with running(replace(settings, certificate=files[0], key=files[1], limits=limits)) as server:
        reader = await secure(server.read_port, trust)
        client = await handmade(server.write_port, trust)
        await client.shake()
        # More than its account may say at once: the server has read it all, and reads no more for now.
        client.tls.write(b"\nMallory\n")
        for _ in range(8):
            client.tls.write(b"x" * 1500 + b"\n\n")
        client.flush()
        assert server._gate is not None
        await until(lambda: any(paused(guest) for guest in server._gate._guests))
        client.plain.send(b"\n\nforged\n\n")
        writer = client.plain.writer
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
        await until(lambda: server.connections()["write"] == 0)
        honest = await log_in(server.write_port, trust)
        honest.send(b"true\n\n")
        heard = [await reader.line()]
        while not heard[-1].endswith(b" Anna: true\n"):
            heard.append(await reader.line())
        assert len(heard) == 8 + 1
        assert not [line for line in heard if b"forged" in line]


async def test_a_half_closed_client_gets_its_answers(server: Server, trust: ssl.SSLContext) -> None:
    client = await handmade(server.write_port, trust)
    await client.shake()
    client.tls.write(b"\nAnna\nlast words\n\n")
    with pytest.raises(ssl.SSLWantReadError):
        client.tls.unwrap()
    client.flush()
    client.plain.writer.write_eof()
    while await client.receive():
        pass
    # The answers came before the server's own farewell.
    read = b""
    with contextlib.suppress(ssl.SSLError):
        while data := client.tls.read(65536):
            read += data
    assert read.startswith(GREETING + NICKNAME)
    assert read.endswith(WELCOME + SENT)


async def test_who_is_in_the_handshake_is_counted_at_its_port(server: Server) -> None:
    ports = {"read": server.read_port, "write": server.write_port}
    for port in ("read", "write", "read"):
        before = server.connections()
        client = await raw(ports[port])
        client.send(b"\x16\x03\x01")
        await until(lambda before=before: sum(server.connections().values()) > sum(before.values()))
        assert server.connections() == before | {port: before[port] + 1}


async def test_a_new_certificate_meets_newcomers_and_drops_nobody(
    server: Server, files: tuple[str, str], trust: ssl.SSLContext, tmp_path: Path
) -> None:
    reader = await secure(server.read_port, trust)
    client = await log_in(server.write_port, trust)
    renewed = issue("localhost")
    cert, key = renewed.save(tmp_path, "renewed")
    Path(files[0]).write_bytes(b"broken")
    server.reload()
    await log_in(server.write_port, trust, "Vera")
    Path(files[0]).write_bytes(cert.read_bytes())
    Path(files[1]).write_bytes(key.read_bytes())
    server.reload()
    with pytest.raises(ssl.SSLCertVerificationError):
        await secure(server.write_port, trust)
    newcomer = await log_in(server.write_port, ssl.create_default_context(cadata=renewed.pem.decode()), "Bob")
    for one in (client, newcomer):
        one.send(b"hello\n\n")
        assert await one.line() == SENT
        assert (await reader.line()).endswith(b": hello\n")


async def test_a_certificate_that_cannot_be_used_stops_the_start_before_anything_is_made(
    settings: Settings, files: tuple[str, str], tmp_path: Path
) -> None:
    from minechat.errors import CertificateUnusable

    Path(files[1]).chmod(0o644)
    with pytest.raises(CertificateUnusable, match="chmod 600"):
        async with running(replace(settings, certificate=files[0], key=files[1])):
            pass
    assert not list(tmp_path.glob("chat.db*"))


# The transport under a door of the tests.


class Door(Entrance, asyncio.Protocol):
    """Sends everything back."""

    def entered(self, transport: asyncio.Transport, source: str) -> None:
        self.transport = transport
        self.events: list[str] = ["entered"]

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)

    def eof_received(self) -> bool:
        self.events.append("eof")
        return False

    def pause_writing(self) -> None:
        self.events.append("pause")

    def resume_writing(self) -> None:
        self.events.append("resume")

    def left(self, exc: Exception | None) -> None:
        self.events.append("left")


class House:
    def __init__(self, limits: Limits, files: tuple[str, str], handshake: float, most: int) -> None:
        self.figures = Figures()
        self.gate = Gate(most, limits, self.figures)
        self.encryption = Encryption(Certificate(*files), self.figures, handshake)
        self.doors: list[Door] = []
        self.port = 0

    def door(self) -> Door:
        self.doors.append(Door(self.gate))
        return self.doors[-1]


@asynccontextmanager
async def house(
    files: tuple[str, str], *, handshake: float = 10.0, most: int = 1000, limits: Limits | None = None
) -> AsyncIterator[House]:
    """A server with one door; no exception may reach the loop."""
    unhandled: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: unhandled.append(context))
    house = House(limits or PROFILES["off"], files, handshake, most)
    with bound("127.0.0.1", 0) as listening:
        server = await accepting(house.encryption.before(house.door), listening)
        house.port = port_of(listening)
        yield house
        while opened:
            await opened.pop().close()
        await until(lambda: not len(house.gate))
        server.close()
    assert not house.encryption.shaking
    assert not unhandled


def _is_over(reader: asyncio.StreamReader) -> bool:
    # Closed, or reset where bytes of ours were on their way.
    return reader.at_eof() or reader.exception() is not None


async def test_silence_in_place_of_a_handshake_ends_at_the_deadline_however_it_drips(
    files: tuple[str, str], trust: ssl.SSLContext
) -> None:
    async with house(files, handshake=1.0) as here:
        silent = [await raw(here.port) for _ in range(50)]
        dripping = await handmade(here.port, trust)
        with pytest.raises(ssl.SSLWantReadError):
            dripping.tls.do_handshake()
        hello = dripping.outgoing.read()
        good = await secure(here.port, trust)
        for byte in hello:  # 5 s and more
            if _is_over(dripping.plain.reader):
                break
            dripping.plain.send(bytes([byte]))
            await asyncio.sleep(0.02)  # it is what such a client does
        assert _is_over(dripping.plain.reader)
        for one in silent:
            assert await one.rest() == b""
        good.send(b"still here\n")
        assert await good.line() == b"still here\n"
        assert len(here.gate) == 1
        assert here.figures.refused == {"tls": 51}


async def test_connections_count_before_their_handshake(
    files: tuple[str, str], trust: ssl.SSLContext
) -> None:
    async with house(files, most=3, limits=Limits()) as here:
        silent = [await raw(here.port) for _ in range(3)]
        await until(lambda: len(here.gate) == 3)
        refused = await raw(here.port)
        assert await refused.rest() == b""
        assert here.figures.refused == {"connections": 1}
        await silent[0].close()
        await until(lambda: len(here.gate) == 2)
        good = await secure(here.port, trust)
        good.send(b"hello\n")
        assert await good.line() == b"hello\n"


async def test_a_server_that_stops_waits_for_no_handshake(settings: Settings, files: tuple[str, str]) -> None:
    async with running(replace(settings, certificate=files[0], key=files[1])) as server:
        client = await raw(server.write_port)
        await until(lambda: server.connections()["write"] == 1)
    # Long before the handshake's own deadline.
    assert await asyncio.wait_for(client.rest(), DEADLINE / 4) == b""


async def reset(client: Raw) -> None:
    sock = client.writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.writer.transport.abort()


@pytest.mark.parametrize("how", ["reset", "end"])
@pytest.mark.parametrize("stage", ["connected", "half a hello", "hello", "done", "half a record", "talking"])
async def test_leaving_at_any_stage_leaves_nothing_behind(
    files: tuple[str, str], trust: ssl.SSLContext, stage: str, how: str
) -> None:
    async with house(files) as here:
        client = await handmade(here.port, trust)
        await until(lambda: len(here.gate) == 1)
        if stage in ("half a hello", "hello"):
            with pytest.raises(ssl.SSLWantReadError):
                client.tls.do_handshake()
            hello = client.outgoing.read()
            client.plain.send(hello[: len(hello) // 2] if stage == "half a hello" else hello)
            if stage == "hello":
                assert await client.receive()
        elif stage != "connected":
            await client.shake()
            client.tls.write(b"x" * 1000)
            data = client.outgoing.read()
            client.plain.send(data[:-500] if stage == "half a record" else data)
            if stage == "talking":
                assert await client.read(1000) == b"x" * 1000
        if how == "reset":
            await reset(client.plain)
        else:
            client.plain.writer.write_eof()
        await until(lambda: not len(here.gate))
    entered = [door for door in here.doors if hasattr(door, "events")]
    assert all(door.events[0] == "entered" and door.events[-1] == "left" for door in entered)
    assert bool(entered) is (stage in ("done", "half a record", "talking")) or how == "reset"


async def test_a_peer_that_does_not_read_is_not_read_either_and_then_is(
    files: tuple[str, str], trust: ssl.SSLContext
) -> None:
    size = 8 << 20
    async with house(files) as here:
        client = await secure(here.port, trust)
        client.writer.transport.pause_reading()
        client.send(b"x" * size)
        await until(lambda: bool(here.doors) and "pause" in getattr(here.doors[0], "events", []))
        door = here.doors[0]
        assert door.transport.get_write_buffer_size() < 1 << 20
        assert not door.transport.is_reading()
        client.writer.transport.resume_reading()
        assert await asyncio.wait_for(client.reader.readexactly(size), DEADLINE) == b"x" * size
        assert "resume" in door.events


async def test_a_door_may_pause_write_and_close(files: tuple[str, str], trust: ssl.SSLContext) -> None:
    async with house(files) as here:
        client = await secure(here.port, trust)
        client.send(b"one\n")
        assert await client.line() == b"one\n"
        door = here.doors[0]
        assert door.transport.get_extra_info("ssl_object") is not None
        assert not door.plain
        door.transport.pause_reading()
        # Its answers were clogged and are not any more: that is no reason to hear the peer again.
        door.transport.pause_writing()
        door.transport.resume_writing()
        assert not door.transport.is_reading()
        client.send(b"two\n")
        door.transport.write(b"three\n")
        assert await client.line() == b"three\n"
        door.transport.resume_reading()
        assert await client.line() == b"two\n"
        door.transport.write(b"x" * 100_000)
        door.transport.close()
        door.transport.close()
        door.transport.write(b"never")
        assert door.transport.is_closing()
        assert await client.rest() == b"x" * 100_000
        await until(lambda: door.events[-1] == "left")


async def test_an_idle_connection_takes_little_memory(files: tuple[str, str], trust: ssl.SSLContext) -> None:
    count = 30
    async with house(files) as here:
        await secure(here.port, trust)
        plain = [await handmade(here.port, trust) for _ in range(count)]
        await until(lambda: len(here.gate) == count + 1)
        gc.collect()
        tracemalloc.start()
        for one in plain:
            await one.shake()
            one.flush()
        await until(lambda: not here.encryption.shaking)
        now, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert now / count < 16 << 10
