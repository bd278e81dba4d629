"""Both doors opened to people together, and closed again in order: answers first, then the last lines."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from minechat import system
from minechat.events import Said
from minechat.protocol import listen
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.gate import Gate, capacity
from minechat.server.doors.listen import ListenDoor
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.figures import Figures
from minechat.server.handle import Server
from minechat.server.hub import Hub
from minechat.server.listening import Sockets
from minechat.server.ports import accepting
from minechat.server.settings import Limits
from minechat.server.wires import Wire

#: Seconds that clients get for their answers when the server stops; with what comes before and after,
#: it has ended within ten.
DRAIN = 8.0
#: Seconds that readers get after that for the last lines.
LAST_LINES = 1.0


@asynccontextmanager
async def opened(
    sockets: Sockets, server: Server, hub: Hub, limits: Limits, tasks: asyncio.TaskGroup
) -> AsyncIterator[None]:
    """People come in as long as the block runs; after it all have left.

    :param server: told that the doors are open, and who keeps them
    """
    gate = _gate(hub, limits, server.figures)
    wire = hub.wire(_line)
    visitors = Visitors(hub, limits, gate, tasks, server.figures)
    encryption = Encryption(server.certificate, server.figures, limits.handshake)
    doors = [
        await accepting(encryption.before(lambda: ListenDoor(wire, gate)), sockets.read),
        await accepting(encryption.before(lambda: SpeakDoor(visitors)), sockets.write),
    ]
    server.opened(gate, wire)
    try:
        yield
    finally:
        server.doors_open = False
        for door in doors:
            door.close()
        await _see_out(visitors, wire, encryption)


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


async def _see_out(visitors: Visitors, wire: Wire, encryption: Encryption) -> None:
    await visitors.stop(DRAIN)
    await wire.close(LAST_LINES)
    encryption.stop()
