"""The status port: three pages for this machine, and nothing for anybody else, whatever they send."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus

import h11
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st

from minechat.errors import AddressUnusable
from minechat.server import status
from minechat.server.ports import port_of
from minechat.server.status import CONNECTIONS, HEAD, Answer, answering, loopback, said

Ask = Callable[[bytes], Awaitable[bytes]]
PAGES = {"/health": lambda: said(HTTPStatus.OK, "ok"), "/ready": lambda: Answer(HTTPStatus(503), b"no\n")}


@pytest_asyncio.fixture
async def port() -> AsyncIterator[int]:
    with loopback(0) as listening:
        async with answering(listening, PAGES) as port:
            yield port


async def ask(port: int, request: bytes) -> bytes:
    """Everything the port answers to these bytes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        async with asyncio.timeout(10):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def get(path: str, host: str = "127.0.0.1", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def code(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


async def test_each_page_has_its_answer(port: int) -> None:
    head, _, body = (await ask(port, get("/health"))).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Type: text/plain; charset=utf-8" in head
    assert body == b"ok\n"
    assert (await ask(port, get("/ready?x=y"))).endswith(b"\r\n\r\nno\n")
    assert code(await ask(port, get("/ready"))) == 503
    assert code(await ask(port, get("/etc/passwd"))) == 404
    assert code(await ask(port, get("/health/"))) == 404


async def test_head_answers_without_a_body(port: int) -> None:
    answer = await ask(port, get("/health", method="HEAD"))
    assert code(answer) == 200
    assert b"Content-Length: 3\r\n" in answer
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])
async def test_nothing_else_can_be_asked(port: int, method: str) -> None:
    answer = await ask(port, get("/health", method=method))
    assert code(answer) == 405
    assert b"Allow: GET, HEAD\r\n" in answer


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:9464", "[::1]", "[::1]:80"])
async def test_this_machine_is_known_by_its_names(port: int, host: str) -> None:
    assert code(await ask(port, get("/health", host))) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "localhost.evil.example",
        "127.0.0.1.evil.example:9464",
        "evil.example:127.0.0.1",
        "",
        "[::2]",
    ],
)
async def test_a_page_that_came_by_another_name_learns_nothing(port: int, host: str) -> None:
    """A browser that was led here by DNS sends the name it was led by."""
    answer = await ask(port, get("/health", host))
    assert code(answer) == 421
    assert b"ok" not in answer.partition(b"\r\n\r\n")[2].split()


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /health HTTP/1.1\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * HEAD,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
    ids=["no host", "two hosts", "no http", "odd encoding", "endless head", "tls"],
)
async def test_what_is_not_http_is_told_so_and_shut_out(port: int, request_: bytes) -> None:
    answer = await ask(port, request_ + b"\r\n\r\n")
    assert 400 <= code(answer) < 502


async def test_a_head_that_never_ends_is_cut_off(port: int) -> None:
    assert code(await ask(port, b"GET / HTTP/1.1\r\nX: " + b"a" * HEAD)) == 431


async def test_a_client_that_waits_is_cut_off_and_others_are_answered(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(status, "DEADLINE", 0.05)
    assert await ask(port, b"GET /health HTTP/1.1\r\n") == b""
    assert code(await ask(port, get("/health"))) == 200


async def test_few_are_served_at_a_time(port: int) -> None:
    visitors = [await asyncio.open_connection("127.0.0.1", port) for _ in range(CONNECTIONS)]
    assert await ask(port, get("/health")) == b""
    visitors.pop()[1].close()
    async with asyncio.timeout(10):
        while not await ask(port, get("/health")):
            pass
    for _, writer in visitors:
        writer.close()


async def test_the_end_of_the_server_ends_its_visits() -> None:
    with loopback(0) as listening:
        async with answering(listening, PAGES) as port:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await ask(port, get("/health"))
        async with asyncio.timeout(10):
            assert await reader.read() == b""
        writer.close()


async def test_no_other_machine_can_reach_it() -> None:
    with loopback(0) as listening:
        assert listening.getsockname()[0] in ("127.0.0.1", "::1")


def test_a_taken_port_is_told_unless_another_one_will_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = port_of(other)
        with pytest.raises(AddressUnusable, match=str(taken)):
            loopback(taken)
        with loopback(taken, or_free=True) as elsewhere:
            assert port_of(elsewhere) not in (0, taken)


@trying(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=400),
        st.builds(
            lambda method, path, host, rest: method + b" " + path + b" HTTP/1.1\r\nHost: " + host + rest,
            st.sampled_from([b"GET", b"HEAD", b"POST", b"GE\x00T"]),
            st.one_of(st.sampled_from([b"/health", b"/../health", b"/%2e"]), st.binary(max_size=20)),
            st.one_of(st.just(b"localhost"), st.binary(max_size=20)),
            st.sampled_from([b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhello", b"\n\n", b""]),
        ),
    )
)
async def test_whatever_is_sent_the_answer_is_http_or_silence(data: bytes) -> None:
    visits: set[asyncio.Transport] = set()
    transport = Recorder()
    visit = status._Visit(PAGES, visits)
    visit.connection_made(transport)
    for byte in range(0, len(data), 7):
        visit.data_received(data[byte : byte + 7])
    visit.connection_lost(None)
    assert not visits
    if transport.written:
        client = h11.Connection(h11.CLIENT)
        client.send(
            h11.Request(
                method="HEAD" if data.startswith(b"HEAD") else "GET", target="/", headers=[("Host", "x")]
            )
        )
        client.send(h11.EndOfMessage())
        client.receive_data(transport.written)
        assert isinstance(client.next_event(), h11.Response)


class Recorder(asyncio.Transport):
    """What was written to a connection."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self._closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self._closing

    def close(self) -> None:
        self._closing = True

    abort = close
