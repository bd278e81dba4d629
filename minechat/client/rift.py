"""One connection of RIFT: opened within a deadline, each request matched to its answer by its id."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import count
from secrets import token_hex

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from minechat.client.address import Address
from minechat.client.reaching import Resolver, lookup
from minechat.client.rift_failures import closing_error, refusal
from minechat.client.rift_opening import close, opened
from minechat.client.tls import Tls
from minechat.errors import BadFrame, NotMinechat, ProtocolViolation, TimedOut
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.command_table import BY_COMMAND
from minechat.protocol.rift.talk import Side, Talk

#: Seconds for an answer on a connection that lives: a busy server takes its time, a dead one is found by
#: the pings before.
ANSWER = 60.0
#: Frames that are taken before everybody else gets a turn.
_AT_ONCE = 32
_AT_THE_DOOR = (r.RegisterSuccess, r.RegisterFail, r.AuthSuccess, r.AuthFail)
_FAILURES = (r.RegisterFail, r.AuthFail, r.Error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who somebody is: a name and a password, a session of before, or a token of the speak port."""

    username: str | None = None
    password: str | None = field(default=None, repr=False)
    session: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


@dataclass(slots=True)
class _Request:
    answers: tuple[type[r.Reply], ...]
    future: asyncio.Future[r.Reply]
    take: Callable[[r.Reply], None]


def _ignore(reply: r.Reply) -> None:
    pass


@asynccontextmanager
async def rift(
    host: str = "localhost",
    port: int = 8765,
    *,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    ping: float = 20.0,
    tls: Tls | None = None,
    resolve: Resolver = lookup,
    hear: Callable[[r.Reply], None] = _ignore,
) -> AsyncIterator["Rift"]:
    """A connection to a server of RIFT, on which nobody has logged in yet.

    :param timeout: seconds for looking up, connecting, TLS and the opening of the WebSocket together, and
        for each answer until one is in
    :param keepalive: seconds after which the kernel gives up what the server does not acknowledge
    :param ping: seconds between two questions whether the server lives, and for its answer
    :param tls: how to trust the server, which is settled before anything is sent; None for a plain connection
    :param hear: is told each frame that answers no request, in the order of the wire; it must not wait
    :raises InvalidInput: host or port cannot be one
    :raises CertificateUnusable: the file of authorities cannot be used
    :raises NetworkError: no connection, or none of RIFT (NotMinechat)
    :raises Refused: the server takes nobody now
    """
    address = Address(host, port)
    socket = await opened(address, timeout=timeout, keepalive=keepalive, ping=ping, tls=tls, resolve=resolve)
    wire = Rift(address, socket, timeout, hear)
    reader = asyncio.create_task(wire.read())
    try:
        yield wire
    finally:
        reader.cancel()
        await close(socket)


class Rift:
    """One connection: ``log_in``, before it ``register`` where that is wanted, then ``ask``."""

    def __init__(
        self, address: Address, socket: ClientConnection, timeout: float, hear: Callable[[r.Reply], None]
    ) -> None:
        self._address = address
        self._socket = socket
        self._timeout = timeout
        self._hear = hear
        self._talk = Talk(Side.CLIENT)
        self._requests: dict[str, _Request] = {}
        # Nobody else can guess our ids: the frame of another never passes for an answer.
        self._ids = map(f"{token_hex(4)}-{{}}".format, count(1))
        self._last_word: r.Reply | None = None
        self._failure: Exception | None = None
        self._over = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether the connection has ended."""
        return self._over.is_set()

    async def register(self, username: str, password: str) -> None:
        """A new account; ``log_in`` may follow.

        :raises Refused: the name is taken or cannot be one, the password neither, or not now
        :raises NetworkError: no usable answer; whether there is an account is unknown
        """
        await self.ask(c.Register(username=username, password=password), within=self._timeout)

    async def log_in(self, credentials: Credentials, features: tuple[str, ...] = c.FEATURES) -> r.AuthSuccess:
        """Comes in; the answer names us, and the session where one is given.

        :raises WrongPassword: nobody has this name and this password, or the session has ended
        :raises Refused: not this account, or not now
        :raises NetworkError: no usable answer
        """
        auth = c.Auth(
            username=credentials.username if credentials.password is not None else None,
            password=credentials.password,
            session=credentials.session,
            token=credentials.token,
            features=features,
        )
        answer = await self.ask(auth, within=self._timeout)
        assert isinstance(answer, r.AuthSuccess)
        return answer

    async def ask(
        self, command: c.Command, *, within: float = ANSWER, take: Callable[[r.Reply], None] = _ignore
    ) -> r.Reply:
        """The answer to a request, which is one of those that the table of commands names for it.

        :param within: seconds until it must be there
        :param take: is told the answer in its place in the order of the wire, before ``hear`` gets what
            comes behind it
        :raises Refused, WrongPassword: the server says no
        :raises NetworkError: no usable answer; whether the request was carried out is unknown
        """
        if self._failure is not None:
            raise self._failure
        command = command if command.id is not None else replace(command, id=next(self._ids))
        assert command.id is not None
        request = _Request(
            BY_COMMAND[type(command)].answers, asyncio.get_running_loop().create_future(), take
        )
        data = self._talk.send(command)
        self._requests[command.id] = request
        try:
            async with asyncio.timeout(within) as deadline:
                await self._send(data)
                return await request.future
        except TimeoutError:
            if not deadline.expired():
                raise
            raise TimedOut(f"{self._address} did not answer within {within:g} s") from None
        finally:
            del self._requests[command.id]
            if not request.future.cancel() and not request.future.cancelled():
                request.future.exception()  # looked at: the connection may have ended while it was sent

    async def ended(self) -> None:
        """Waits until the connection is over.

        :raises Refused, WrongPassword: the server gave this as its reason
        :raises NetworkError: it broke off
        :raises Exception: a defect, also one of ``hear``
        """
        await self.closed()
        assert self._failure is not None
        raise self._failure

    async def closed(self) -> None:
        """Waits until the connection is over, for whatever reason."""
        await self._over.wait()

    async def read(self) -> None:
        """Takes what the server says until the connection is over; ``rift`` runs it."""
        try:
            while True:
                for _ in range(_AT_ONCE):
                    self._take(await self._socket.recv())
                await asyncio.sleep(0)  # frames that are there already are no reason to wait for recv()
        except ConnectionClosed as exc:
            last = self._last_word
            self._end(refusal(last) if isinstance(last, _FAILURES) else closing_error(exc, self._address))
        except ProtocolViolation as exc:
            self._end(NotMinechat(f"{self._address} does not speak this protocol: {exc}"))
        except Exception as exc:  # noqa: BLE001 - a defect: all who wait raise it
            self._end(exc)

    async def _send(self, data: bytes) -> None:
        try:
            await self._socket.send(data, text=True)
        except (ConnectionClosed, OSError):
            await self.ended()  # the reader knows best why

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            raise BadFrame("a frame is not text")
        reply = self._talk.hear(frame)
        assert isinstance(reply, r.Reply)
        request = self._request_of(reply)
        # Why the connection ends, if it ends now; the refusal of a request is no reason for that.
        self._last_word = reply if reply.id is None or isinstance(reply, r.AuthFail) else None
        if request is None or request.future.done():
            self._hear(reply)
        elif isinstance(reply, _FAILURES):
            request.future.set_exception(refusal(reply))
        else:
            request.take(reply)
            request.future.set_result(reply)

    def _request_of(self, reply: r.Reply) -> _Request | None:
        if isinstance(reply, _AT_THE_DOOR):
            return next(iter(self._requests.values()), None)
        request = self._requests.get(reply.id) if reply.id is not None else None
        if request is None or not isinstance(reply, (*request.answers, r.Error)):
            return None
        return request

    def _end(self, failure: Exception) -> None:
        self._failure = failure
        self._over.set()
        for request in self._requests.values():
            if not request.future.done():
                request.future.set_exception(failure)
