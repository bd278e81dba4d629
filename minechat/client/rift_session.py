"""Somebody's presence on a server of RIFT, which survives reconnects without a gap and without a double."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from uuid import uuid4

from minechat.client import backoff
from minechat.client import rift_messages as m
from minechat.client.address import Address
from minechat.client.feed import Feed
from minechat.client.reaching import Resolver, lookup
from minechat.client.rift import Credentials, Rift, rift
from minechat.client.rift_keeping import Keeping, NoMore
from minechat.client.rift_orders import NAMES, checked, order
from minechat.client.session import History, Message, SessionEvent
from minechat.client.tls import Tls
from minechat.errors import ConnectionLost, MinechatError, NetworkError, OutcomeUnknown, Rejected
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r

#: Seconds in which a message must be stored, over however many connections.
PATIENCE = 90.0
#: Messages of one place that are told of what was missed; older ones come by history.
CATCH_UP = 1000


class RiftSession:
    """A ``Session`` over RIFT, made by ``rift_session``.

    :ivar marks: the number of the last message of each place that was read, kept up by the screen
    """

    abilities = frozenset({"whisper", "history", *NAMES})

    def __init__(self, keeping: Keeping, feed: Feed, marks: dict[str, int], patience: float) -> None:
        self.marks = marks
        self._keeping = keeping
        self._feed = feed
        self._patience = patience
        self._turn = asyncio.Lock()

    @property
    def nickname(self) -> str:
        """Who we are; "" before the first login where that was by a session or a token."""
        return self._keeping.picture.nickname or self._keeping.credentials.username or ""

    @property
    def session(self) -> str | None:
        """What to remember in place of a password, as soon as we are connected."""
        return self._keeping.credentials.session

    @property
    def logged_out(self) -> bool:
        """Whether we have ended the session at the server: what was remembered of it is worth nothing."""
        return self._keeping.leaving

    @property
    def failure(self) -> MinechatError | None:
        """Why the session has ended, where that was not our wish."""
        return self._keeping.failure

    async def tried(self) -> MinechatError | None:
        """Waits for the end of the first attempt: None where it has logged in, else why it has not.

        Where ``failure`` is set then there will be no other attempt.
        """
        return await self._keeping.tried()

    def events(self) -> AsyncIterator[SessionEvent]:
        return self._feed.events()

    async def say(self, place: str, text: str, *, key: str | None = None) -> Message:
        key = key or uuid4().hex
        command: c.RoomMessage | c.PrivateMessage = c.RoomMessage(id=key, room=place, text=text)
        if place.startswith("@"):
            command = c.PrivateMessage(id=key, to=place[1:], text=text)
        checked(command)
        self._require_wire()
        wire: Rift | None = None
        reason = f"no answer within {self._patience:g} s"
        try:
            async with asyncio.timeout(self._patience) as deadline, self._turn:
                while True:
                    wire = await self._keeping.next_wire(wire)
                    if (message := await self._said(wire, command)) is not None:
                        return message
        except TimeoutError:
            if not deadline.expired():
                raise
        except (NetworkError, NoMore) as exc:
            reason = str(exc)
        raise _unsaid(wire is not None, reason)

    async def _said(self, wire: Rift, command: c.RoomMessage | c.PrivateMessage) -> Message | None:
        """Says it on one connection; None when that broke off before the answer."""
        told: list[Message] = []

        def take(stored: r.Reply) -> None:
            assert isinstance(stored, r.MessageStored | r.PrivateMessageSent)
            told.append(m.own(stored, command.text, self.nickname, command.id or ""))
            self._keeping.picture.said(told[0])

        try:
            await wire.ask(command, within=self._patience, take=take)
        except (NetworkError, Rejected) as exc:
            if getattr(exc, "code", "") == "stopping":
                await wire.closed()  # and then said again: it was not stored
            if not wire.over:
                raise
            return None
        return told[0]

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        user = place[1:] if place.startswith("@") else None
        room = place if user is None else None
        command = c.GetHistory(room=room, user=user, before=before, after=after, limit=limit)
        page = await self._asked(checked(command))
        assert isinstance(page, r.History)
        return History(messages=tuple(m.entry(one, self.nickname) for one in page.messages), more=page.more)

    async def order(self, name: str, **fields: Any) -> Any:
        """:returns: the answer as ``minechat.protocol.rift.replies`` has it"""
        command = order(name, fields)

        def take(reply: r.Reply) -> None:
            if isinstance(reply, r.Room):
                self._keeping.picture.joined(reply.info)
            elif isinstance(command, c.LeaveRoom):
                self._keeping.picture.left(command.room)
            elif isinstance(command, c.LogOut):
                self._keeping.leave("logged out")

        return await self._asked(command, take)

    async def _asked(
        self, command: c.Command, take: Callable[[r.Reply], None] = lambda reply: None
    ) -> r.Reply:
        wire = self._require_wire()
        try:
            return await wire.ask(command, take=take)
        except Rejected as exc:
            if not wire.over:
                raise
            # What the server said when it ended the connection is no answer to this.
            raise ConnectionLost(str(exc)) from None

    def _require_wire(self) -> Rift:
        if (wire := self._keeping.wire) is not None:
            return wire
        if self.failure is not None:
            raise self.failure
        raise ConnectionLost("not connected; nothing was sent")


@asynccontextmanager
async def rift_session(
    host: str,
    port: int,
    credentials: Credentials,
    *,
    marks: Mapping[str, int] | None = None,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    ping: float = 20.0,
    tls: Tls | None = None,
    patience: float = PATIENCE,
    catch_up: int = CATCH_UP,
    delays: Callable[[], Iterator[float]] = backoff.delays,
    stable_after: float = 30.0,
    resolve: Resolver = lookup,
) -> AsyncIterator[RiftSession]:
    """A session that begins to connect at once; what is not named here means what it does in ``rift``.

    :param marks: the number of the last message of each place that was read before; a place without one
        begins at its last message
    :param patience: seconds until ``say`` gives a message up
    :param catch_up: the most messages of one place that are told of what was missed
    :param delays: makes the waits between attempts, anew after a connection good for ``stable_after`` seconds
    :raises InvalidInput: host or port cannot be one
    """
    Address(host, port)

    def way(hear: Callable[[r.Reply], None]) -> AbstractAsyncContextManager[Rift]:
        return rift(
            host, port, timeout=timeout, keepalive=keepalive, ping=ping, tls=tls, resolve=resolve, hear=hear
        )

    feed = Feed()
    kept = dict(marks or {})
    keeping = Keeping(way, credentials, feed, kept, catch_up)
    task = asyncio.create_task(keeping.keep(delays, stable_after))
    try:
        yield RiftSession(keeping, feed, kept, patience)
    finally:
        task.cancel()
        await asyncio.wait([task])
        feed.end()


def _unsaid(left: bool, reason: str) -> NetworkError:
    if left:
        return OutcomeUnknown(f"the message left, but it is unknown whether it arrived: {reason}")
    return ConnectionLost(f"nothing was sent: {reason}")
