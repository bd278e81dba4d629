"""A connected socket: the name looked up, its addresses raced, the kernel told to watch over it."""

import socket
from collections.abc import Callable, Sequence

from aiohappyeyeballs import AddrInfoType, start_connection

from minechat import system
from minechat.client.address import Address
from minechat.client.threads import in_daemon_thread

Resolver = Callable[[bytes, int], Sequence[AddrInfoType]]

#: Seconds until the next address is tried beside the first (RFC 8305, section 5).
NEXT_ADDRESS = 0.25


def lookup(host: bytes, port: int) -> Sequence[AddrInfoType]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)


async def reached(address: Address, keepalive: float, resolve: Resolver = lookup) -> socket.socket:
    """Looks an address up anew and connects to the first of what it finds that answers.

    :param keepalive: seconds of silence after which the kernel asks whether the peer still lives
    :raises OSError: no socket could be connected
    """
    found = await in_daemon_thread(resolve, address.wire_host, address.port)
    sock = await start_connection(found, happy_eyeballs_delay=NEXT_ADDRESS)
    system.keepalive(sock, keepalive)
    return sock
