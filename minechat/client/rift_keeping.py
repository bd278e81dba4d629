"""Keeps somebody connected to a server of RIFT: logs in, waits, and tries again until it makes no sense."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager

from minechat.client.feed import Feed
from minechat.client.rift import Credentials, Rift
from minechat.client.rift_follow import follow
from minechat.client.rift_picture import Picture
from minechat.client.session import StateChanged
from minechat.errors import (
    HostUnknown,
    LocalError,
    MinechatError,
    NotMinechat,
    ProtocolViolation,
    Refused,
    TlsNotTrusted,
    WrongPassword,
)
from minechat.protocol.rift import replies as r
from minechat.text import safe

#: Opens a connection whose unasked frames go to the argument.
Way = Callable[[Callable[[r.Reply], None]], AbstractAsyncContextManager[Rift]]

#: The longest wait that a server may ask for, in seconds.
_LONGEST = 600.0
_FINAL_AT_FIRST = (HostUnknown, TlsNotTrusted, NotMinechat)  # waiting does not mend it
#: The words of a server that has no time for us; any other refusal of a login is meant.
_NOT_NOW = {"busy", "too_fast", "stopping", "not_stored", "internal"}
#: To come again would be refused again, or would end another connection of ours, which comes again too.
_FOR_GOOD = {"banned", "too_many"}


class NoMore(Exception):
    """There will be no connection any more, and why."""


class Keeping:
    """One person's way to a server.

    :ivar credentials: a session in place of a password as soon as the server has given one
    :ivar failure: why there is no way any more
    :ivar over: whether there will be no connection any more
    """

    def __init__(
        self, way: Way, credentials: Credentials, feed: Feed, marks: dict[str, int], catch_up: int
    ) -> None:
        self.credentials = credentials
        self.failure: MinechatError | None = None
        self.over = False
        self._way = way
        self._feed = feed
        self._catch_up = catch_up
        self._work = asyncio.Event()
        self.picture = Picture(feed, marks, self._work.set)
        self._wire: Rift | None = None
        self._changed = asyncio.Event()
        self._leaving = ""
        self._tried = asyncio.Event()
        self._first_error: MinechatError | None = None

    @property
    def leaving(self) -> bool:
        """Whether it was we who wanted the end."""
        return bool(self._leaving)

    @property
    def wire(self) -> Rift | None:
        """The connection on which we are logged in, while there is one."""
        return self._wire if self._wire is not None and not self._wire.over else None

    async def next_wire(self, wire: Rift | None) -> Rift:
        """Waits for a connection that is another one than this.

        :raises NoMore: there will be none
        """
        while self._wire is None or self._wire is wire:
            if self.over:
                raise NoMore(str(self.failure or "the session has ended"))
            await self._changed.wait()
        return self._wire

    async def tried(self) -> MinechatError | None:
        """Waits until the first attempt has logged in, which is None, or has failed, and why."""
        await self._tried.wait()
        return self._first_error

    def leave(self, reason: str) -> None:
        """When the connection ends now, it was we who wanted it."""
        self._leaving = reason

    async def keep(self, delays: Callable[[], Iterator[float]], stable_after: float) -> None:
        """Connects and connects again, until the server does not want us or a defect ends it.

        :param delays: makes the waits, anew after a connection good for ``stable_after`` seconds
        """
        try:
            await self._keep(delays, stable_after)
        except Exception as exc:  # noqa: BLE001 - a defect: whoever reads the events raises it
            self._end(None)
            self._feed.end(exc)

    async def _keep(self, delays: Callable[[], Iterator[float]], stable_after: float) -> None:
        waits, first = delays(), True
        while True:
            began = time.monotonic()
            error = await self._attempt()
            was_in = self._wire is not None
            self._set(None)
            if not self._tried.is_set():
                self._first_error = error
                self._tried.set()
            if self._is_final(error, first=first, was_in=was_in):
                self._end(error)
                return
            if was_in:
                self._feed.tell(_state("lost", error))
                if time.monotonic() - began >= stable_after:
                    waits = delays()
            first = False
            # The server's wish comes on top of our chance: not all it tells the same come together.
            delay = next(waits) + min(getattr(error, "retry_after", None) or 0.0, _LONGEST)
            self._feed.tell(_state("waiting", error, delay))
            await asyncio.sleep(delay)

    async def _attempt(self) -> MinechatError:
        """Connects once; returns why it is over."""
        self._feed.tell(StateChanged(state="connecting"))
        try:
            async with self._way(self.picture.hear) as wire:
                self._came_in(await wire.log_in(self.credentials))
                self._set(wire)
                self._tried.set()
                self._feed.tell(StateChanged(state="connected"))
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(wire.ended())
                    tasks.create_task(follow(wire, self.picture, self._work, self._catch_up))
        except MinechatError as exc:
            return exc
        except ExceptionGroup as group:
            return _worst(group)
        finally:
            self.picture.disconnected()
        raise AssertionError("a connection ended without a reason")

    def _came_in(self, answer: r.AuthSuccess) -> None:
        self.picture.nickname = answer.username or self.credentials.username or self.picture.nickname
        if answer.session is not None:
            # The password is forgotten here.
            self.credentials = Credentials(username=answer.username, session=answer.session)

    def _set(self, wire: Rift | None) -> None:
        self._wire = wire
        self._changed.set()
        self._changed = asyncio.Event()

    def _is_final(self, error: MinechatError, *, first: bool, was_in: bool) -> bool:
        if self._leaving or isinstance(error, WrongPassword | LocalError):
            return True
        if isinstance(error, Refused):
            return error.code in _FOR_GOOD or not (was_in or error.code in _NOT_NOW)
        return first and isinstance(error, _FINAL_AT_FIRST)

    def _end(self, error: MinechatError | None) -> None:
        self.over = True
        self._set(None)
        self._tried.set()
        if error is None:
            return
        self.failure = error if not self._leaving else None
        self._feed.tell(
            StateChanged(state="ended", reason=self._leaving) if self._leaving else _state("ended", error)
        )
        self._feed.end()


def _state(state: str, error: MinechatError, delay: float = 0.0) -> StateChanged:
    code = getattr(error, "code", "")
    return StateChanged(state=state, reason=safe(str(error)), code=code, delay=delay)


def _worst(group: ExceptionGroup[Exception]) -> MinechatError:
    """The one reason of a connection's end.

    :raises Exception: a defect among them
    """
    for exc in group.exceptions:
        if isinstance(exc, ProtocolViolation):
            return NotMinechat(f"the server does not speak this protocol: {exc}")
        if not isinstance(exc, MinechatError):
            raise exc
    found = group.exceptions[0]
    assert isinstance(found, MinechatError)
    return found
