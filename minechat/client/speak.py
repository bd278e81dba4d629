"""Register, log in and say something: the talk of port 5050 as coroutines with typed answers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from minechat.client.address import Address
from minechat.client.connection import connection
from minechat.client.reaching import Resolver, lookup
from minechat.client.reader import Reader
from minechat.client.tls import Tls
from minechat.errors import (
    ConnectionLost,
    EmptyMessage,
    InvalidInput,
    MessageTooLong,
    NetworkError,
    NotMinechat,
    OutcomeUnknown,
    ProtocolViolation,
    Refused,
    TimedOut,
    UnknownToken,
)
from minechat.events import Account
from minechat.protocol import speak as talk

#: Bytes of answers read ahead; each answer is one short line.
ANSWERS = 2 * talk.LINE_LIMIT


@asynccontextmanager
async def speaking(
    host: str = "127.0.0.1",
    port: int = 5050,
    *,
    timeout: float = 10.0,
    tls: Tls | None = None,
    resolve: Resolver = lookup,
) -> AsyncIterator["Speaker"]:
    """A connection to the speak port whose server has greeted.

    :param timeout: seconds for connecting, and for each answer in all, however slowly its bytes come;
        all waiting from connecting to the account takes at most twice that
    :param tls: how to trust the server, which is settled before anything is sent; None for a plain connection
    :raises InvalidInput: host or port cannot be one
    :raises CertificateUnusable: the file of authorities cannot be used
    :raises NetworkError: no connection, no greeting, or that of another protocol (NotMinechat)
    :raises Refused: the server takes nobody now
    """
    address = Address(host, port)
    started = asyncio.get_running_loop().time()
    way = connection(address, timeout=timeout, limit=ANSWERS, tls=tls, resolve=resolve)
    async with way as (reader, writer):
        speaker = Speaker(address, reader, writer, timeout=timeout, login_began=started)
        try:
            await speaker.greeted()
        except (TimedOut, ConnectionLost) as exc:
            if tls or speaker.heard:
                raise
            raise type(exc)(f"{exc}; if it speaks TLS, give --tls or --tls-fingerprint") from None
        yield speaker


async def greets(host: str, port: int, *, timeout: float) -> bool:
    """Whether a minechat server is there, even one that takes nobody now; within twice ``timeout``."""
    try:
        async with speaking(host, port, timeout=timeout):
            return True
    except Refused:
        return True
    except NetworkError:
        return False


def check_message(text: str) -> str:
    """The text as it will be sent: newlines are ``\\n``, blank lines left out since one ends a message.

    :raises EmptyMessage: nothing but blanks
    :raises MessageTooLong: over 4096 bytes of UTF-8, 4095 in one line, or 100 lines
    :raises InvalidInput: it holds what is not text
    """
    body = talk.message_bytes(text)[:-2]
    lines = body.split(b"\n")
    if not body:
        raise EmptyMessage("the message is empty")
    if len(body) > talk.MESSAGE_LIMIT or max(map(len, lines)) >= talk.LINE_LIMIT:
        raise MessageTooLong(f"the message is {len(body)} bytes long; {talk.LINE_LIMIT - 1} fit in one")
    if len(lines) > talk.MESSAGE_LINES:
        raise MessageTooLong(f"the message has {len(lines)} lines; {talk.MESSAGE_LINES} fit in one")
    return body.decode()


class Speaker:
    """One talk with a server: first ``register`` or ``authorize``, then ``say`` as often as wanted.

    It is of no more use after a NetworkError, a failed login or a call cancelled half-way: an answer
    that comes late would pass for the answer to what is said next.
    """

    def __init__(
        self,
        address: Address,
        reader: Reader,
        writer: asyncio.StreamWriter,
        *,
        timeout: float,
        login_began: float,
    ) -> None:
        self._address = address
        self._reader = reader
        self._writer = writer
        self._timeout = timeout
        self._clock = asyncio.get_running_loop().time
        self._login_left = 2 * timeout - (self._clock() - login_began)
        self._talk = talk.Talk(talk.Side.CLIENT)
        self._turn = asyncio.Lock()
        self._broken = False

    @property
    def heard(self) -> bool:
        """Whether the server has said anything."""
        return self._talk.state is not talk.State.CONNECTED or self._talk.buffered > 0

    async def greeted(self) -> None:
        """Returns when the server has greeted; ``speaking`` has waited for that already."""
        async with self._turn:
            if self._talk.state is talk.State.CONNECTED:
                await self._login_answer(talk.Greeting)

    async def register(self, nickname: str) -> Account:
        """A new account with this nickname, decorated by the server; this connection is logged in.

        :raises InvalidInput: the nickname is not one line, or this connection has logged in
        :raises Refused: the server gives no account now
        :raises NetworkError: no usable answer; whether there is an account is unknown
        """
        talk.check_line(nickname)
        async with self._turn:
            self._require(talk.State.GREETED)
            self._send(talk.NoToken())
            await self._login_answer(talk.NicknameAsked)
            self._send(talk.Nickname(nickname))
            return _account(await self._login_answer(talk.Introduced))

    async def authorize(self, token: str) -> Account:
        """The account of this token; this connection is logged in.

        :raises InvalidInput: the token cannot be one, or this connection has logged in
        :raises UnknownToken: nobody has it; nothing more is sent, for it would register a new account
        :raises Refused: the server takes nobody now
        :raises NetworkError: no usable answer
        """
        async with self._turn:
            self._require(talk.State.GREETED)
            self._send(talk.Token(token))
            return _account(await self._login_answer(talk.Introduced, talk.TokenUnknown))

    async def say(self, text: str) -> None:
        """Says something; returns when the server has acknowledged it, which means stored.

        :raises EmptyMessage, MessageTooLong, InvalidInput: before anything is sent
        :raises Refused: the server did not take it; the connection stays of use
        :raises ConnectionLost: the connection had ended before; nothing was sent
        :raises OutcomeUnknown: it left and no answer came; saying it again may say it twice
        """
        message = talk.Message(check_message(text))
        async with self._turn:
            self._require(talk.State.INTRODUCED, talk.State.TALKING)
            self._send(message)
            try:
                answer = await self._answer(self._timeout, talk.Acknowledged, talk.NotSent)
            except NetworkError as exc:
                raise OutcomeUnknown(
                    f"the message left, but it is unknown whether it arrived: {exc}"
                ) from exc
        if isinstance(answer, talk.NotSent):
            raise Refused(answer.reason, answer.retry_after)

    async def ping(self) -> None:
        """Returns when the server has answered an empty message, which nobody hears.

        :raises NetworkError: it does not answer any more
        """
        async with self._turn:
            self._require(talk.State.INTRODUCED, talk.State.TALKING)
            self._send(talk.Message(""))
            await self._answer(self._timeout, talk.Acknowledged, talk.NotSent)

    async def ended(self) -> None:
        """Waits until the server, or ``close``, has ended the connection."""
        await self._reader.ended.wait()

    def close(self) -> None:
        """Ends the connection; what has left is on its way."""
        self._writer.close()

    def _require(self, *states: talk.State) -> None:
        if self._broken or self._talk.state is talk.State.CLOSED:
            raise ConnectionLost(f"the talk with {self._address} has ended; nothing was sent")
        if self._talk.state not in states:
            raise InvalidInput(f"not now: {self._talk.state.value}; nothing was sent")
        if self._reader.at_eof() or self._writer.is_closing():
            raise ConnectionLost(f"{self._address} had ended the connection; nothing was sent")

    def _send(self, event: talk.Event) -> None:
        # No drain: at most one message of a few kilobytes is under way, and its answer is awaited.
        self._writer.write(self._talk.send(event))

    async def _login_answer(self, *wanted: type) -> talk.Event:
        began = self._clock()
        event = await self._answer(min(self._timeout, self._login_left), talk.NotSent, *wanted)
        self._login_left -= self._clock() - began
        if isinstance(event, talk.NotSent):
            raise Refused(event.reason, event.retry_after)
        return event

    async def _answer(self, within: float, *wanted: type) -> talk.Event:
        """The server's next event of the wanted types, within so many seconds in all."""
        self._broken = True
        try:
            async with asyncio.timeout(within):
                while (event := self._talk.next_event()) is None or not isinstance(event, wanted):
                    if event is None:
                        await self._receive()
        except TimeoutError:
            raise TimedOut(f"{self._address} did not answer within {max(0.0, within):.3g} s") from None
        except ProtocolViolation as exc:
            raise NotMinechat(f"{self._address} does not speak this protocol: {exc}") from None
        self._broken = False
        return event

    async def _receive(self) -> None:
        data = await self._reader.read(ANSWERS)
        if not data:
            raise ConnectionLost(f"{self._address} ended the connection")
        self._talk.receive(data)


def _account(answer: talk.Event) -> Account:
    if isinstance(answer, talk.Introduced):
        return answer.account
    raise UnknownToken("the server does not know this token; check it or register anew")
