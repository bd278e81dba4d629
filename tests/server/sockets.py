"""Connected sockets whose kernel buffers are small, so that a reader is slow when the test wants it so."""

import asyncio
import socket
from collections.abc import Callable
from typing import cast

from minechat.server.outlets import Outlet
from minechat.server.wires import Wire

DEADLINE = 10.0
#: The kernel doubles it and rounds it up; a few times as much fits between two sockets.
SMALL = 4096


def connected(buffers: int = SMALL) -> tuple[socket.socket, socket.socket]:
    """Two ends of a TCP connection over loopback, neither blocks."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
        theirs = socket.socket()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffers)
        theirs.connect(listening.getsockname())
        ours, _ = listening.accept()
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffers)
    ours.setblocking(False)
    theirs.setblocking(False)
    return ours, theirs


class Connection(asyncio.Protocol):
    """Our end of one reader, as a door has it."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.outlet: Outlet = self.wire.add(self.transport)

    def pause_writing(self) -> None:
        self.outlet.pause()

    def resume_writing(self) -> None:
        self.outlet.resume()

    def connection_lost(self, exc: Exception | None) -> None:
        self.wire.discard(self.outlet)
        self.lost = True


class Reader:
    """A reader: its end of the socket, and ours."""

    def __init__(self, connection: Connection, sock: socket.socket) -> None:
        self.connection = connection
        self.sock = sock
        self.heard = b""

    def take(self, most: int = 1 << 20) -> bool:
        """Reads what has arrived, at most so much; False when nothing had."""
        try:
            data = self.sock.recv(most)
        except BlockingIOError:
            return False
        self.heard += data
        return bool(data)

    async def hear(self, size: int) -> bytes:
        """Everything heard, once it is so many bytes."""
        async with asyncio.timeout(DEADLINE):
            while len(self.heard) < size:
                self.take()
                await asyncio.sleep(0)
        return self.heard


async def reader(wire: Wire, buffers: int = SMALL) -> Reader:
    ours, theirs = connected(buffers)
    _, connection = await asyncio.get_running_loop().create_connection(lambda: Connection(wire), sock=ours)
    return Reader(connection, theirs)


async def until(fact: Callable[[], bool]) -> None:
    """Waits for a fact; what the loop has to do meanwhile is done."""
    async with asyncio.timeout(DEADLINE):
        while not fact():
            await asyncio.sleep(0)
