"""The conversation as an async iterator that survives reconnects."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, aclosing

from minechat.client import backoff
from minechat.client.address import Address
from minechat.client.connection import connection
from minechat.client.reaching import Resolver, lookup
from minechat.client.tls import Tls
from minechat.errors import ConnectionLost, HostUnknown, NetworkError, TlsNotTrusted
from minechat.events import Connected, LinesSkipped, Lost, Retrying, Said
from minechat.protocol.lines import NEWLINE, WholeLines
from minechat.protocol.listen import LINE_LIMIT, decode

State = Connected | Lost | Retrying | LinesSkipped

#: Bytes of one read. A StreamReader brings 9 to 11 million lines of 80 bytes a second here (loopback), a
#: BufferedProtocol 11 to 13: next to what screen and history take not worth code of our own.
BLOCK = 256 * 1024
_FINAL = (HostUnknown, TlsNotTrusted)  # when the very first attempt meets it: waiting does not mend it


def listening(
    host: str = "127.0.0.1",
    port: int = 5000,
    *,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    retry: int | None = None,
    tls: Tls | None = None,
) -> AbstractAsyncContextManager[AsyncIterator[Said | State]]:
    """What is said, message by message, and each change of the connection's state; see ``blocks``.

    The text is as it was said: make it safe before it meets a terminal.
    """
    heard = blocks(host, port, timeout=timeout, keepalive=keepalive, retry=retry, tls=tls)

    async def one_by_one() -> AsyncGenerator[Said | State, None]:
        async with heard as items:
            async for item in items:
                if isinstance(item, bytes):
                    for line in item.split(NEWLINE)[:-1]:
                        yield decode(line)
                else:
                    yield item

    return aclosing(one_by_one())


def blocks(
    host: str = "127.0.0.1",
    port: int = 5000,
    *,
    timeout: float = 10.0,
    keepalive: float = 60.0,
    retry: int | None = None,
    tls: Tls | None = None,
    delays: Callable[[], Iterator[float]] = backoff.delays,
    stable_after: float = 30.0,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    resolve: Resolver = lookup,
) -> AbstractAsyncContextManager[AsyncIterator[bytes | State]]:
    """Whole lines as bytes, many at once, and each change of the connection's state.

    A block holds raw lines, each with its newline. What nobody asks for stays in the kernel and holds the
    server back. Silence is no reason to reconnect: the kernel's keepalive finds a dead peer. A line of
    over 64 KiB is left out and reported.

    :param retry: attempts in a row after the first one fails or a connection is lost; None for ever
    :param tls: how to trust the server; None for a plain connection
    :param delays: makes the waits between attempts, anew after a connection good for ``stable_after`` seconds
    :raises InvalidInput: at once, when host or port cannot be one
    :raises HostUnknown, TlsNotTrusted: at the very first attempt
    :raises CertificateUnusable: the file of authorities cannot be used
    :raises NetworkError: the last one, when no attempt is left
    """
    address = Address(host, port)

    async def conversation() -> AsyncGenerator[bytes | State, None]:
        failures, waits = 0, delays()
        while True:
            lines, since = WholeLines(LINE_LIMIT), None
            try:
                way = connection(address, timeout=timeout, keepalive=keepalive, tls=tls, resolve=resolve)
                async with way as (reader, _):
                    since = clock()
                    yield Connected(str(address))
                    while data := await reader.read(BLOCK):
                        for item in _heard(lines, data):
                            yield item
                error: NetworkError = ConnectionLost(f"{address} ended the connection")
            except NetworkError as exc:
                error = exc
            if since is not None:
                if clock() - since >= stable_after:
                    failures, waits = 0, delays()
                yield Lost(str(error), lines.partial)
            failures += 1
            if (retry is not None and failures > retry) or (failures == 1 and isinstance(error, _FINAL)):
                raise error
            delay = next(waits)
            yield Retrying(str(error), delay)
            await sleep(delay)

    return aclosing(conversation())


def _heard(lines: WholeLines, data: bytes) -> Iterator[bytes | State]:
    skipped = lines.skipped
    if block := lines.feed(data):
        yield block
    if lines.skipped > skipped:
        yield LinesSkipped(lines.skipped - skipped)
