"""The sockets of a server, all taken before any file is made: a lack of one leaves no trace."""

import socket
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

from minechat.errors import AddressUnusable
from minechat.server.admin import admin_socket
from minechat.server.monitoring import status_socket
from minechat.server.ports import bound
from minechat.server.settings import Settings
from minechat.server.storage import ensure_placed


class Sockets(NamedTuple):
    """Where people, a monitor and the owner come to."""

    read: socket.socket
    write: socket.socket
    rift: socket.socket | None
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
        _rift_socket(settings) as rift,
        status_socket(settings) as status,
    ):
        # What both lack is told of the database.
        ensure_placed(settings.database)
        with admin_socket(settings.admin_socket) as admin:
            yield Sockets(read, write, rift, status, admin)


def _rift_socket(settings: Settings) -> AbstractContextManager[socket.socket | None]:
    """The port of RIFT; a free one where the wanted one is taken and that may be."""
    if settings.rift_port is None:
        return nullcontext()
    try:
        return bound(settings.host, settings.rift_port)
    except AddressUnusable as error:
        if error.port is None or not settings.rift_port_or_free:
            raise
        return bound(settings.host, 0)
