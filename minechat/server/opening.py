"""All doors opened to people together, and closed again in order: answers first, then the last lines."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from minechat import system
from minechat.events import Said
from minechat.protocol import listen
from minechat.server.audience import Audience
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.gate import Gate, capacity
from minechat.server.doors.listen import ListenDoor
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.figures import Figures
from minechat.server.handle import Server
from minechat.server.hub import Hub
from minechat.server.listening import Sockets
from minechat.server.ports import accepting
from minechat.server.settings import Limits, Settings

#: Seconds that clients get for their answers when the server stops; with what comes before and after,
#: it has ended within ten.
DRAIN = 8.0
#: Seconds that readers get after that for the last lines.
LAST_LINES = 1.0


@asynccontextmanager
async def opened(
    sockets: Sockets,
    server: Server,
    hub: Hub,
    audience: Audience,
    *,
    settings: Settings,
    tasks: asyncio.TaskGroup,
) -> AsyncIterator[None]:
    """People come in as long as the block runs; after it all have left.

    :param server: told that the doors are open, and who keeps them
    """
    limits, figures = settings.limits, server.figures
    gate = _gate(hub, limits, figures)
    wire = hub.wire(_line)
    visitors = Visitors(hub, limits, gate, tasks, figures)
    encryption = Encryption(server.certificate, figures, limits.handshake)
    entrances: list[tuple[socket.socket, Callable[[], Entrance]]] = [
        (sockets.read, lambda: ListenDoor(wire, gate)),
        (sockets.write, lambda: SpeakDoor(visitors)),
    ]
    stops: list[Callable[[float], Awaitable[None]]] = [visitors.stop]
    if sockets.rift is not None:
        rift, stop = _rift(hub, audience, gate, settings=settings, tasks=tasks, figures=figures)
        entrances.append((sockets.rift, rift))
        stops.append(stop)
    doors = [await accepting(encryption.before(entrance), at) for at, entrance in entrances]
    server.opened(gate, audience)
    try:
        yield
    finally:
        server.doors_open = False
        for door in doors:
            door.close()
        await asyncio.gather(*(stop(DRAIN) for stop in stops))
        await wire.close(LAST_LINES)
        encryption.stop()


def _rift(
    hub: Hub,
    audience: Audience,
    gate: Gate,
    *,
    settings: Settings,
    tasks: asyncio.TaskGroup,
    figures: Figures,
) -> tuple[Callable[[], Entrance], Callable[[float], Awaitable[None]]]:
    """The entrance of RIFT's port, and what has its clients leave within so many seconds."""
    # Only who wants the port pays for its libraries.
    from minechat.server.doors.rift import RiftDoor  # noqa: PLC0415
    from minechat.server.doors.rift_clients import Clients  # noqa: PLC0415
    from minechat.server.doors.rift_visit import Visit  # noqa: PLC0415

    clients = Clients(
        hub,
        audience,
        settings.limits,
        gate,
        tasks=tasks,
        figures=figures,
        visit=Visit,
        origins=settings.origins,
    )
    return lambda: RiftDoor(clients), clients.stop


def _line(happening: object) -> bytes:
    """As the listen port tells it, which has words for messages alone."""
    return listen.encode(happening) if isinstance(happening, Said) else b""


def _gate(hub: Hub, limits: Limits, figures: Figures) -> Gate:
    return Gate(
        capacity(limits.connections, system.raise_descriptor_limit()),
        limits,
        figures,
        barred=hub.barred,
        attach=lambda guest, source: hub.attach(None, guest.expel, source=source),
    )
