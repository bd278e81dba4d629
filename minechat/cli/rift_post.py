"""Posts to RIFT without a person: from -m or standard input, each message counted when it is stored."""

import asyncio
import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Any

from minechat.cli.delivery import Run
from minechat.cli.report import warn
from minechat.cli.results import put, utf8_stdout
from minechat.cli.rift_modes import destination
from minechat.cli.rift_outcomes import partly, stopped, untold
from minechat.cli.rift_words import RiftWords
from minechat.cli.source import StandardInput
from minechat.cli.typed import RiftOptions
from minechat.client.rift_orders import checked
from minechat.client.session import Session
from minechat.client.transcript import json_line
from minechat.errors import BadFrame, EmptyMessage, InvalidInput, MinechatError, Refused
from minechat.protocol.rift.commands import GENERAL, PrivateMessage, RoomMessage
from minechat.protocol.rift.strict import loads
from minechat.text import exact_json


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A text and where it goes: a room, or ``@name``."""

    place: str
    text: str


def outgoing(place: str, text: str, words: RiftWords) -> Outgoing:
    """A message, if a server may take it.

    :raises InvalidInput: it may not; nothing was sent
    """
    words.check(text)
    if place.startswith("@"):
        checked(PrivateMessage(to=place[1:], text=text))
    else:
        checked(RoomMessage(room=place, text=text))
    return Outgoing(place, text)


async def known_messages(
    options: RiftOptions, typed: StandardInput, words: RiftWords, *, required: bool
) -> list[Outgoing] | None:
    """The messages that are there before anything is sent; None when they come line by line.

    :param required: whether it is an error when there is none
    :raises InvalidInput: one of them cannot be sent
    """
    place = destination(options)
    if options.message:
        return [outgoing(place, text, words) for text in options.message]
    if options.lines:
        return None
    text = (await typed.rest()).removesuffix("\n").removesuffix("\r")
    if text.strip():
        return [outgoing(place, text, words)]
    if required:
        raise EmptyMessage(words("nothing_to_send"))
    return []


async def typed_messages(
    options: RiftOptions, typed: StandardInput, words: RiftWords, *, required: bool
) -> AsyncIterator[Outgoing]:
    """Each line of standard input as it arrives: a text, or with --json an object.

    :raises EmptyMessage: the input ended without one, and one is required
    :raises InvalidInput: a line cannot be sent
    """
    place = destination(options)
    async for line in typed.lines(required=False):
        required = False
        yield _object(line, place, words) if options.json else outgoing(place, line, words)
    if required:
        raise EmptyMessage(words("nothing_to_send"))


async def each(messages: list[Outgoing]) -> AsyncIterator[Outgoing]:
    """The messages one by one."""
    for message in messages:
        yield message


class Post(Run[Outgoing]):
    """Sends messages in a session, which is connected or comes back soon."""

    def __init__(
        self, session: Session, options: RiftOptions, words: RiftWords, *, quiet: bool = False
    ) -> None:
        super().__init__()
        self._words = words
        self._session = session
        self._options = options
        # Beside messages on stdout acknowledgements would be the same once more.
        self._quiet = quiet

    async def send(self, message: Outgoing) -> None:
        """Sends one message and waits until it is stored; a public room is joined for it.

        :raises MinechatError: as ``Session.say``
        :raises OutputUnusable: it is stored, but stdout does not take that
        """
        try:
            said = await self._said(message)
        except asyncio.CancelledError:
            warn(self._options.program, stopped(self._words, self.sent))
            raise
        self.sent += 1
        if self._options.json and not self._quiet:
            put(json_line(said, self.sent, exact_json if utf8_stdout() else json.dumps))

    async def deliver(self, messages: AsyncIterable[Outgoing], total: int | None = None) -> None:
        """Sends them all and says on stderr how many were stored."""
        await self.send_all(messages, total=total)
        if self.sent and not (self._options.quiet or self._quiet):
            warn(self._options.program, self._words.count("sent", self.sent, name=self._session.nickname))

    def untold(self, error: MinechatError, total: int | None) -> str:
        return untold(self._words, self.sent, total, str(error))

    def partly(self, error: MinechatError, total: int | None) -> str:
        return partly(self._words, self.sent, total, self._words.reason(error))

    async def _said(self, message: Outgoing) -> Any:
        try:
            return await self._session.say(message.place, message.text)
        except Refused as error:
            if error.code != "not_member" or message.place in (GENERAL, ""):
                raise
        await self._session.order("join_room", room=message.place)
        return await self._session.say(message.place, message.text)


def _object(line: str, place: str, words: RiftWords) -> Outgoing:
    try:
        given = loads(line)
    except BadFrame:
        given = None
    match given:
        case {"text": str() as text, "to": str() as to}:
            return outgoing(f"@{to.removeprefix('@')}", text, words)
        case {"text": str() as text, "room": str() as room}:
            return outgoing(room, text, words)
        case {"text": str() as text, **others} if not {"to", "room"} & set(others):
            return outgoing(place, text, words)
    raise InvalidInput(words("not_an_object"))
