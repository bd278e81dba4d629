"""One TCP connection: opened within a deadline, closed without waiting, failing in words of our own."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.client.reaching import Resolver, lookup, reached
from minechat.client.reader import Reader
from minechat.client.tls import Tls
from minechat.errors import TimedOut

#: Bytes read ahead before the kernel holds the peer back (asyncio waits until there are twice as many).
LIMIT = 256 * 1024
#: Seconds for the last bytes to leave when a connection is closed.
CLOSING = 1.0


@asynccontextmanager
async def connection(
    address: Address,
    *,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    limit: int = LIMIT,
    tls: Tls | None = None,
    resolve: Resolver = lookup,
) -> AsyncIterator[tuple[Reader, asyncio.StreamWriter]]:
    """A connection to an address, looked up anew; its addresses raced by RFC 8305.

    :param timeout: seconds for looking up, connecting and agreeing on TLS together
    :param keepalive: seconds of silence after which the kernel asks whether the peer still lives
    :param tls: how to trust the peer, which is settled before anything is sent; None for a plain connection
    :raises NetworkError: HostUnknown, Unreachable, TimedOut, ConnectionLost or TlsNotTrusted
    """
    terms = tls.terms(address) if tls else {}
    try:
        async with asyncio.timeout(timeout) as deadline:
            reader, writer = await _open(address, keepalive, limit, resolve, terms)
            if tls:
                tls.check(writer.transport, address)
    except OSError as exc:
        if deadline.expired():
            hint = "; does this port speak TLS?" if tls else ""
            raise TimedOut(f"cannot reach {address}: no connection within {timeout:g} s{hint}") from None
        raise (tls.failure if tls else network_error)(exc, address) from None
    try:
        yield reader, writer
    finally:
        await _close(writer, encrypted=tls is not None)


async def _open(
    address: Address, keepalive: float, limit: int, resolve: Resolver, terms: dict[str, Any]
) -> tuple[Reader, asyncio.StreamWriter]:
    loop = asyncio.get_running_loop()
    sock = await reached(address, keepalive, resolve)
    reader = Reader(address, limit)
    protocol = asyncio.StreamReaderProtocol(reader)
    # From here on the socket is the transport's, to close it too.
    transport, _ = await loop.create_connection(lambda: protocol, sock=sock, **terms)
    return reader, asyncio.StreamWriter(transport, protocol, reader, loop)


async def _close(writer: asyncio.StreamWriter, *, encrypted: bool) -> None:
    writer.close()
    try:
        with suppress(OSError):  # the peer's last word does not matter now, nor does its silence
            async with asyncio.timeout(CLOSING):
                await writer.wait_closed()
    finally:
        # With TLS always: it does no harm, and there the size leaves out what waits below the encryption.
        # Plain, on Python 3.11, abort() fails where the last bytes have left in peace.
        if encrypted or writer.transport.get_write_buffer_size():
            writer.transport.abort()
