"""The listen port: every reader hears the conversation from now on; what it sends is ignored."""

import asyncio

from minechat.protocol.lines import begins_as_http
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.gate import Gate
from minechat.server.wires import Wire

#: Bytes a reader may send before it is taken for something else and closed.
IGNORED = 1024


class ListenDoor(Entrance, asyncio.Protocol):
    """One connection of the listen port."""

    PORT = "read"

    def __init__(self, wire: Wire, gate: Gate) -> None:
        super().__init__(gate)
        self._wire = wire
        self._received = b""

    def entered(self, transport: asyncio.Transport, source: str) -> None:
        self._outlet = self._wire.add(transport)

    def data_received(self, data: bytes) -> None:
        self._received += data[: IGNORED + 1]
        if len(self._received) > IGNORED or begins_as_http(self._received):
            self._wire.discard(self._outlet)
            self._outlet.abort()  # close() would wait for a reader that takes nothing

    def pause_writing(self) -> None:
        self._outlet.pause()

    def resume_writing(self) -> None:
        self._outlet.resume()

    def eof_received(self) -> bool:
        # A reader that has nothing to say (nc with its input closed) still listens. One that went away
        # looks the same until something is said, and in a quiet chat such would use up all places.
        self.doubtful()
        return True

    def left(self, exc: Exception | None) -> None:
        self._wire.discard(self._outlet)
