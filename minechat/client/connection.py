"""One TCP connection: opened within a deadline, closed without waiting, failing in words of our own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from aiohappyeyeballs import AddrInfoType, start_connection

from minechat import system
from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.client.reader import Reader
from minechat.client.threads import in_daemon_thread
from minechat.errors import TimedOut

Resolver = Callable[[bytes, int], Sequence[AddrInfoType]]

#: Bytes read ahead before the kernel holds the peer back (asyncio waits until there are twice as many).
LIMIT = 256 * 1024
#: Seconds until the next address is tried beside the first (RFC 8305, section 5).
NEXT_ADDRESS = 0.25
#: Seconds for the last bytes to leave when a connection is closed.
CLOSING = 1.0


def lookup(host: bytes, port: int) -> Sequence[AddrInfoType]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


@asynccontextmanager
async def connection(
    address: Address,
    *,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    limit: int = LIMIT,
    resolve: Resolver = lookup,
) -> AsyncIterator[tuple[Reader, asyncio.StreamWriter]]:
    """A connection to an address, looked up anew; its addresses raced by RFC 8305.

    :param timeout: seconds for looking up and connecting together
    :param keepalive: seconds of silence after which the kernel asks whether the peer still lives
    :raises NetworkError: HostUnknown, Unreachable, TimedOut or ConnectionLost
    """
    try:
        async with asyncio.timeout(timeout) as deadline:
            reader, writer = await _open(address, keepalive, limit, resolve)
    except OSError as exc:
        if deadline.expired():
            raise TimedOut(f"cannot reach {address}: no connection within {timeout:g} s") from None
        raise network_error(exc, address) from None
    try:
        yield reader, writer
    finally:
        await _close(writer)


async def _open(
    address: Address, keepalive: float, limit: int, resolve: Resolver
) -> tuple[Reader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    found = await in_daemon_thread(resolve, address.wire_host, address.port)
    sock = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS)
    try:
        system.keepalive(sock, keepalive)
        reader = Reader(address, limit)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.create_connection(lambda: protocol, sock=sock)
    except BaseException:
        sock.close()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    try:
        with suppress(OSError):  # the peer's last word does not matter now, nor does its silence
            async with asyncio.timeout(CLOSING):
                await writer.wait_closed()
    finally:
        # Not otherwise: on Python 3.11 abort() fails where the last bytes have left in peace.
        if writer.transport.get_write_buffer_size():
            writer.transport.abort()
