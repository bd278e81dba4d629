"""The composition root: opens storage, hub and doors, and takes all down together."""

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from random import Random
from typing import Any, NamedTuple

from minechat import system
from minechat.errors import MinechatError
from minechat.protocol import listen
from minechat.server.accounts import Accounts
from minechat.server.admin import admin_socket, obeying
from minechat.server.audience import Audience, Wire
from minechat.server.bans import Bans
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.gate import Gate, capacity
from minechat.server.doors.listen import ListenDoor
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets, RegistrationBudget, WrongTokenBudget
from minechat.server.look import look
from minechat.server.owner import Owner
from minechat.server.ports import accepting, bound, port_of
from minechat.server.pulse import beat, first_bug
from minechat.server.selfsigned import LOCAL, ensure, remove
from minechat.server.settings import Settings
from minechat.server.storage import SQLITE, Storage, Stored, ensure_placed, open_storage
from minechat.server.tls import Certificate

#: Seconds that clients get for their answers when the server stops; with what comes before and after,
#: it has ended within ten.
DRAIN = 8.0
#: Seconds that readers get after that for the last lines.
LAST_LINES = 1.0


class Server:
    """A running server: where its doors are, and how it is.

    :param metrics_port: the status port; None when there is none
    :param figures: what it counted since its start
    :param certificate: that of both ports; None where they are plain
    """

    def __init__(
        self,
        host: str,
        read_port: int,
        write_port: int,
        metrics_port: int | None = None,
        *,
        figures: Figures | None = None,
        certificate: Certificate | None = None,
    ) -> None:
        self.host = host
        self.read_port = read_port
        self.write_port = write_port
        self.metrics_port = metrics_port
        self.figures = figures or Figures()
        self.doors_open = False
        self._wire: Wire | None = None
        self._gate: Gate | None = None
        self.certificate = certificate

    def reload(self) -> bool:
        """Reads the certificate's files again, for whoever connects from now on; nobody is dropped.

        :returns: False when they cannot be used: the log says why, and the old certificate stays in place
        """
        return self.certificate is None or self.certificate.reload()

    def opened(self, gate: Gate, wire: Wire) -> None:
        """The doors are open: who comes is counted by the gate, what waits for readers by the wire."""
        self._gate, self._wire, self.doors_open = gate, wire, True

    def connections(self) -> dict[str, int]:
        """Open connections by port."""
        there = Counter[str]() if self._gate is None else self._gate.ports()
        return {port: there[port] for port in ("read", "write")}

    def queued(self) -> int:
        """Bytes that wait for readers."""
        return 0 if self._wire is None else self._wire.waiting


@asynccontextmanager
async def running(settings: Settings, figures: Figures | None = None) -> AsyncIterator[Server]:
    """A server that runs as long as the block; when a part of it dies the block is cancelled.

    :param figures: counts what happens; new ones by default
    :raises CertificateUnusable: the certificate or its key cannot be used
    :raises AddressUnusable: a port is taken or the address is not ours
    :raises DatabaseUnusable: the database cannot be opened, or failed later
    :raises Exception: a bug in a task or in a callback of the loop
    """
    figures = figures or Figures()
    hubs: list[Hub] = []

    def committed(batch: Sequence[Stored]) -> None:
        figures.messages += len(batch)
        figures.commit.add(batch[0].waited)
        for hub in hubs:
            hub.committed(batch)

    with _sockets(settings) as sockets:
        async with _files(settings, committed) as (certificate, storage):
            ports = [port_of(one) for one in (sockets.read, sockets.write, sockets.status) if one]
            server = Server(settings.host, *ports, figures=figures, certificate=certificate)
            hub = _hub(settings, storage, Bans(await storage.bans()), figures)
            hubs.append(hub)
            async with _supervised() as tasks:
                watches = [storage.broken(), beat(figures), first_bug()]
                watching = [tasks.create_task(watch) for watch in watches]
                async with (
                    obeying(sockets.admin, _owner(storage, hub, server), tasks),
                    _status(settings, server, storage, sockets.status),
                    _doors(settings, server, hub, tasks, sockets),
                    _characters(settings, hub, tasks),
                ):
                    yield server
                for watch in watching:
                    watch.cancel()


class _Sockets(NamedTuple):
    """Where people, a monitor and the owner come to."""

    read: socket.socket
    write: socket.socket
    status: socket.socket | None
    admin: socket.socket | None


@contextmanager
def _sockets(settings: Settings) -> Iterator[_Sockets]:
    """Everything whose lack leaves no trace: taken before any file is made."""
    with (
        bound(settings.host, settings.read_port) as read,
        bound(settings.host, settings.write_port) as write,
        _status_socket(settings) as status,
    ):
        # The admin socket lies beside the database: what they lack is told of the database.
        ensure_placed(settings.database)
        with admin_socket(settings.admin_socket) as admin:
            yield _Sockets(read, write, status, admin)


@asynccontextmanager
async def _files(
    settings: Settings, committed: Callable[[Sequence[Stored]], None]
) -> AsyncIterator[tuple[Certificate | None, Storage]]:
    """The certificate and the database; one that was made for the other goes again if that cannot be."""
    cert, key = settings.certificate, settings.key
    async with AsyncExitStack() as stack:
        with ExitStack() as failed:
            if settings.self_signed and cert and key and ensure(cert, key, (settings.host, *LOCAL)):
                failed.callback(remove, cert, key)
            certificate = None if cert is None else Certificate(cert, key)
            opening = open_storage(settings.database, on_committed=committed)
            storage = await stack.enter_async_context(opening)
            failed.pop_all()
        yield certificate, storage


def _hub(settings: Settings, storage: Storage, bans: Bans, figures: Figures) -> Hub:
    limits = settings.limits
    registrations = RegistrationBudget(limits, figures.refused)
    wrong_tokens = WrongTokenBudget(limits, figures.refused)
    accounts = Accounts(
        storage,
        random=Random(),
        registrations=registrations.take,
        nameless_per_source=limits.nameless,
        nameless_in_all=limits.nameless_in_all,
    )
    audience = Audience(limits, figures)
    budgets = AccountBudgets(limits)
    return Hub(
        storage,
        accounts,
        audience,
        budgets,
        bans=bans,
        wrong_tokens=wrong_tokens,
        announce_joins=settings.announce_joins,
    )


def _owner(storage: Storage, hub: Hub, server: Server) -> Owner:
    def now() -> dict[str, Any]:
        readers = server.connections()["read"]
        return look(server.figures, hub.sessions, readers=readers, queued=server.queued())

    return Owner(storage, hub, now)


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
    server: Server,
    hub: Hub,
    tasks: asyncio.TaskGroup,
    sockets: _Sockets,
) -> AsyncIterator[None]:
    gate = Gate(
        capacity(settings.limits.connections, system.raise_descriptor_limit()),
        settings.limits,
        server.figures,
        barred=hub.barred,
        attach=lambda guest, source: hub.attach(None, guest.expel, source=source),
    )
    wire = hub.wire(listen.encode)
    visitors = Visitors(hub, settings.limits, gate, tasks, server.figures)
    encryption = Encryption(server.certificate, server.figures, settings.limits.handshake)
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
        await visitors.stop(DRAIN)
        await wire.close(LAST_LINES)
        encryption.stop()


@contextmanager
def _status_socket(settings: Settings) -> Iterator[socket.socket | None]:
    if settings.metrics_port is None:
        yield None
        return
    # Only who wants the port pays for it, and nobody waits for it: no door is open yet.
    import minechat.server.condition  # noqa: F401, PLC0415
    from minechat.server.status import loopback  # noqa: PLC0415

    with loopback(settings.metrics_port, or_free=settings.metrics_port_or_free) as listening:
        yield listening


@asynccontextmanager
async def _status(
    settings: Settings, server: Server, storage: Storage, listening: socket.socket | None
) -> AsyncIterator[None]:
    """The status port; open until everybody has left, so that it tells of the end too."""
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
