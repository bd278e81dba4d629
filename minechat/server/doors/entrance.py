"""The entrance of both ports: who is let in is counted, whoever leaves is counted out, once each."""

import asyncio
from abc import ABC, abstractmethod
from typing import cast

from minechat import system
from minechat.server.doors.gate import Gate, source_of

#: Seconds of silence after which the kernel asks whether a peer still lives.
KEEPALIVE = 60.0


class Entrance(asyncio.BaseProtocol, ABC):
    """The part of a connection that every door has. A door adds ``entered`` and ``left``.

    ``entered`` is called at most once, when the gate let the connection in; ``left`` at most once, after it.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self._source: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        source = source_of(transport.get_extra_info("peername"))
        if not self.gate.admit(source):
            self._transport.abort()
            return
        self._source = source
        system.keepalive(transport.get_extra_info("socket"), KEEPALIVE)
        self.entered(self._transport, source)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._source is None:
            return
        source, self._source = self._source, None
        try:
            self.left(exc)
        finally:
            self.gate.leave(source, self._transport)

    @abstractmethod
    def entered(self, transport: asyncio.Transport, source: str) -> None: ...

    @abstractmethod
    def left(self, exc: Exception | None) -> None: ...
