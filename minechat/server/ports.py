"""The ports a server listens on: bound before anything else, so that one that is taken is told at once."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable

from minechat.errors import AddressUnusable

#: Connections the kernel may hold until they are accepted.
BACKLOG = 512
#: Connections a door accepts in one turn of the loop. One that is turned away keeps its descriptor for four
#: turns: those of both doors must stay below the descriptor reserve, so that accept never fails.
ACCEPTED_AT_ONCE = 8


async def accepting(factory: Callable[[], asyncio.BaseProtocol], listening: socket.socket) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, sock=listening, backlog=ACCEPTED_AT_ONCE)
    listening.listen(BACKLOG)  # asyncio knows one number for both; the kernel may hold more than we take
    return server


def port_of(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host.strip("[]"), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # With its protocol named, or asyncio does not switch Nagle's algorithm off: answers would wait 40 ms.
        listening = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise _unusable(host, port, error) from None
    try:
        if os.name == "posix":  # elsewhere it would let two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        listening.close()
        raise _unusable(host, port, error) from None
    listening.setblocking(False)
    return listening


def _unusable(host: str, port: int, error: Exception) -> AddressUnusable:
    reason = getattr(error, "strerror", None) or str(error)
    taken = getattr(error, "errno", None) in (errno.EADDRINUSE, errno.EACCES)
    return AddressUnusable(
        f"cannot listen on {shown(host)}, port {port}: {reason}; choose another, or stop what is there",
        host=None if taken else host,
        port=port if taken else None,
    )


def shown(host: str) -> str:
    """An address as it stands before a port: IPv6 in brackets (RFC 3986)."""
    bare = host.strip("[]")
    return f"[{bare}]" if ":" in bare else bare
