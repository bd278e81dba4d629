"""The composition root: puts storage, hub and doors together, and takes all down together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from random import Random
from typing import Any

from minechat.errors import MinechatError
from minechat.server.accounts import Accounts
from minechat.server.admin import obeying
from minechat.server.audience import Audience
from minechat.server.bans import Bans
from minechat.server.credentials import Credentials
from minechat.server.figures import Figures
from minechat.server.handle import Server
from minechat.server.hashing import Hashing
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets, RegistrationBudget, WrongTokenBudget
from minechat.server.listening import taken
from minechat.server.logins import Logins
from minechat.server.look import look
from minechat.server.monitoring import monitored
from minechat.server.opening import opened
from minechat.server.owner import Owner
from minechat.server.ports import port_of
from minechat.server.pulse import beat, first_bug
from minechat.server.selfsigned import LOCAL, ensure, remove
from minechat.server.sessions import Sessions
from minechat.server.settings import Settings
from minechat.server.storage import Storage, Stored, open_storage
from minechat.server.tls import Certificate


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
    with taken(settings) as sockets:
        async with (
            _files(settings, _committed(hubs, figures)) as (certificate, storage),
            Hashing(settings.limits, figures.refused) as hashing,
        ):
            ports = [port_of(one) for one in (sockets.read, sockets.write, sockets.status) if one]
            rift_port = None if sockets.rift is None else port_of(sockets.rift)
            server = Server(
                settings.host, *ports, rift_port=rift_port, figures=figures, certificate=certificate
            )
            audience = Audience(settings.limits, figures)
            bans = Bans(await storage.bans())
            hub = _hub(settings, storage, audience, figures, bans=bans, hashing=hashing)
            await hub.prepare()
            hubs.append(hub)
            async with (
                _supervised() as tasks,
                _watched(tasks, storage, figures),
                obeying(sockets.admin, _owner(storage, hub, server), tasks),
                monitored(settings, server, storage, sockets.status),
                opened(sockets, server, hub, audience, settings=settings, tasks=tasks),
                _characters(settings, hub, tasks),
            ):
                yield server


def _committed(hubs: Sequence[Hub], figures: Figures) -> Callable[[Sequence[Stored]], None]:
    """What the storage calls with each batch; the hubs come to be after it."""

    def committed(batch: Sequence[Stored]) -> None:
        figures.messages += len(batch)
        figures.commit.add(batch[0].waited)
        for hub in hubs:
            hub.committed(batch)

    return committed


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


def _hub(
    settings: Settings,
    storage: Storage,
    audience: Audience,
    figures: Figures,
    *,
    bans: Bans,
    hashing: Hashing,
) -> Hub:
    limits = settings.limits
    registrations = RegistrationBudget(limits, figures.refused)
    accounts = Accounts(
        storage,
        random=Random(),
        registrations=registrations.take,
        nameless_per_source=limits.nameless,
        nameless_in_all=limits.nameless_in_all,
    )
    people = Credentials(
        storage,
        accounts,
        hashing=hashing,
        logins=Logins(limits, figures.refused),
        registrations=registrations,
        wrong_tokens=WrongTokenBudget(limits, figures.refused),
        bans=bans,
        sessions=Sessions(),
    )
    budgets = AccountBudgets(limits)
    return Hub(
        storage,
        accounts,
        audience,
        budgets,
        bans=bans,
        people=people,
        announce_joins=settings.announce_joins,
        limits=limits,
    )


def _owner(storage: Storage, hub: Hub, server: Server) -> Owner:
    def now() -> dict[str, Any]:
        return look(server.figures, hub.sessions, ports=server.connections(), queued=server.queued())

    return Owner(storage, hub, now)


@asynccontextmanager
async def _supervised() -> AsyncIterator[asyncio.TaskGroup]:
    """A task group whose first failure is raised alone, as the caller can tell it to a user."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise _first(group) from None


@asynccontextmanager
async def _watched(tasks: asyncio.TaskGroup, storage: Storage, figures: Figures) -> AsyncIterator[None]:
    """Whatever would leave a server that seems to run ends it."""
    watching = [tasks.create_task(one) for one in (storage.broken(), beat(figures), first_bug())]
    yield
    for task in watching:
        task.cancel()


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """What to tell the caller: the error made for people if there is one, else what came first."""
    return next(
        (error for error in group.exceptions if isinstance(error, MinechatError)), group.exceptions[0]
    )


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
