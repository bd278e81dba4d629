"""Who hears the conversation, and how: encoded once a wire, joined once a turn of the loop."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic

from minechat.events import Said
from minechat.server.figures import Figures
from minechat.server.log import event
from minechat.server.outlets import Outlet, Write, fastest
from minechat.server.settings import Limits
from minechat.server.slow import Backlog

Encode = Callable[[Said], bytes]


class Wire:
    """All readers of one encoding. Everything one turn of the loop brought goes out in one write a reader.

    Never waits for a reader: what one does not take at once waits in its outlet, and the backlog judges it.
    """

    def __init__(
        self,
        encode: Encode,
        backlog: Backlog,
        figures: Figures,
        clock: Callable[[], float],
        write: Write,
    ) -> None:
        self._encode = encode
        self._write_each = write
        self._backlog = backlog
        self._figures = figures
        self._clock = clock
        self._direct: dict[int, Outlet] = {}  # by descriptor: nothing waits for them
        self._others: dict[Outlet, None] = {}
        self._pending: list[bytes] = []
        self._since = 0.0
        self._deserted: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self._direct) + len(self._others)

    @property
    def waiting(self) -> int:
        """Bytes that wait for its readers."""
        return sum(outlet.waiting for outlet in self._others)

    def add(self, transport: asyncio.Transport) -> Outlet:
        """A new reader. Its connection tells the outlet of pauses, and the wire when it is lost.

        Before the transport closes its descriptor, that is: another connection may get the same number.
        """
        outlet = Outlet(transport, self._caught_up)
        self._caught_up(outlet)
        if self._deserted is not None:
            outlet.close()
        return outlet

    def discard(self, outlet: Outlet) -> None:
        """This reader hears nothing more; no harm if it was discarded before."""
        if outlet.descriptor is not None and self._direct.get(outlet.descriptor) is outlet:
            del self._direct[outlet.descriptor]
        self._others.pop(outlet, None)
        self._backlog.discard(outlet)
        if self._deserted is not None and not len(self):
            self._deserted.set()

    async def close(self, deadline: float) -> None:
        """Closes every reader. Whoever has something waiting gets ``deadline`` seconds to take it."""
        if self._pending:
            self._flush()
        self._deserted = asyncio.Event()
        for outlet in self._readers():
            outlet.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline if len(self) else 0):
                await self._deserted.wait()
        for outlet in self._readers():
            outlet.abort()

    def _readers(self) -> list[Outlet]:
        return [*self._direct.values(), *self._others]

    def deliver(self, batch: Sequence[Said]) -> None:
        """Queues a batch for every reader present at the end of this turn."""
        if not len(self):
            return
        if not self._pending:
            self._since = self._clock()
            asyncio.get_running_loop().call_soon(self._flush)
        self._pending.extend(map(self._encode, batch))

    def _flush(self) -> None:
        if not self._pending:  # close() was quicker
            return
        data = b"".join(self._pending)
        self._figures.deliveries += len(self._pending) * len(self)
        self._pending.clear()
        others = list(self._others)
        for outlet, rest in self._write_direct(data):
            self._write(outlet, rest)
        for outlet in others:
            self._write(outlet, data)
        self._figures.fan_out.add(self._clock() - self._since)
        self._backlog.check()

    def _write_direct(self, data: bytes) -> list[tuple[Outlet, memoryview]]:
        """Who did not take all of the data, and the rest."""
        written = self._write_each(self._direct, data)
        if written.count(len(data)) == len(written):
            return []
        rest = memoryview(data)
        pairs = zip(self._direct.values(), written, strict=True)
        return [(outlet, rest[count:]) for outlet, count in pairs if count < len(data)]

    def _write(self, outlet: Outlet, data: bytes | memoryview) -> None:
        outlet.write(data)
        if outlet.waiting:
            if outlet.descriptor is not None:
                self._direct.pop(outlet.descriptor, None)
            self._others[outlet] = None
            self._backlog.add(outlet)

    def _caught_up(self, outlet: Outlet) -> None:
        self._backlog.discard(outlet)
        if outlet.descriptor is None:
            self._others[outlet] = None
        else:
            self._others.pop(outlet, None)
            self._direct[outlet.descriptor] = outlet


class Audience:
    """Everybody who hears the conversation, on whatever wire.

    :param write: writes one block to many descriptors; by default the fastest way that this machine has
    """

    def __init__(
        self,
        limits: Limits,
        figures: Figures,
        clock: Callable[[], float] = monotonic,
        write: Write | None = None,
    ) -> None:
        self._write = write or fastest()
        self._figures = figures
        self._clock = clock
        self._backlog = Backlog(limits, self._drop, clock)
        self._wires: list[Wire] = []

    def wire(self, encode: Encode) -> Wire:
        """A new wire; its readers hear all that is delivered from now on."""
        wire = Wire(encode, self._backlog, self._figures, self._clock, self._write)
        self._wires.append(wire)
        return wire

    def deliver(self, batch: Sequence[Said]) -> None:
        for wire in self._wires:
            wire.deliver(batch)

    def _drop(self, outlet: Outlet, reason: str, waiting: int) -> None:
        for wire in self._wires:
            wire.discard(outlet)
        self._figures.dropped[reason] += 1
        event("reader_dropped", reason=reason, waiting=waiting)
        outlet.abort()
