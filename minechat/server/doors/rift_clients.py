"""All clients of RIFT's port: what their visits share, one timer for the deadlines of all, and their end."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Protocol

from minechat.errors import Refused
from minechat.server.audience import Audience
from minechat.server.doors.gate import Gate
from minechat.server.doors.host import Work
from minechat.server.doors.rift_host import Client
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.settings import Limits

#: Bytes read at once, into one buffer for all connections: as many frames as may come in one go.
CHUNK = 4 * 1024
#: Seconds in which a client must answer our close frame, and end its side after the last byte of ours.
CLOSING = 2.0
#: Clients told to go in a second when the server stops, so that they do not all come back at once; and
#: seconds after which all have been told.
GOING_A_SECOND = 200
ALL_TOLD = 4.0


class Visit(Protocol):
    """One client's talk with the hub, as its connection sees it."""

    def begin(self) -> None: ...

    def received(self, text: bytes) -> None:
        """A whole text, which is UTF-8."""

    def clogged(self, clogged: bool) -> None:
        """The client does not take its answers at once; nothing more is received until it did."""

    def lost(self) -> None:
        """The talk has ended, whoever ended it: nothing can be sent any more. Told once."""

    def stop(self) -> None:
        """The server is stopping: answers what is under way, then closes."""

    def dismiss(self, reason: Refused) -> None:
        """Tells the client why, and closes: an order of the owner."""

    def abandon(self) -> None:
        """Ends as it stands, whatever it still waits for."""


class Door(Client, Protocol):
    """The connection, as the end of the server and the passing of time see it."""

    def look(self, now: float) -> None: ...
    def stop(self) -> None: ...
    def abandon(self) -> None: ...


class Clients:
    """Everybody who is connected to RIFT's port.

    :param visit: begins the talk of one client
    :param origins: pages whose scripts may connect, besides those of the same host
    """

    def __init__(
        self,
        hub: Hub,
        audience: Audience,
        limits: Limits,
        gate: Gate,
        *,
        tasks: asyncio.TaskGroup,
        figures: Figures,
        visit: Callable[["Clients", Client, str], Visit],
        origins: Collection[str] = (),
    ) -> None:
        self.hub = hub
        self.audience = audience
        self.limits = limits
        self.gate = gate
        self.figures = figures
        self.visit = visit
        self.origins = frozenset(origins)
        self.chunk = memoryview(bytearray(CHUNK))
        self.stopping = False
        self.now = asyncio.get_running_loop().time
        self._tasks = tasks
        self._doors: dict[Door, None] = {}
        self._gone = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        shortest = min(
            CLOSING, limits.handshake, limits.ping_interval, limits.ping_timeout, limits.unfinished
        )
        self._interval = shortest / 4

    def __len__(self) -> int:
        return len(self._doors)

    def add(self, door: Door) -> None:
        self._doors[door] = None
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._sweep)

    def leave(self, door: Door) -> None:
        self._doors.pop(door, None)
        if not self._doors:
            self._gone.set()

    def _sweep(self) -> None:
        """Looks at the deadlines of all: a timer each would cost more than all the rest of an idle client."""
        self._timer = None
        now = self.now()
        for door in list(self._doors):
            door.look(now)
        if self._doors:
            self._timer = asyncio.get_running_loop().call_later(self._interval, self._sweep)

    # For the visits.

    def run(self, work: Work) -> asyncio.Task[None] | None:
        """Runs what must be waited for; None when the server is ending and nothing more is begun."""
        try:
            return self._tasks.create_task(work)
        except RuntimeError:  # a part of the server has failed and the rest is being taken down
            work.close()
            return None

    def failed(self, bug: BaseException) -> None:
        """Ends the server: it must not stay up and be deaf."""
        self.run(_raise(bug))

    def over(self, visit: object) -> None:
        """This visit has ended and does nothing more; its connection ends by itself."""

    # The end.

    async def stop(self, deadline: float) -> None:
        """Has every client answered and told to go, one after the other; late ones are cut off."""
        self.stopping = True
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline):
                await self._tell_all()
                while self._doors:
                    self._gone.clear()
                    await self._gone.wait()
        for door in list(self._doors):
            door.abandon()

    async def _tell_all(self) -> None:
        doors = list(self._doors)
        pause = min(1 / GOING_A_SECOND, ALL_TOLD / max(1, len(doors)))
        told_at = self.now()
        for door in doors:
            door.stop()
            told_at += pause
            if told_at > self.now():
                await asyncio.sleep(told_at - self.now())


async def _raise(bug: BaseException) -> None:
    raise bug
