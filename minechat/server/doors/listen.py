"""The listen port: every reader hears the conversation from now on; what it sends is ignored."""

import asyncio
from typing import cast

from minechat import system
from minechat.protocol.lines import begins_as_http
from minechat.server.audience import Wire
from minechat.server.doors.gate import Gate, source_of

#: Bytes a reader may send before it is taken for something else and closed.
IGNORED = 1024
KEEPALIVE = 60.0


class ListenDoor(asyncio.Protocol):
    """One connection of the listen port."""

    def __init__(self, wire: Wire, gate: Gate, present: set[asyncio.Transport]) -> None:
        self._wire = wire
        self._gate = gate
        self._present = present
        self._received = b""
        self._source: str | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        source = source_of(transport.get_extra_info("peername"))
        if not self._gate.admit(source):
            self._transport.abort()
            return
        self._source = source
        system.keepalive(transport.get_extra_info("socket"), KEEPALIVE)
        self._present.add(self._transport)
        self._wire.add(self._transport)

    def data_received(self, data: bytes) -> None:
        self._received += data[: IGNORED + 1]
        if len(self._received) > IGNORED or begins_as_http(self._received):
            self._wire.discard(self._transport)
            self._transport.close()

    def eof_received(self) -> bool:
        # A reader that has nothing to say (nc with its input closed) still listens. One that went away
        # looks the same until something is said, and in a quiet chat such would use up all places.
        if self._source is not None:
            self._gate.doubt(self._source, self._transport)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self._wire.discard(self._transport)
        self._present.discard(self._transport)
        if self._source is not None:
            self._gate.leave(self._source, self._transport)
