"""One room in one encoding: who hears it, and what this turn of the loop has brought for them."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from minechat.events import Said
from minechat.server.outlets import Outlet

#: What happened, in the bytes of a wire; b"" where the wire has no words for it.
Encode = Callable[[Any], bytes]


class Turns(Protocol):
    """What a wire needs of the audience, which knows every wire and every reader."""

    def outlet(self, transport: asyncio.Transport) -> Outlet: ...
    def enter(self, outlet: Outlet, wire: "Wire") -> None: ...
    def discard(self, outlet: Outlet) -> None: ...
    def begun(self, wire: "Wire") -> None: ...
    def apart(self, outlet: Outlet) -> "Apart": ...
    def flush(self) -> None: ...


class Wire:
    """All readers of one room in one encoding. What one turn of the loop brought goes out in one write each.

    Never waits for a reader: what one does not take at once waits in its outlet, and the backlog judges it.

    :ivar direct: by descriptor, those for whom nothing waits
    :ivar others: who lags, and who has no descriptor to write to
    :ivar pending: what this turn brought, in order
    :ivar left_out: how many times a reader was left out of it
    :ivar alone: what those hear who hear nothing else: one tuple for all of them
    :ivar kept: False where it ends with its last reader
    """

    __slots__ = (
        "_deserted",
        "_turns",
        "alone",
        "direct",
        "encode",
        "kept",
        "left_out",
        "others",
        "pending",
        "room",
    )

    def __init__(self, room: str, encode: Encode, turns: Turns, *, kept: bool = True) -> None:
        self.room = room
        self.encode = encode
        self.kept = kept
        self.alone = (self,)
        self.direct: dict[int, Outlet] = {}
        self.others: dict[Outlet, None] = {}
        self.pending: list[bytes] = []
        self.left_out = 0
        self._turns = turns
        self._deserted: asyncio.Event | None = None

    def __len__(self) -> int:
        return len(self.direct) + len(self.others)

    @property
    def readers(self) -> list[Outlet]:
        return [*self.direct.values(), *self.others]

    @property
    def waiting(self) -> int:
        """Bytes that wait for its readers."""
        return sum(outlet.waiting for outlet in self.others)

    def add(self, transport: asyncio.Transport) -> Outlet:
        """A new reader, of this wire alone so far. Its connection tells the outlet of pauses, and the wire
        when it is lost: before the transport closes its descriptor, as another may get the same number.
        """
        outlet = self._turns.outlet(transport)
        self._turns.enter(outlet, self)
        if self._deserted is not None:
            outlet.close()
        return outlet

    def discard(self, outlet: Outlet) -> None:
        """This reader hears nothing more, on no wire; no harm if it was discarded before."""
        self._turns.discard(outlet)

    def deliver(self, batch: Sequence[Said]) -> None:
        """Queues a batch for every reader but the one that said it."""
        for said in batch:
            self.tell(said, said.origin)

    def tell(self, event: object, origin: object = None) -> None:
        """Queues what happened for every reader but ``origin``, in order with the messages.

        Nobody pays for an encoding that nobody hears.
        """
        if not (self.direct or self.others):
            return
        data = self.encode(event)
        if not data:
            return
        if not self.pending:
            self._turns.begun(self)
        if isinstance(origin, Outlet) and self in origin.wires:
            apart = self._turns.apart(origin)
            apart.hear(self)
            apart.skip(self)
            self.left_out += 1
        self.pending.append(data)

    async def close(self, deadline: float) -> None:
        """Closes every reader. Whoever has something waiting gets ``deadline`` seconds to take it."""
        self._turns.flush()
        self._deserted = asyncio.Event()
        for outlet in self.readers:
            outlet.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(deadline if len(self) else 0):
                await self._deserted.wait()
        for outlet in self.readers:
            outlet.abort()

    # For the audience.

    def place(self, outlet: Outlet) -> None:
        """Among those who can be written to at once, or among the others."""
        if outlet.descriptor is None or outlet.waiting:
            self.others[outlet] = None
        else:
            self.others.pop(outlet, None)
            self.direct[outlet.descriptor] = outlet

    def set_aside(self, outlet: Outlet) -> None:
        """Something waits for it."""
        if outlet.descriptor is not None:
            self.direct.pop(outlet.descriptor, None)
        self.others[outlet] = None

    def remove(self, outlet: Outlet) -> None:
        if outlet.descriptor is not None and self.direct.get(outlet.descriptor) is outlet:
            del self.direct[outlet.descriptor]
        self.others.pop(outlet, None)
        if self._deserted is not None and not len(self):
            self._deserted.set()


class Apart:
    """What one reader gets in this turn in place of what the others get: its answers are between it."""

    __slots__ = ("_blocks", "_heard", "_owed")

    def __init__(self) -> None:
        self._blocks: list[bytes] = []
        self._heard: dict[Wire, int] = {}
        self._owed = 0

    def hear(self, wire: Wire) -> None:
        """Takes over what this wire has brought since it was last asked."""
        self._blocks += wire.pending[self._heard.get(wire, 0) :]
        self._heard[wire] = len(wire.pending)

    def begin_at(self, wire: Wire) -> None:
        """Leaves out what this wire has brought so far: it was before the reader came."""
        self._heard[wire] = len(wire.pending)

    def skip(self, wire: Wire) -> None:
        """Leaves out what the wire brings next."""
        self._heard[wire] += 1

    def answer(self, data: bytes) -> None:
        self._blocks.append(data)
        self._owed += len(data)

    def take(self) -> tuple[bytes, int]:
        """All of it so far, once, and how many bytes of it are answers."""
        data, owed = b"".join(self._blocks), self._owed
        self._blocks.clear()
        self._owed = 0
        return data, owed
