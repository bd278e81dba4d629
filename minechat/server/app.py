"""The composition root: opens storage, hub and doors, and takes all down together."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from random import Random

from minechat import system
from minechat.errors import AddressUnusable, MinechatError
from minechat.protocol import listen
from minechat.server.accounts import Accounts
from minechat.server.audience import Audience
from minechat.server.doors.gate import Gate, capacity
from minechat.server.doors.listen import ListenDoor
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets, RegistrationBudget
from minechat.server.settings import Settings
from minechat.server.storage import Storage, Stored, open_storage

#: Connections the kernel may hold until they are accepted.
BACKLOG = 512
#: Connections a door accepts in one turn of the loop. One that is turned away keeps its descriptor for four
#: turns: those of both doors must stay below the descriptor reserve, so that accept never fails.
ACCEPTED_AT_ONCE = 8
#: Seconds that clients get for their answers when the server stops; with what comes before and after,
#: it has ended within ten.
DRAIN = 8.0


class Server:
    """A running server: where its doors are."""

    def __init__(self, host: str, read_port: int, write_port: int) -> None:
        self.host = host
        self.read_port = read_port
        self.write_port = write_port


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Server]:
    """A server that runs as long as the block; when a part of it dies the block is cancelled.

    :raises AddressUnusable: a port is taken or the address is not ours
    :raises DatabaseUnusable: the database cannot be opened, or failed later
    """
    hubs: list[Hub] = []

    def committed(batch: Sequence[Stored]) -> None:
        for hub in hubs:
            hub.committed(batch)

    with (
        _listening(settings.host, settings.read_port) as read_socket,
        _listening(settings.host, settings.write_port) as write_socket,
    ):
        async with open_storage(settings.database, on_committed=committed) as storage:
            hub = _hub(settings, storage)
            hubs.append(hub)
            async with _supervised() as tasks:
                watch = tasks.create_task(storage.broken())
                async with (
                    _doors(settings, hub, tasks, read_socket, write_socket),
                    _characters(settings, hub, tasks),
                ):
                    yield Server(settings.host, *(_port(one) for one in (read_socket, write_socket)))
                watch.cancel()


def _hub(settings: Settings, storage: Storage) -> Hub:
    limits = settings.limits
    registrations = RegistrationBudget(limits)
    accounts = Accounts(storage, random=Random(), registrations=registrations.take)
    audience = Audience(limits.send_queue)
    budgets = AccountBudgets(limits)
    return Hub(storage, accounts, audience, budgets, announce_joins=settings.announce_joins)


@asynccontextmanager
async def _supervised() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure is raised alone, as the caller can tell it to a user."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise _first(group) from None


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to tell the caller: the error made for people if there is one, else what came first."""
    return next(
        (error for error in group.exceptions if isinstance(error, MinechatError)), group.exceptions[0]
    )


@asynccontextmanager
async def _doors(
    settings: Settings,
    hub: Hub,
    tasks: asyncio.TaskGroup,
    read_socket: socket.socket,
    write_socket: socket.socket,
) -> AsyncIterator[None]:
    gate = Gate(
        capacity(settings.limits.connections, system.raise_descriptor_limit()),
        settings.limits.connections_per_source,
    )
    wire = hub.wire(listen.encode)
    readers: set[asyncio.Transport] = set()
    visitors = Visitors(hub, settings.limits, gate, tasks)
    doors = [
        await _open(lambda: ListenDoor(wire, gate, readers), read_socket),
        await _open(lambda: SpeakDoor(visitors), write_socket),
    ]
    try:
        yield
    finally:
        for door in doors:
            door.close()
        await visitors.stop(DRAIN)
        for reader in list(readers):
            reader.close()


async def _open(factory: Callable[[], asyncio.BaseProtocol], listening: socket.socket) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(factory, sock=listening, backlog=ACCEPTED_AT_ONCE)
    listening.listen(BACKLOG)  # asyncio knows one number for both; the kernel may hold more than we take
    return server


@asynccontextmanager
async def _characters(settings: Settings, hub: Hub, tasks: asyncio.TaskGroup) -> AsyncIterator[None]:
    if not settings.characters:
        yield
        return
    from minechat.server.characters import Cast, perform  # noqa: PLC0415 - only who wants them pays

    cast = Cast.load(random=Random())
    hub.witness(cast.heard)
    task = tasks.create_task(perform(hub.speak, cast))
    try:
        yield
    finally:
        task.cancel()


def _port(listening: socket.socket) -> int:
    port: int = listening.getsockname()[1]
    return port


def _listening(host: str, port: int) -> socket.socket:
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
    return AddressUnusable(
        f"cannot listen on {host}, port {port}: {reason}; choose another, or stop what is there"
    )
