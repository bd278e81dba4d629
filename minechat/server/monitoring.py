"""The status port of a whole server, for those who want one: nobody else pays for its libraries."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from minechat.server.handle import Server
from minechat.server.settings import Settings
from minechat.server.storage import SQLITE, Storage


@contextmanager
def status_socket(settings: Settings) -> Iterator[socket.socket | None]:
    """The bound socket of the status port; None where none is wanted.

    :raises AddressUnusable: it is taken, and no other may be
    """
    if settings.metrics_port is None:
        yield None
        return
    # Only who wants the port pays for it, and nobody waits for it: no door is open yet.
    import minechat.server.condition  # noqa: F401, PLC0415
    from minechat.server.status import loopback  # noqa: PLC0415

    with loopback(settings.metrics_port, or_free=settings.metrics_port_or_free) as listening:
        yield listening


@asynccontextmanager
async def monitored(
    settings: Settings, server: Server, storage: Storage, listening: socket.socket | None
) -> AsyncIterator[None]:
    """Answers at the status port as long as the block runs, about the end of the server too."""
    if listening is None:
        yield
        return
    from minechat.server.condition import Condition, pages  # noqa: PLC0415 - see above
    from minechat.server.status import answering  # noqa: PLC0415

    path = settings.database.removeprefix(SQLITE)
    condition = Condition(
        lambda: server.doors_open, lambda: storage.takes_posts, server.connections, server.queued, path
    )
    async with answering(listening, pages(condition, server.figures)):
        yield
