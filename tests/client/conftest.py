"""Small servers that misbehave on purpose, over real sockets on loopback."""

import asyncio
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from tests.certificates import Issued, issue

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Servers:
    """Starts servers; the port of each. Its handlers may fail with their connections."""

    def __init__(self) -> None:
        self._servers: list[asyncio.Server] = []
        self._writers: list[tuple[asyncio.StreamWriter, bool]] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __call__(
        self, handler: Handler, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, port: int = 0
    ) -> int:
        async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._writers.append((writer, tls is not None))
            with suppress(OSError, asyncio.CancelledError):
                await handler(reader, writer)
            writer.close()

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(handle(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        server = await asyncio.start_server(accept, host, port, ssl=tls)
        self._servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for writer, encrypted in self._writers:
            if encrypted or writer.transport.get_write_buffer_size():
                writer.transport.abort()
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Owner:
    """Who has a certificate for 127.0.0.1 and localhost.

    :param tls: the rules of a server of theirs
    :param ca: the file of the authority that signed it
    """

    issued: Issued
    tls: ssl.SSLContext
    ca: str


@pytest.fixture(scope="session")
def owner(tmp_path_factory: pytest.TempPathFactory) -> Owner:
    folder = tmp_path_factory.mktemp("owner")
    authority = issue("Authority of the tests", authority=True)
    issued = issue("127.0.0.1", "localhost", "::1", by=authority)
    ca, _ = authority.save(folder, "authority")
    return Owner(issued, issued.context(folder, "server"), str(ca))


@pytest.fixture
async def serve() -> AsyncIterator[Servers]:
    servers = Servers()
    yield servers
    await servers.close()


@pytest.fixture
def reset() -> Callable[[asyncio.StreamWriter], None]:
    """Ends a connection with RST instead of FIN."""

    def end(writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return end


@pytest.fixture
def closed_port() -> int:
    """A port of 127.0.0.1 where nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port of 127.0.0.1 where a connection is never made: its queue is full, so SYNs get no answer."""
    with socket.socket() as sock, socket.socket() as first, socket.socket() as second:
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
        yield int(sock.getsockname()[1])


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits for a fact, at most 5 seconds."""

    async def wait(fact: Callable[[], object]) -> None:
        async with asyncio.timeout(5):
            while not fact():
                await asyncio.sleep(0.002)

    return wait


@pytest.fixture
async def brisk() -> None:
    """For a test that opens a thousand connections: asyncio's debug mode notes a stack for each step."""
    asyncio.get_running_loop().set_debug(False)


@pytest.fixture
def quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing was left for the event loop to complain about."""
    yield
    complaints = [record for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert [record.getMessage() for record in complaints] == []
