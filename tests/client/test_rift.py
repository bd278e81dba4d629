"""One connection of RIFT: requests and their answers, and servers that nobody should trust."""

import asyncio
import logging
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from minechat.client.feed import MOST_TEXT
from minechat.client.rift import Credentials, Rift, rift
from minechat.client.rift_session import rift_session
from minechat.client.session import Heard, StateChanged
from minechat.client.tls import Tls
from minechat.errors import (
    ConnectionLost,
    InvalidInput,
    NetworkError,
    NotMinechat,
    Refused,
    TimedOut,
    TlsNotTrusted,
    Unreachable,
    WrongPassword,
)
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.frames import REPLY_LIMIT, encode, parse
from tests.bad_tls import bad_servers
from tests.client.rift_stage import PASSWORD, SESSION, Chat, chat

pytestmark = pytest.mark.usefixtures("quiet")

ANNA = Credentials(username="Anna", password=PASSWORD)
SILENT = logging.getLogger("tests.client.test_rift")
SILENT.disabled = True
#: What a server does with one connection on which somebody has logged in.
Behaviour = Callable[[ServerConnection], Awaitable[None]]


@pytest.fixture
async def stage() -> AsyncIterator[Chat]:
    async with chat() as one:
        yield one


@asynccontextmanager
async def hostile(behave: Behaviour) -> AsyncIterator[int]:
    """The port of a server that lets everybody in and then behaves so."""

    handlers: list[asyncio.Task[None]] = []

    async def handle(socket: ServerConnection) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        handlers.append(handler)
        try:
            auth = parse(await socket.recv())
            await socket.send(encode(r.AuthSuccess(id=auth.id, username="Anna", session=SESSION)), text=True)
            await behave(socket)
        except (ConnectionClosed, OSError, asyncio.CancelledError):
            socket.transport.abort()

    async with serve(handle, "127.0.0.1", 0, close_timeout=0.1, ping_interval=None) as server:
        try:
            yield next(iter(server.sockets)).getsockname()[1]
        finally:
            for handler in handlers:
                handler.cancel()


@asynccontextmanager
async def known(port: int, **terms: Any) -> AsyncIterator[tuple[Rift, list[r.Reply]]]:
    """A connection on which we are logged in, and what came unasked."""
    heard: list[r.Reply] = []
    async with rift("127.0.0.1", port, hear=heard.append, **terms) as wire:
        await wire.log_in(ANNA)
        yield wire, heard


async def test_somebody_registers_logs_in_and_asks(stage: Chat) -> None:
    async with rift("localhost", stage.port) as wire:
        await wire.register("Anna", PASSWORD)
        answer = await wire.log_in(ANNA)
        assert (answer.username, answer.session) == ("Anna", SESSION)
        users = await wire.ask(c.GetOnlineUsers())
        assert isinstance(users, r.OnlineUsers)
        assert users.users == ("Anna", "Eva")
    auth = stage.asked[1]
    assert isinstance(auth, c.Auth)
    assert auth.features == c.FEATURES


async def test_the_request_says_no_more_than_it_must(serve) -> None:
    requests = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await reader.readuntil(b"\r\n\r\n"))

    port = await serve(note)
    with pytest.raises(ConnectionLost, match="before it answered"):
        async with rift("localhost", port):
            pass
    names = {line.partition(b":")[0] for line in requests[0].split(b"\r\n")[1:-2]}
    assert requests[0].startswith(b"GET / HTTP/1.1\r\nHost: localhost:")
    assert names == {b"Host", b"Upgrade", b"Connection", b"Sec-WebSocket-Key", b"Sec-WebSocket-Version"}


async def test_a_wrong_password_and_a_taken_name_are_told_apart(stage: Chat) -> None:
    stage.answers[c.Register] = lambda command: r.RegisterFail(error="it is taken", code="taken")
    async with rift("127.0.0.1", stage.port) as wire:
        with pytest.raises(Refused, match="it is taken"):
            await wire.register("Anna", PASSWORD)
        with pytest.raises(WrongPassword):
            await wire.log_in(Credentials(username="Anna", password="wrong"))
        with pytest.raises(WrongPassword):
            await wire.ended()


async def test_answers_find_their_requests_in_any_order() -> None:
    async def behave(socket: ServerConnection) -> None:
        requests = [parse(await socket.recv()) for _ in range(3)]
        for request in reversed(requests):
            assert isinstance(request, c.GetMembers)
            await socket.send(encode(r.Members(id=request.id, room=request.room, members=())), text=True)
        await socket.recv()

    async with hostile(behave) as port, known(port) as (wire, heard):
        answers = await asyncio.gather(*(wire.ask(c.GetMembers(room=room)) for room in "abc"))
    assert [answer.room for answer in answers if isinstance(answer, r.Members)] == ["a", "b", "c"]
    assert heard == []


async def test_the_frame_of_another_never_passes_for_an_answer() -> None:
    async def behave(socket: ServerConnection) -> None:
        request = parse(await socket.recv())
        for reply in (
            r.NewMessage(id=request.id, username="Eva", text="hello", room="general", seq=1, time=1.0),
            r.Done(id=request.id),
            r.OnlineUsers(id="another", users=()),
            r.OnlineUsers(id=request.id, users=("Anna",)),
        ):
            await socket.send(encode(reply), text=True)
        await socket.recv()

    async with hostile(behave) as port, known(port) as (wire, heard):
        answer = await wire.ask(c.GetOnlineUsers())
    assert isinstance(answer, r.OnlineUsers)
    assert answer.users == ("Anna",)
    assert [type(reply) for reply in heard] == [r.NewMessage, r.Done, r.OnlineUsers]


async def test_what_takes_an_answer_is_told_before_what_comes_behind_it() -> None:
    async def behave(socket: ServerConnection) -> None:
        request = parse(await socket.recv())
        said = r.NewMessage(username="Eva", text="hello", room="general", seq=1, time=1.0)
        frames = [encode(said), encode(r.OnlineUsers(id=request.id, users=())), encode(said)]
        for frame in frames:
            socket.protocol.send_text(frame)
        socket.transport.write(b"".join(socket.protocol.data_to_send()))  # all in one segment
        await socket.recv()

    async with hostile(behave) as port, known(port) as (wire, heard):
        await wire.ask(c.GetOnlineUsers(), take=heard.append)
        assert [type(reply) for reply in heard] == [r.NewMessage, r.OnlineUsers, r.NewMessage]


async def test_an_answer_that_never_comes_is_given_up() -> None:
    async with hostile(lambda socket: socket.wait_closed()) as port, known(port) as (wire, _):
        with pytest.raises(TimedOut, match="did not answer within"):
            await wire.ask(c.GetOnlineUsers(), within=0.1)


async def test_the_end_of_the_connection_ends_all_requests() -> None:
    async def behave(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.recv()
        await socket.close(1001, "restart \x1b[2J")

    async with hostile(behave) as port, known(port) as (wire, _):
        asked = asyncio.gather(*(wire.ask(c.GetOnlineUsers()) for _ in range(2)), return_exceptions=True)
        assert {str(error) for error in await asked} == {
            f"127.0.0.1:{port} ended the connection: restart ␛[2J"
        }
        with pytest.raises(ConnectionLost):
            await wire.ask(c.GetOnlineUsers())


async def test_a_silent_server_is_found_by_its_silence() -> None:
    async def behave(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await asyncio.sleep(30)

    async with hostile(behave) as port, known(port, ping=0.1) as (wire, _):
        with pytest.raises(TimedOut, match="does not answer any more"):
            await wire.ended()


# Servers that are none of RIFT.

ANSWERS = {
    "a web server": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", NotMinechat, "status 200"),
    "another path": (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", NotMinechat, "status 404"),
    "a redirect": (
        b"HTTP/1.1 302 Found\r\nLocation: ws://example.com/\r\nContent-Length: 0\r\n\r\n",
        NotMinechat,
        "elsewhere",
    ),
    "a page that is not ours": (
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
        Refused,
        "does not let us in",
    ),
    "no upgrade": (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", NotMinechat, "does not speak RIFT"),
    "the speak port": (b"Hello %username%! Enter your personal hash\n", NotMinechat, "does not speak RIFT"),
    "an endless head": (b"HTTP/1.1 101 X\r\n" + b"A: b\r\n" * 1000, NotMinechat, "does not speak RIFT"),
    "an endless line": (b"H" * 100_000, NotMinechat, "does not speak RIFT"),
    "an alert of TLS": (b"\x15\x03\x03\x00\x02\x02\x46", ConnectionLost, "give --tls"),
    "nothing": (b"", ConnectionLost, "before it answered"),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_a_server_of_something_else_is_told_in_one_line(serve, name: str) -> None:
    answer, kind, words = ANSWERS[name]

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()

    with pytest.raises(kind, match=words) as caught:
        async with rift("127.0.0.1", await serve(handle), timeout=5):
            pass
    assert "\n" not in str(caught.value)


async def test_a_full_server_says_when_to_come_again(serve) -> None:
    async def full(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 503 X\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")

    with pytest.raises(Refused) as caught:
        async with rift("127.0.0.1", await serve(full)):
            pass
    assert (caught.value.code, caught.value.retry_after) == ("busy", 7.0)


@pytest.mark.parametrize("what", [b"", b"HTTP/1.1 101 Switching Protocols\r\n" * 50])
async def test_silence_and_dripping_have_one_deadline(serve, what: bytes) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in what:
            writer.write(bytes([byte]))
            await asyncio.sleep(0.01)
        await asyncio.sleep(30)

    began = time.monotonic()
    with pytest.raises(TimedOut, match="no connection within"):
        async with rift("127.0.0.1", await serve(drip), timeout=0.3):
            pass
    assert time.monotonic() - began < 3


async def test_nobody_there_and_nowhere(closed_port: int) -> None:
    with pytest.raises(Unreachable, match="refuses connections"):
        async with rift("127.0.0.1", closed_port):
            pass
    with pytest.raises(InvalidInput):
        async with rift("http://chat", 1):
            pass


# TLS.


async def test_tls_is_settled_before_anything_is_said(tmp_path: Path) -> None:
    with bad_servers(tmp_path) as cases:
        for name, case in cases.items():
            trust = dict(zip(case.trust[::2], case.trust[1::2], strict=False))
            tls = Tls(trust.get("--tls-ca"), trust.get("--tls-fingerprint"))
            with pytest.raises(NetworkError) as caught:
                async with rift(case.name, case.server.port, timeout=0.7, tls=tls) as wire:
                    await wire.log_in(ANNA)
            assert case.told in str(caught.value), name
            assert (name, case.server.read) == (name, b"")
            assert b"GET" not in case.server.raw, name


async def test_a_trusted_server_is_spoken_to(owner) -> None:
    async def handle(socket: ServerConnection) -> None:
        auth = parse(await socket.recv())
        await socket.send(encode(r.AuthSuccess(id=auth.id, username="Anna")), text=True)
        await socket.wait_closed()

    async with serve(handle, "127.0.0.1", 0, ssl=owner.tls, logger=SILENT) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        for tls in (Tls(ca=owner.ca), Tls(fingerprint=owner.issued.fingerprint)):
            async with known(port, tls=tls):
                pass
        with pytest.raises(TlsNotTrusted):
            async with known(port, tls=Tls(fingerprint="00" * 32)):
                pass


# Hostile servers.


def text_frames(*frames: bytes) -> bytes:
    return b"".join(Frame(Opcode.TEXT, frame).serialize(mask=False) for frame in frames)


NONSENSE = {
    "no JSON": text_frames(b"hello"),
    "no object": text_frames(b"[1]"),
    "no type": text_frames(b"{}"),
    "depth": text_frames(b'{"type":"done","payload":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001),
    "wrong types": text_frames(b'{"type":"new_message","payload":{"username":1,"text":[],"room":{}}}'),
    "a surrogate": text_frames(rb'{"type":"error","payload":{"error":"\ud800","code":"x"}}'),
    "a key twice": text_frames(b'{"type":"done","type":"done"}'),
    "infinity": text_frames(b'{"type":"new_message","payload":{"time":1e999}}'),
    "binary": Frame(Opcode.BINARY, b"{}").serialize(mask=False),
    "no UTF-8": text_frames(b'{"type":"\xff"}'),
    "too large": text_frames(b" " * (REPLY_LIMIT + 1)),
    "masked": Frame(Opcode.TEXT, b"{}").serialize(mask=True),
    "reserved bits": b"\xf1\x02{}",
    "an unknown opcode": b"\x83\x00",
    "a second login": text_frames(b'{"type":"auth_success"}'),
    "fragments without end": Frame(Opcode.TEXT, b"a", fin=False).serialize(mask=False)
    + Frame(Opcode.CONT, b"a", fin=False).serialize(mask=False) * 5000,
    "a header without a body": b"\x81\x7f" + (2**60).to_bytes(8, "big"),
}


@pytest.mark.parametrize("name", NONSENSE)
async def test_nonsense_ends_the_connection_in_one_clear_word(name: str) -> None:
    async def behave(socket: ServerConnection) -> None:
        socket.transport.write(NONSENSE[name])
        await asyncio.sleep(30)

    async with hostile(behave) as port, known(port) as (wire, heard):
        with pytest.raises(NotMinechat, match="does not speak this protocol"):
            async with asyncio.timeout(10):
                await wire.ended()
        assert heard == []


async def test_a_frame_of_a_later_version_is_passed_over() -> None:
    async def behave(socket: ServerConnection) -> None:
        await socket.send('{"type":"weather","payload":{"rain":true}}')
        await asyncio.sleep(30)

    async with hostile(behave) as port, known(port) as (wire, heard):
        while not heard:
            await asyncio.sleep(0.001)
        assert not wire.over


async def test_endless_frames_take_bounded_memory_and_leave_others_their_turn() -> None:
    text = "x" * 2000
    flood = text_frames(
        *(
            encode(r.NewMessage(username="Eva", text=text, room="general", seq=None, time=1.0))
            for _ in range(100)
        )
    )
    sent = 0

    async def behave(socket: ServerConnection) -> None:
        nonlocal sent
        while not socket.transport.is_closing():
            socket.transport.write(flood)
            sent += 100
            while socket.transport.get_write_buffer_size() > len(flood):
                await asyncio.sleep(0)

    asyncio.get_running_loop().set_debug(False)
    async with hostile(behave) as port:
        tracemalloc.start()
        try:
            async with rift_session("127.0.0.1", port, ANNA) as session:
                turns = 0
                while sent < 8_000:  # 16 MB
                    await asyncio.sleep(0)
                    turns += 1
                peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert peak < 2 * MOST_TEXT + 20 * REPLY_LIMIT
        assert turns > 100
        told = [event async for event in session.events()]
    assert sum(len(event.messages) for event in told if isinstance(event, Heard)) <= MOST_TEXT / 2000
    assert told[0] == StateChanged(state="connecting") or isinstance(told[0], StateChanged)


async def test_a_dripping_frame_hides_no_dead_server() -> None:
    async def behave(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        socket.transport.write(b"\x81\x7e\xff\xff")
        while not socket.transport.is_closing():
            socket.transport.write(b" ")
            await asyncio.sleep(0.02)

    async with hostile(behave) as port, known(port, ping=0.2) as (wire, _):
        with pytest.raises(TimedOut):
            await wire.ended()


async def test_closing_waits_for_nobody() -> None:
    async def behave(socket: ServerConnection) -> None:
        socket.transport.pause_reading()
        await asyncio.sleep(30)

    async with hostile(behave) as port:
        async with known(port):
            began = time.monotonic()
        assert time.monotonic() - began < 3


async def test_nothing_secret_is_logged_however_much_is(
    stage: Chat, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "minechat")
    caplog.set_level(logging.DEBUG, "websockets.client")
    async with known(stage.port) as (wire, _):
        await wire.ask(c.ChangePassword(new="another secret", old=PASSWORD))
    logged = "".join(record.getMessage() for record in caplog.records if "server" not in record.name)
    for secret in (PASSWORD, "another secret", SESSION):
        assert secret not in logged
