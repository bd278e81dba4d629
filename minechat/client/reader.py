"""A stream reader that keeps what arrived before the connection broke."""

import asyncio

from minechat.client.address import Address
from minechat.client.failures import network_error


class Reader(asyncio.StreamReader):
    """Gives all that arrived before a failure, and only then the failure, as a NetworkError.

    asyncio's own reader forgets what it holds when the peer resets the connection: the last lines of a
    conversation, or the refusal that explains the reset.
    """

    def __init__(self, address: Address, limit: int) -> None:
        super().__init__(limit)
        self._address = address
        self._failure: Exception | None = None
        #: Set when nothing more will come, whether what came was read or not.
        self.ended = asyncio.Event()

    def feed_eof(self) -> None:
        super().feed_eof()
        self.ended.set()

    def set_exception(self, exc: Exception) -> None:
        self._failure = exc
        self.feed_eof()

    async def read(self, n: int = -1) -> bytes:
        data = await super().read(n)
        if not data and isinstance(self._failure, OSError):
            raise network_error(self._failure, self._address)
        return data
