"""The port of RIFT: one WebSocket's connection, from the request to its end, around the visit of a client."""

import asyncio
import math
from collections import deque
from enum import Enum

from minechat.errors import Refused
from minechat.server.doors.channel import Channel, Item, Kind
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.frames import text_frame
from minechat.server.doors.rift_clients import CLOSING, Clients, Visit
from minechat.server.doors.upgrade import unavailable
from minechat.server.limits import Pace
from minechat.server.log import event

#: Bytes of answers after which it is looked whether the client takes them.
OUTPUT_WAITING = 16 * 1024
#: Seconds that a client may be ahead of its budget of frames: more comes of no client that waits for answers.
PATIENCE = 10.0
#: Seconds that a client gets to take its last answers, as long as some of them wait.
LAST_ANSWERS = 8.0
#: Codes of a close frame (RFC 6455, section 7.4.1, and its registry).
POLICY, LATER = 1008, 1013


class Stage(Enum):
    OPENING = "the request is to come"
    TALKING = "the WebSocket is open"
    CLOSING = "our close frame is sent, and the client's is to come"
    PARTING = "all is written, and the end of the client's bytes is to come"


class RiftDoor(Entrance, asyncio.BufferedProtocol):
    """One connection of RIFT's port, and what its visit sees of it.

    What the client sends is acted on in its order, one thing at a time: while the visit is hushed, an answer
    waits or the budget of frames is used up, the rest waits here and nothing more is read.
    """

    PORT = "rift"
    STRANGERS = True

    def __init__(self, clients: Clients) -> None:
        super().__init__(clients.gate)
        self._clients = clients
        self._stage = Stage.OPENING
        self._visit: Visit | None = None
        self._items: deque[Item] = deque()
        self._acting = self._hushed = self._paced = self._clogged = self._ended = False
        self._reading = True
        self._unchecked = 0
        self._pinged: float | None = None
        self._unfinished: float | None = None
        self._taken: asyncio.Event | None = None

    # What the connection tells.

    def entered(self, transport: asyncio.Transport, source: str) -> None:
        self.outlet = self._clients.audience.outlet(transport)
        self.source = source
        self._channel = Channel(self._clients.limits, self._clients.origins, secure=not self.plain)
        self._pace = Pace(self._clients.limits.request_rate, self._clients.limits.request_burst)
        self._since = self._heard = self._clients.now()
        self._clients.add(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._clients.chunk

    def buffer_updated(self, nbytes: int) -> None:
        self._heard = self._clients.now()
        if self._stage is Stage.PARTING:
            return
        self._channel.stopping = self._clients.stopping
        frames = self._channel.frames
        for item in self._channel.receive(bytes(self._clients.chunk[:nbytes])):
            self._items.append(item)
            self._act()
        self._mind_pace(self._channel.frames - frames)
        self._mind_begun(self._channel.frames > frames)
        self._mind_reading()

    def eof_received(self) -> bool:
        self._ended = True
        if self._stage is Stage.PARTING:
            return False
        self._items.append((Kind.ENDED, b""))
        self._act()
        return True

    def pause_writing(self) -> None:
        self.outlet.pause()
        if self.outlet.owed and not self._clogged:
            self._clog(clogged=True)

    def resume_writing(self) -> None:
        self.outlet.resume()
        if not self.outlet.owed:
            if self._taken is not None:
                self._taken.set()
            if self._clogged:
                self._clog(clogged=False)

    def left(self, exc: Exception | None) -> None:
        self._clients.audience.discard(self.outlet)
        self._clients.leave(self)
        self._items.clear()
        self._lose()
        if self._taken is not None:
            self._taken.set()

    def expel(self, reason: Refused) -> None:
        if self._visit is not None and self._stage is Stage.TALKING:
            self._visit.dismiss(reason)
        else:
            super().expel(reason)

    def farewell(self, reason: Refused) -> bytes:
        if self._entered and self._stage is not Stage.OPENING:
            # Inside of what waits the words would be no words.
            return b"" if self.outlet.waiting else self._channel.close(LATER, str(reason))
        seconds = None if reason.retry_after is None else math.ceil(reason.retry_after)
        return unavailable(str(reason), seconds).encode()

    # What the visit asks.

    def send(self, text: bytes) -> None:
        """Sends a text, which must be UTF-8, behind all that was delivered before it. Never waits."""
        if self._stage is Stage.TALKING:
            self._write(text_frame(text))

    def hush(self, hush: bool) -> None:
        """With True not one text more comes, until it is called with False."""
        if hush is not self._hushed:
            self._hushed = hush
            self._go_on_soon()

    def close(self, code: int, reason: str = "") -> None:
        """Ends the talk behind all that was sent. The client gets a moment to answer."""
        if self._stage is not Stage.TALKING:
            return
        self._write(self._channel.close(code, reason))
        self._unsubscribe()
        self._stage = Stage.CLOSING
        self._until = self._clients.now() + CLOSING
        self._hushed = False
        self._items.clear()
        self._mind_reading()
        asyncio.get_running_loop().call_soon(self._lose)

    async def drained(self) -> None:
        """Returns when the client took every answer that was sent so far, or is gone.

        Who takes nothing at all is dropped by the rule for slow readers, so it ends.
        """
        self._clients.audience.flush_one(self.outlet)
        while self.outlet.owed and not self.outlet.closing:
            self._taken = self._taken or asyncio.Event()
            self._taken.clear()
            await self._taken.wait()

    # What all clients are told together.

    def look(self, now: float) -> None:
        """Sees whether a deadline has passed; ten times in the shortest of them."""
        limits = self._clients.limits
        calm = self._stage is Stage.TALKING and self._unfinished is None and self._pinged is None
        if calm and now - self._heard < limits.ping_interval:
            return  # nearly everybody, nearly always
        if self._stage is Stage.OPENING:
            if now - self._since >= limits.handshake:
                self._refuse("handshake")
                self._transport.abort()
        elif self._stage is Stage.TALKING:
            self._mind_silence(now)
            if self._unfinished is not None and not self._reading:
                self._unfinished = now
            elif self._unfinished is not None and now - self._unfinished >= limits.unfinished:
                self._refuse("unfinished")
                self._fail(f"a message was not finished within {limits.unfinished:g} s")
        elif now >= self._until + (LAST_ANSWERS if self.outlet.waiting else 0):
            self._transport.abort()

    def stop(self) -> None:
        """The server is stopping: what is under way is answered, then the client is told to go."""
        if self._visit is not None and self._stage is Stage.TALKING:
            self._visit.stop()
        elif self._stage is Stage.OPENING:
            self._transport.abort()

    def abandon(self) -> None:
        """Ends the connection as it stands."""
        if self._visit is not None:
            self._visit.abandon()
        self._transport.abort()

    # Inside.

    def _act(self) -> None:
        """Acts on what came, as far as that is possible now."""
        if self._acting:
            return
        self._acting = True
        try:
            while self._items and not self._hushed and not self._clogged:
                self._act_on(*self._items.popleft())
        finally:
            self._acting = False

    def _act_on(self, kind: Kind, data: bytes) -> None:
        if kind is Kind.WRITE:
            self._write(data)
        elif kind is Kind.OPENED:
            self._stage = Stage.TALKING
            self._visit = self._clients.visit(self._clients, self, self.source)
            self._visit.begin()
        elif kind is Kind.ENDED:
            self._finish()
        elif self._visit is not None and self._stage is Stage.TALKING:
            self._visit.received(data)

    def _fail(self, reason: str) -> None:
        """Tells a client that breaks the rules why, and hears it no more."""
        self._write(self._channel.close(POLICY, reason))
        self._finish()

    def _finish(self) -> None:
        """Everything is said: writes what waits, and leaves the last word to the client's side."""
        refusal = self._channel.refusal
        if refusal is not None and refusal.status.value >= 400:
            self._refuse("handshake", status=refusal.status.value)
        self._items.clear()
        self._unsubscribe()
        self._stage = Stage.PARTING
        self._until = self._clients.now() + CLOSING
        self._lose()
        if self._ended:
            self.outlet.close()
        else:
            self.outlet.finish()
            self._mind_reading()

    def _unsubscribe(self) -> None:
        """Writes what this turn brought, and nothing of the rooms after it."""
        self._clients.audience.flush_one(self.outlet)
        self._clients.audience.discard(self.outlet)

    def _lose(self) -> None:
        visit, self._visit = self._visit, None
        if visit is not None:
            visit.lost()

    def _write(self, data: bytes) -> None:
        self._clients.audience.send(self.outlet, data)
        self._unchecked += len(data)
        if self._unchecked > OUTPUT_WAITING:
            self._unchecked = 0
            self._clients.audience.flush_one(self.outlet)
            # Where the rooms have stopped the transport before, it does not tell of these answers.
            if self.outlet.owed and not self._clogged and self._stage is Stage.TALKING:
                self._clog(clogged=True)

    def _clog(self, *, clogged: bool) -> None:
        self._clogged = clogged
        if self._visit is not None:
            self._visit.clogged(clogged)
        self._go_on_soon()

    def _go_on_soon(self) -> None:
        """Not at once: whoever calls is in the midst of something."""
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._act()
        self._mind_reading()

    def _refuse(self, limit: str, status: int = 0) -> None:
        self._clients.figures.refused[limit] += 1
        event("rift_refused", limit=limit, source=self.source, **({"status": status} if status else {}))

    def _mind_pace(self, frames: int) -> None:
        """A budget of frames, whatever frames: who is over it waits, and who is far over it goes."""
        wait = self._pace.take(frames) if frames and self._stage is Stage.TALKING else 0.0
        if wait > PATIENCE:
            self._refuse("frames")
            self._fail("too many frames")
        elif wait and not self._paced:
            self._paced = True
            asyncio.get_running_loop().call_later(wait, self._pace_over)

    def _pace_over(self) -> None:
        self._paced = False
        self._go_on()

    def _mind_begun(self, ended: bool) -> None:
        """Since when a message has been unfinished."""
        if not self._channel.unfinished:
            self._unfinished = None
        elif self._unfinished is None or (ended and not self._channel.within_message):
            self._unfinished = self._heard

    def _mind_reading(self) -> None:
        read = self._stage in (Stage.CLOSING, Stage.PARTING) or not (
            self._hushed or self._paced or self._clogged or self._items
        )
        if read is not self._reading and not self._transport.is_closing():
            self._reading = read
            if read:
                self._heard = self._clients.now()
                self._transport.resume_reading()
            else:
                self._transport.pause_reading()

    def _mind_silence(self, now: float) -> None:
        """Asks who is silent whether it lives. Who is not read, or has something to take, is not silent."""
        limits = self._clients.limits
        if not self._reading or self.outlet.waiting:
            self._heard = now
        if self._pinged is not None and self._heard > self._pinged:
            self._pinged = None
        if self._pinged is None:
            if now - self._heard >= limits.ping_interval:
                self._pinged = now
                self._write(self._channel.ping())
        elif now - self._pinged >= limits.ping_timeout:
            self._clients.figures.dropped["ping"] += 1
            event("silent_client_dropped", source=self.source)
            self._transport.abort()
