"""Who hears what: encoded once a wire, joined once a turn of the loop, answers in order with it."""

import asyncio
from collections.abc import Callable, Sequence
from time import monotonic

from minechat.events import GENERAL, Said
from minechat.server.figures import Figures
from minechat.server.log import event
from minechat.server.outlets import Outlet, Write, fastest
from minechat.server.settings import Limits
from minechat.server.slow import Backlog
from minechat.server.wires import Apart, Encode, Wire

__all__ = ["Audience", "Encode", "Wire"]


class Audience:
    """Everybody who hears something, on whatever wires; the only one who writes to their outlets.

    A room is any string. Its messages and what else happens in it reach, in their order, all outlets that
    joined it; nothing of it costs anything while nobody has.

    :param write: writes one block to many descriptors; by default the fastest way that this machine has
    """

    def __init__(
        self,
        limits: Limits,
        figures: Figures,
        clock: Callable[[], float] = monotonic,
        write: Write | None = None,
    ) -> None:
        self._write_each = write or fastest()
        self._figures = figures
        self._clock = clock
        self._backlog = Backlog(limits, self._drop, clock)
        self._rooms: dict[str, list[Wire]] = {}
        self._turn: list[Wire] = []  # with something pending
        self._apart: dict[Outlet, Apart] = {}
        self._since = 0.0
        self._due = False

    @property
    def waiting(self) -> int:
        """Bytes that wait for readers."""
        return self._backlog.waiting

    # Who hears what.

    def wire(self, encode: Encode, room: str = GENERAL) -> Wire:
        """A wire that stays; its readers hear all that is delivered to the room from now on."""
        wire = Wire(room, encode, self)
        self._rooms.setdefault(room, []).append(wire)
        return wire

    def outlet(self, transport: asyncio.Transport) -> Outlet:
        """A new way out, of which nobody else writes to the transport; it hears no room yet.

        Its connection tells it of pauses, and ``discard`` when it is lost.
        """
        return Outlet(transport, self._caught_up)

    def join(self, outlet: Outlet, encode: Encode, room: str) -> None:
        """From now on it hears this room, in this encoding; in another it does no more.

        No harm where it was discarded meanwhile: it hears nothing.
        """
        if outlet.discarded or any(wire.room == room and wire.encode == encode for wire in outlet.wires):
            return
        self.leave(outlet, room)
        wires = self._rooms.setdefault(room, [])
        wire = next((one for one in wires if one.encode == encode and not one.kept), None)
        if wire is None:
            wire = Wire(room, encode, self, kept=False)
            wires.append(wire)
        self.enter(outlet, wire)

    def leave(self, outlet: Outlet, room: str) -> None:
        """Of this room it hears nothing more; no harm where it heard nothing of it."""
        for wire in outlet.wires:
            if wire.room == room:
                if wire.pending:
                    self.apart(outlet).hear(wire)
                outlet.wires = tuple(one for one in outlet.wires if one is not wire)
                self._remove(outlet, wire)

    def enter(self, outlet: Outlet, wire: Wire) -> None:
        """It hears what the wire brings from now on, unless it was discarded."""
        if outlet.discarded:
            return
        if wire.pending:
            self.apart(outlet).begin_at(wire)
        outlet.wires = (*outlet.wires, wire) if outlet.wires else wire.alone
        wire.place(outlet)

    def discard(self, outlet: Outlet) -> None:
        """Its connection is lost, or nothing more is for it; no harm if it was discarded before."""
        outlet.discarded = True
        wires, outlet.wires = outlet.wires, ()
        for wire in wires:
            self._remove(outlet, wire)
        self._apart.pop(outlet, None)
        self._backlog.discard(outlet)

    def _remove(self, outlet: Outlet, wire: Wire) -> None:
        wire.remove(outlet)
        if not wire.kept and not len(wire):
            wires = self._rooms[wire.room]
            wires.remove(wire)
            if not wires:
                del self._rooms[wire.room]

    # What they hear.

    def deliver(self, batch: Sequence[Said]) -> None:
        """Queues messages for all who hear their rooms, but for those who said them (``Said.origin``)."""
        for said in batch:
            for wire in self._rooms.get(said.room, ()):
                wire.tell(said, said.origin)

    def tell(self, room: str, happening: object, origin: Outlet | None = None) -> None:
        """Queues something else that happened for all who hear the room, but for ``origin``.

        Each wire's encoding gets it as it is, and gives b"" where it has no words for it.
        """
        for wire in self._rooms.get(room, ()):
            wire.tell(happening, origin)

    def send(self, outlet: Outlet, data: bytes) -> None:
        """Queues an answer for one alone, behind all that was delivered before it and before what comes."""
        if outlet.closing:
            return
        apart = self.apart(outlet)
        for wire in outlet.wires:
            if wire.pending:
                apart.hear(wire)
        apart.answer(data)

    # The turn of the loop.

    def begun(self, wire: Wire) -> None:
        """This wire has something for its readers."""
        if not self._turn:
            self._since = self._clock()
        self._turn.append(wire)
        self._end_soon()

    def apart(self, outlet: Outlet) -> Apart:
        """What this outlet gets in this turn is put together for it alone."""
        apart = self._apart.get(outlet)
        if apart is None:
            apart = self._apart[outlet] = Apart()
            self._end_soon()
        return apart

    def _end_soon(self) -> None:
        if not self._due:
            self._due = True
            asyncio.get_running_loop().call_soon(self._end_of_turn)

    def _end_of_turn(self) -> None:
        self._due = False
        self.flush()

    def flush(self) -> None:
        """Writes what this turn has brought, without waiting for its end."""
        if not self._turn and not self._apart:
            return
        wires, apart = self._turn, self._apart
        self._turn, self._apart = [], {}
        for outlet, own in apart.items():
            for wire in outlet.wires:
                if wire.pending:
                    own.hear(wire)
        for wire in wires:
            self._write_wire(wire, apart)
        for outlet, own in apart.items():
            self._write_own(outlet, own)
        if wires:
            self._figures.fan_out.add(self._clock() - self._since)
        self._backlog.check()

    def flush_one(self, outlet: Outlet) -> None:
        """Writes what this turn has brought for one, without waiting for its end; the others do."""
        apart = self._apart.get(outlet)
        if apart is not None:
            for wire in outlet.wires:
                if wire.pending:
                    apart.hear(wire)
            self._write_own(outlet, apart)

    def close(self, outlet: Outlet) -> None:
        """Closes a connection once it took what is queued for it by now; it hears nothing more."""
        self.flush_one(outlet)
        self.discard(outlet)
        outlet.close()

    def _write_wire(self, wire: Wire, apart: dict[Outlet, Apart]) -> None:
        data = b"".join(wire.pending)
        self._figures.deliveries += len(wire.pending) * len(wire) - wire.left_out
        wire.left_out = 0
        wire.pending.clear()
        others = list(wire.others)
        for outlet, rest in self._write_direct(_without(wire.direct, apart), data):
            self._write(outlet, rest)
        for outlet in others:
            if outlet not in apart:
                self._write(outlet, data)

    def _write_direct(self, direct: dict[int, Outlet], data: bytes) -> list[tuple[Outlet, memoryview]]:
        """Who did not take all of the data, and the rest."""
        written = self._write_each(direct, data)
        if written.count(len(data)) == len(written):
            return []
        rest = memoryview(data)
        pairs = zip(direct.values(), written, strict=True)
        return [(outlet, rest[count:]) for outlet, count in pairs if count < len(data)]

    def _write_own(self, outlet: Outlet, apart: Apart) -> None:
        data, owed = apart.take()
        if data:
            self._write(outlet, data, owed)

    def _write(self, outlet: Outlet, data: bytes | memoryview, owed: int = 0) -> None:
        outlet.write(data, owed)
        if outlet.waiting:
            for wire in outlet.wires:
                wire.set_aside(outlet)
            self._backlog.add(outlet)

    def _caught_up(self, outlet: Outlet) -> None:
        self._backlog.discard(outlet)
        for wire in outlet.wires:
            wire.place(outlet)

    def _drop(self, outlet: Outlet, reason: str, waiting: int) -> None:
        self.discard(outlet)
        self._figures.dropped[reason] += 1
        event("reader_dropped", reason=reason, waiting=waiting)
        outlet.abort()


def _without(direct: dict[int, Outlet], apart: dict[Outlet, Apart]) -> dict[int, Outlet]:
    """Those of a wire for whom nothing else is put together."""
    if not apart:
        return direct
    rest = direct.copy()
    for outlet in apart:
        if outlet.descriptor is not None and rest.get(outlet.descriptor) is outlet:
            del rest[outlet.descriptor]
    return rest
