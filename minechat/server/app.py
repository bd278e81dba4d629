"""The composition root: opens storage, hub and doors, and takes all down together."""

import asyncio
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from random import Random

from minechat import system
from minechat.errors import MinechatError
from minechat.protocol import listen
from minechat.server.accounts import Accounts
from minechat.server.audience import Audience
from minechat.server.bans import Bans
from minechat.server.doors.gate import Gate, capacity
from minechat.server.doors.listen import ListenDoor
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets, RegistrationBudget, WrongTokenBudget
from minechat.server.ports import accepting, bound, port_of
from minechat.server.settings import Settings
from minechat.server.storage import Storage, Stored, open_storage

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
        bound(settings.host, settings.read_port) as read_socket,
        bound(settings.host, settings.write_port) as write_socket,
    ):
        async with open_storage(settings.database, on_committed=committed) as storage:
            hub = _hub(settings, storage, Bans(await storage.bans()))
            hubs.append(hub)
            async with _supervised() as tasks:
                watch = tasks.create_task(storage.broken())
                async with (
                    _doors(settings, hub, tasks, read_socket, write_socket),
                    _characters(settings, hub, tasks),
                ):
                    yield Server(settings.host, *(port_of(one) for one in (read_socket, write_socket)))
                watch.cancel()


def _hub(settings: Settings, storage: Storage, bans: Bans) -> Hub:
    limits = settings.limits
    registrations = RegistrationBudget(limits)
    accounts = Accounts(storage, random=Random(), registrations=registrations.take)
    audience = Audience(limits.send_queue)
    budgets = AccountBudgets(limits)
    return Hub(
        storage,
        accounts,
        audience,
        budgets,
        bans=bans,
        wrong_tokens=WrongTokenBudget(limits),
        announce_joins=settings.announce_joins,
    )


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
        await accepting(lambda: ListenDoor(wire, gate, readers), read_socket),
        await accepting(lambda: SpeakDoor(visitors), write_socket),
    ]
    try:
        yield
    finally:
        for door in doors:
            door.close()
        await visitors.stop(DRAIN)
        for reader in list(readers):
            reader.close()


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
