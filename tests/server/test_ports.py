"""Ports: bound as asyncio wants them."""

import socket

from minechat.server.ports import bound


def test_accepted_sockets_do_not_hold_short_answers_back() -> None:
    # asyncio switches Nagle's algorithm off only where the socket names its protocol.
    with bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
