"""Who hears the conversation, and how: encoded once a wire, joined once a turn of the loop."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from minechat.events import Said

logger = logging.getLogger(__name__)

Encode = Callable[[Said], bytes]


class Outlet(Protocol):
    """One reader's way out, as asyncio's transports have it. ``write`` never waits."""

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int: ...

    def abort(self) -> None: ...


class Wire:
    """All readers of one encoding. Everything one turn of the loop brought goes out in one write a reader.

    Never waits: a reader that lets more than ``send_queue`` bytes pile up is dropped,
    or the slowest would be the clock of the room.
    """

    def __init__(self, encode: Encode, send_queue: int) -> None:
        self._encode = encode
        self._send_queue = send_queue
        self._outlets: set[Outlet] = set()
        self._pending: list[bytes] = []
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._outlets)

    def add(self, outlet: Outlet) -> None:
        self._outlets.add(outlet)

    def discard(self, outlet: Outlet) -> None:
        self._outlets.discard(outlet)

    def deliver(self, batch: Sequence[Said]) -> None:
        """Queues a batch for every reader present at the end of this turn."""
        if not self._outlets:
            return
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.extend(map(self._encode, batch))

    def _flush(self) -> None:
        data = b"".join(self._pending)
        self._pending.clear()
        for outlet in self._outlets:
            outlet.write(data)
        for outlet in [one for one in self._outlets if one.get_write_buffer_size() > self._send_queue]:
            self._drop(outlet)

    def _drop(self, outlet: Outlet) -> None:
        self._outlets.discard(outlet)
        self.dropped += 1
        logger.warning("a reader was dropped: it let more than %d bytes wait", self._send_queue)
        outlet.abort()


class Audience:
    """Everybody who hears the conversation, on whatever wire."""

    def __init__(self, send_queue: int) -> None:
        self._send_queue = send_queue
        self._wires: list[Wire] = []

    def wire(self, encode: Encode) -> Wire:
        """A new wire; its readers hear all that is delivered from now on."""
        wire = Wire(encode, self._send_queue)
        self._wires.append(wire)
        return wire

    def deliver(self, batch: Sequence[Said]) -> None:
        for wire in self._wires:
            wire.deliver(batch)
