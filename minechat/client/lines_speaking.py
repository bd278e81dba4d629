"""The connection of a two-socket session that speaks: kept, pinged and opened again."""

import asyncio
import time
from collections.abc import Callable, Iterator

from minechat.client.address import Address
from minechat.client.speak import Speaker, speaking
from minechat.client.tls import Tls
from minechat.errors import (
    ConnectionLost,
    HostUnknown,
    InvalidInput,
    MinechatError,
    NetworkError,
    Refused,
    TlsNotTrusted,
    UnknownToken,
)

#: Tells a state, its reason and the delay of the next attempt.
Tell = Callable[[str, str, float], None]

#: The longest wait that a server may ask for, in seconds.
_LONGEST = 600.0
_FINAL_AT_FIRST = (HostUnknown, TlsNotTrusted)


class Speaking:
    """Somebody's way to the speak port.

    :param token: who it is; None says nothing and is told so
    :ivar nickname: as the server calls its owner; "" before it has
    """

    def __init__(
        self, address: Address, token: str | None, tell: Tell, *, timeout: float, tls: Tls | None
    ) -> None:
        self.nickname = ""
        self._address = address
        self._token = token
        self._tell = tell
        self._timeout = timeout
        self._tls = tls
        self._speaker: Speaker | None = None
        self._was_in = False
        self._failure: MinechatError | None = None

    async def say(self, text: str) -> None:
        """Says something; returns when it is acknowledged.

        :raises Refused, OutcomeUnknown: as ``Speaker.say`` does
        :raises ConnectionLost: there is no connection now; nothing was sent
        :raises UnknownToken: there will be none
        """
        speaker = self._speaker
        if speaker is None:
            raise self._failure or ConnectionLost("not connected to the speak port; nothing was sent")
        try:
            await speaker.say(text)
        except (Refused, InvalidInput):
            raise
        except BaseException:
            # An answer that comes late would pass for the next one's.
            self._speaker = None
            speaker.close()
            raise

    async def keep(self, delays: Callable[[], Iterator[float]], stable_after: float, ping: float) -> None:
        """Logs in, pings, waits and logs in again, until the server does not know the token."""
        if self._token is None:
            self._end(UnknownToken("there is no token; register to speak"))
            return
        waits, first = delays(), True
        while True:
            began, self._was_in = time.monotonic(), False
            self._tell("connecting", "", 0.0)
            error = await self._attempt(self._token, ping)
            self._speaker = None
            if isinstance(error, UnknownToken) or (first and isinstance(error, _FINAL_AT_FIRST)):
                self._end(error)
                return
            if self._was_in:
                self._tell("lost", str(error), 0.0)
                if time.monotonic() - began >= stable_after:
                    waits = delays()
            first = False
            delay = next(waits) + min(getattr(error, "retry_after", None) or 0.0, _LONGEST)
            self._tell("waiting", str(error), delay)
            await asyncio.sleep(delay)

    async def _attempt(self, token: str, ping: float) -> MinechatError:
        """One connection; why it is over."""
        try:
            way = speaking(self._address.host, self._address.port, timeout=self._timeout, tls=self._tls)
            async with way as speaker:
                self.nickname = (await speaker.authorize(token)).nickname
                self._speaker, self._was_in = speaker, True
                self._tell("connected", "", 0.0)
                await _pinged(speaker, ping)
            return ConnectionLost(f"{self._address} ended the connection")
        except (NetworkError, Refused, UnknownToken) as exc:
            return exc

    def _end(self, failure: MinechatError) -> None:
        self._failure = failure
        self._tell("ended", str(failure), 0.0)


async def _pinged(speaker: Speaker, every: float) -> None:
    """Asks now and then whether the server lives, until it has ended the connection."""
    while True:
        try:
            async with asyncio.timeout(every):
                await speaker.ended()
                return
        except TimeoutError:
            await speaker.ping()
