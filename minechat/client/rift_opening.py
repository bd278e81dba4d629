"""The opening of a WebSocket of RIFT by the library, on a socket and by a TLS of ours; and its closing."""

import asyncio
import logging
from contextlib import suppress

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from minechat.client.address import Address
from minechat.client.connection import CLOSING
from minechat.client.failures import network_error
from minechat.client.reaching import Resolver, reached
from minechat.client.rift_failures import opening_error
from minechat.client.tls import Tls
from minechat.errors import TimedOut
from minechat.protocol.rift.frames import REPLY_LIMIT

#: The library would log frames, passwords among them, for whoever turns all logging on.
_LOGGER = logging.getLogger("minechat.client.rift")
_LOGGER.disabled = True


async def opened(
    address: Address, *, timeout: float, keepalive: float, ping: float, tls: Tls | None, resolve: Resolver
) -> ClientConnection:
    """A WebSocket to a server; what it takes means what it does in ``rift``.

    :raises NetworkError, Refused: there is none
    """
    terms = tls.terms(address) if tls else {}
    try:
        async with asyncio.timeout(timeout) as deadline:
            sock = await reached(address, keepalive, resolve)
            return await connect(
                _uri(address, encrypted=tls is not None),
                sock=sock,
                create_connection=_checking(tls, address),
                compression=None,
                proxy=None,
                user_agent_header=None,
                open_timeout=None,
                close_timeout=CLOSING,
                ping_interval=ping,
                ping_timeout=ping,
                max_size=REPLY_LIMIT,
                logger=_LOGGER,
                **terms,
            )
    except OSError as exc:
        if deadline.expired():
            hint = "; does this port speak TLS?" if tls else ""
            raise TimedOut(f"cannot reach {address}: no connection within {timeout:g} s{hint}") from None
        # The library hides what the kernel says about time behind an error of its own.
        cause = exc.__cause__ if isinstance(exc.__cause__, OSError) else exc
        raise (tls.failure if tls else network_error)(cause, address) from None
    except (WebSocketException, ValueError) as exc:
        raise opening_error(exc, address, encrypted=tls is not None) from None


async def close(socket: ClientConnection) -> None:
    """Ends a connection within a second, however the server behaves."""
    closed = False
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSING):
                await socket.close()
                closed = True
    finally:
        # On Python 3.11 abort() fails where the connection has ended in peace.
        if not closed:
            socket.transport.abort()


def _uri(address: Address, *, encrypted: bool) -> str:
    host = address.wire_host.decode("ascii").partition("%")[0]
    return f"{'wss' if encrypted else 'ws'}://{f'[{host}]' if ':' in host else host}:{address.port}/"


def _checking(tls: Tls | None, address: Address) -> type[ClientConnection]:
    """A connection that says nothing before the server is trusted."""

    class Checking(ClientConnection):
        async def handshake(self, *headers: object) -> None:
            if tls is not None:
                tls.check(self.transport, address)
            await super().handshake(*headers)  # type: ignore[arg-type]  # the library's own business

    return Checking
