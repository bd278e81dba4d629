"""Somebody's presence in the two-socket chat: one connection that listens, one that speaks."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from minechat.client import backoff, listen, tail
from minechat.client.address import Address
from minechat.client.feed import Feed
from minechat.client.history import History as HistoryFile
from minechat.client.lines_speaking import Speaking
from minechat.client.records import Read
from minechat.client.session import (
    GENERAL,
    Happened,
    History,
    Message,
    Place,
    PlacesChanged,
    SessionEvent,
    StateChanged,
)
from minechat.client.speak import check_message
from minechat.client.stamping import stamped
from minechat.client.tls import Tls
from minechat.errors import HistoryUnusable, InvalidInput, MinechatError, NetworkError
from minechat.events import Connected, LinesSkipped, Lost, Said
from minechat.protocol.lines import NEWLINE
from minechat.protocol.listen import decode, encode
from minechat.text import safe, safe_nick

LISTEN, SPEAK = "listen", "speak"
Heard = AbstractAsyncContextManager[AsyncIterator[bytes | listen.State]]


@dataclass(frozen=True, slots=True)
class Kept:
    """The history file of a session.

    :param path: where the file is, to read its past from
    :param stamp: the time as it begins a record
    :param gap: what a record says of a change of the connection; None where it says nothing
    :param time_of: seconds since 1970 of such a stamp; None where that cannot be told
    """

    file: HistoryFile
    path: str
    stamp: Callable[[], str]
    gap: Callable[[listen.State], str | None]
    time_of: Callable[[str], float | None]


class LineSession:
    """A ``Session`` over the listen port and the speak port, made by ``line_session``.

    :ivar failure: why nothing can be heard any more
    """

    abilities = frozenset({"history"})

    def __init__(self, speaking: Speaking, feed: Feed, kept: Kept | None, began: int) -> None:
        self.marks: dict[str, int] = {}
        self.failure: MinechatError | None = None
        self._speaking = speaking
        self._feed = feed
        self._kept = kept
        self._began = began
        self._listens = False

    @property
    def nickname(self) -> str:
        """Who we are; "" until the speak port has told."""
        return self._speaking.nickname

    def events(self) -> AsyncIterator[SessionEvent]:
        return self._feed.events()

    async def say(self, place: str, text: str, *, key: str | None = None) -> Message:
        if place != GENERAL:
            raise InvalidInput(f"this chat has one room, {GENERAL}")
        body = check_message(text)
        await self._speaking.say(body)
        message = Message(place=GENERAL, nick=self.nickname, text=body, time=time.time(), mine=True)
        if not self._listens:
            # Nobody will tell us what we said.
            await self._heard(encode(Said(self.nickname, body)))
        return message

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        """What was kept before this session began, which needs no connection; numbers are places in a file.

        :raises HistoryUnusable: the file cannot be read
        """
        if place != GENERAL:
            raise InvalidInput(f"this chat has one room, {GENERAL}")
        if self._kept is None:
            return History(messages=(), more=False)
        if after is None:
            end = self._began if before is None else min(before - 1, self._began)
            start, block = await tail.records_before(self._kept.path, end, limit)
            more = start > 0
        else:
            start = (await self._after(after)) if after else 0
            block = await tail.records_after(self._kept.path, start, limit)
            block = block[: max(0, self._began - start)]
            more = start + len(block) < self._began
        read = Read(self._kept.time_of, safe_nick(self.nickname))
        return History(messages=read.messages(_numbered(start, block)), more=more)

    async def _after(self, number: int) -> int:
        """Where the record behind this one begins."""
        assert self._kept is not None
        return number - 1 + len(await tail.records_after(self._kept.path, number - 1, 1))

    async def order(self, name: str, **fields: Any) -> Any:
        raise InvalidInput(f"this chat has no {name!r}")

    async def hear(self, blocks: AsyncIterator[bytes | listen.State]) -> None:
        """Tells and keeps what is said until there is nothing to hear any more."""
        self._feed.tell(PlacesChanged(places=(Place(name=GENERAL),)))
        self._state("connecting")
        async for item in blocks:
            if isinstance(item, bytes):
                await self._heard(item)
            else:
                await self._changed(item)

    async def _heard(self, block: bytes) -> None:
        now, mine = time.time(), safe_nick(self.nickname)
        if self._kept is not None:
            await self._kept.file.append(stamped(block, self._kept.stamp().encode()))
        self._feed.tell_messages(
            Message(
                place=GENERAL,
                nick=said.nick,
                text=said.text,
                time=now,
                mine=bool(mine) and said.nick is not None and safe_nick(said.nick) == mine,
            )
            for said in map(decode, block.split(NEWLINE)[:-1])
        )

    async def _changed(self, state: listen.State) -> None:
        if self._kept is not None and (gap := self._kept.gap(state)):
            await self._kept.file.gap(gap)
        self._listens = isinstance(state, Connected) or (self._listens and isinstance(state, LinesSkipped))
        if isinstance(state, Connected):
            self._state("connected")
        elif isinstance(state, Lost):
            self._state("lost", state.reason)
        elif isinstance(state, LinesSkipped):
            self._feed.tell(Happened(place=GENERAL, event="lines_skipped", detail=str(state.count)))
        else:
            self._state("waiting", state.reason, state.delay)

    def ended(self, failure: MinechatError) -> None:
        """Nothing will be heard any more."""
        self.failure = failure
        self._state("ended", str(failure))

    def _state(self, state: str, reason: str = "", delay: float = 0.0) -> None:
        self._feed.tell(StateChanged(state=state, reason=safe(reason), delay=delay, link=LISTEN))


@asynccontextmanager
async def line_session(
    host: str,
    port: int,
    speak_port: int,
    token: str | None,
    *,
    kept: Kept | None = None,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    ping: float = 20.0,
    tls: Tls | None = None,
    delays: Callable[[], Iterator[float]] = backoff.delays,
    stable_after: float = 30.0,
) -> AsyncIterator[LineSession]:
    """A session that begins to connect at once.

    :param token: ours for the speak port; None only listens
    :param kept: the history file, which gets what is heard; None keeps nothing
    :param timeout: seconds for a connection, and for each answer of the speak port
    :param ping: seconds between two questions whether the speak port lives
    :param delays: makes the waits between attempts of each connection, anew after one good for
        ``stable_after`` seconds
    :raises InvalidInput: host or port cannot be one
    :raises HistoryUnusable: the history file cannot be read
    """
    feed = Feed()
    speaking = Speaking(Address(host, speak_port), token, _teller(feed), timeout=timeout, tls=tls)
    began = await tail.end_of(kept.path) if kept is not None else 0
    session = LineSession(speaking, feed, kept, began)
    terms = {"timeout": timeout, "keepalive": keepalive, "tls": tls, "delays": delays}
    heard = listen.blocks(host, port, stable_after=stable_after, **terms)  # type: ignore[arg-type]
    async with _going_on(feed, _listening(session, heard), speaking.keep(delays, stable_after, ping)):
        yield session


async def _listening(session: LineSession, heard: Heard) -> None:
    try:
        async with heard as blocks:
            await session.hear(blocks)
    except (NetworkError, HistoryUnusable) as exc:
        session.ended(exc)


@asynccontextmanager
async def _going_on(feed: Feed, *work: Awaitable[None]) -> AsyncIterator[None]:
    """Works while the block runs; its end is the end of the feed."""
    tasks = [asyncio.create_task(_guarded(one, feed)) for one in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        feed.end()


def _teller(feed: Feed) -> Callable[[str, str, float], None]:
    def tell(state: str, reason: str = "", delay: float = 0.0) -> None:
        feed.tell(StateChanged(state=state, reason=safe(reason), delay=delay, link=SPEAK))

    return tell


async def _guarded(work: Awaitable[None], feed: Feed) -> None:
    try:
        await work
    except Exception as exc:  # noqa: BLE001 - a defect: whoever reads the events raises it
        feed.end(exc)


def _numbered(start: int, block: bytes) -> Iterator[tuple[int, bytes]]:
    """Each record with its number: where it begins in the file, counted from 1."""
    for line in block.split(b"\n")[:-1]:
        yield start + 1, line
        start += len(line) + 1
