"""The sockets of the speak port: bytes in and out of a visit, and nothing lost when a client resets."""

import asyncio
import os

from minechat.errors import Refused
from minechat.protocol.phrases import encode_turn
from minechat.server.doors.answers import refusal
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.gate import Gate
from minechat.server.doors.host import Work
from minechat.server.doors.speak import PATIENCE, Visit
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.settings import Limits

#: Bytes of one client that are in our memory at most while it must wait.
INPUT_WAITING = 16 * 1024
#: Bytes read at once, into one buffer for all connections, so that many slow ones cost no memory.
CHUNK = INPUT_WAITING - PATIENCE
#: Bytes of answers that a client may leave unread before nothing more of it is taken.
OUTPUT_WAITING = 16 * 1024
#: Seconds for messages that are under way when the server stops: they arrive and are refused in words.
UNDER_WAY = 0.2
#: Seconds in which a client must take its last answers.
LAST_ANSWERS = 10.0
#: Bytes read from a connection after it was reset.
LEFT_BEHIND = 256 * 1024


class Visitors:
    """All clients of the speak port."""

    def __init__(
        self, hub: Hub, limits: Limits, gate: Gate, tasks: asyncio.TaskGroup, figures: Figures | None = None
    ) -> None:
        self.hub = hub
        self.limits = limits
        self.gate = gate
        self.figures = figures or Figures()
        self.chunk = memoryview(bytearray(CHUNK))
        self.left_behind = _most_left_behind(limits)
        self._tasks = tasks
        self._visits: set[Visit] = set()
        self._gone = asyncio.Event()
        self._stopping = False

    def welcome(self, visit: Visit, transport: asyncio.Transport) -> None:
        """Starts the talk. Whoever comes while we stop is turned away."""
        if self._stopping:
            transport.abort()
            return
        self._visits.add(visit)
        visit.begin()

    def over(self, visit: object) -> None:
        self._visits.discard(visit)
        if not self._visits:
            self._gone.set()

    def run(self, work: Work) -> asyncio.Task[None] | None:
        try:
            return self._tasks.create_task(work)
        except RuntimeError:  # a part of the server has failed and the rest is being taken down
            work.close()
            return None

    def failed(self, bug: BaseException) -> None:
        self.run(_raise(bug))

    async def stop(self, deadline: float) -> None:
        """Answers what has come and what is under way, then ends every visit; late ones are cut off.

        A socket closed with a message unread would reset the connection, and its last answers with it.
        """
        self._stopping = True
        for visit in list(self._visits):
            visit.stop()
        if self._visits:
            await asyncio.sleep(UNDER_WAY)
        for visit in list(self._visits):
            visit.ended()
        await self._everyone_gone(deadline)
        for visit in list(self._visits):
            visit.abandon()

    async def _everyone_gone(self, deadline: float) -> None:
        try:
            async with asyncio.timeout(deadline):
                while self._visits:
                    self._gone.clear()
                    await self._gone.wait()
        except TimeoutError:
            pass


def _most_left_behind(limits: Limits) -> int:
    """What an account could say of it at most; more than that is not worth the memory."""
    if limits.dump is None:
        return LEFT_BEHIND
    return min(LEFT_BEHIND, limits.dump + limits.message_burst * limits.message)


async def _raise(bug: BaseException) -> None:
    raise bug


class SpeakDoor(Entrance, asyncio.BufferedProtocol):
    """One connection of the speak port."""

    PORT = "write"
    STRANGERS = True

    def __init__(self, visitors: Visitors) -> None:
        super().__init__(visitors.gate)
        self._visitors = visitors

    def entered(self, transport: asyncio.Transport, source: str) -> None:
        transport.set_write_buffer_limits(OUTPUT_WAITING)
        self._visit = Visit(self._visitors, self, source)
        self._visitors.welcome(self._visit, transport)

    def expel(self, reason: Refused) -> None:
        if self._entered:
            self._visit.dismiss(reason)  # what was stored is still acknowledged
        else:
            super().expel(reason)

    def farewell(self, reason: Refused) -> bytes:
        return encode_turn(refusal(reason))

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._visitors.chunk

    def buffer_updated(self, nbytes: int) -> None:
        self._visit.received(bytes(self._visitors.chunk[:nbytes]))

    def eof_received(self) -> bool:
        self._visit.ended()
        return True  # a client that only shut its sending side still waits for its answers

    def pause_writing(self) -> None:
        self._visit.clogged(True)

    def resume_writing(self) -> None:
        self._visit.clogged(False)

    def left(self, exc: Exception | None) -> None:
        if exc is not None and self.plain:  # what lies in the socket of TLS is no text of anybody's
            self._rescue()
        self._visit.lost()

    # For the visit.

    def write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def hush(self, hush: bool) -> None:
        if self._transport.is_closing():
            return
        if hush:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def close(self) -> None:
        if not self._transport.is_closing() and self.plain:
            self._read_rest(INPUT_WAITING)  # or the kernel would reset, and take the last answers with it
        self._transport.close()
        if self._transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(LAST_ANSWERS, self._transport.abort)

    def _rescue(self) -> None:
        """A client that posts and closes at once with answers unread makes the kernel send RST, our next
        write fails, and asyncio reads no more: what the kernel still holds is read here.
        """
        for data in self._read_rest(self._visitors.left_behind):
            self._visit.received(data)

    def _read_rest(self, most: int) -> list[bytes]:
        """What has arrived and nobody has read, up to so many bytes."""
        descriptor = self._transport.get_extra_info("socket").fileno()
        pieces: list[bytes] = []
        try:
            while most > 0 and (data := os.read(descriptor, CHUNK)):
                pieces.append(data)
                most -= len(data)
        except OSError:
            pass  # the end of what there is
        return pieces
