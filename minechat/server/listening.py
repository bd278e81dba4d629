"""The sockets of a server, all taken before any file is made: a lack of one leaves no trace."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from minechat.server.admin import admin_socket
from minechat.server.monitoring import status_socket
from minechat.server.ports import bound
from minechat.server.settings import Settings
from minechat.server.storage import ensure_placed


class Sockets(NamedTuple):
    """Where people, a monitor and the owner come to."""

    read: socket.socket
    write: socket.socket
    status: socket.socket | None
    admin: socket.socket | None


@contextmanager
def taken(settings: Settings) -> Iterator[Sockets]:
    """Bound as long as the block runs; nobody is accepted yet.

    :raises AddressUnusable: a port is taken, an address is not ours, or the admin socket cannot be made
    :raises DatabaseUnusable: the database, beside which the admin socket lies, cannot be there
    """
    with (
        bound(settings.host, settings.read_port) as read,
        bound(settings.host, settings.write_port) as write,
        status_socket(settings) as status,
    ):
        # What both lack is told of the database.
        ensure_placed(settings.database)
        with admin_socket(settings.admin_socket) as admin:
            yield Sockets(read, write, status, admin)
