"""The sockets of the speak port: bytes in and out of a visit, and nothing lost when a client resets."""

import asyncio
import os

from minechat.errors import Refused
from minechat.protocol.phrases import encode_turn
from minechat.server.doors.entrance import Entrance
from minechat.server.doors.gate import Gate
from minechat.server.doors.speak import Visit, refusal
from minechat.server.hub import Hub
from minechat.server.settings import Limits

#: Bytes read at once, into one buffer for all connections, so that many slow ones cost no memory.
CHUNK = 16 * 1024
#: Seconds for messages that are under way when the server stops: they arrive and are refused in words.
UNDER_WAY = 0.2
#: Bytes read from a connection after it was reset.
LEFT_BEHIND = 256 * 1024


class Visitors:
    """All clients of the speak port, each with a task of its own."""

    def __init__(self, hub: Hub, limits: Limits, gate: Gate, tasks: asyncio.TaskGroup) -> None:
        self.hub = hub
        self.limits = limits
        self.gate = gate
        self.chunk = memoryview(bytearray(CHUNK))
        self._tasks = tasks
        self._visits: dict[asyncio.Task[None], Visit] = {}
        self._stopping = False

    def welcome(self, visit: Visit, transport: asyncio.Transport) -> None:
        """Starts the talk; the connection closes when it ends. Whoever comes while we stop is turned away."""
        if self._stopping:
            transport.abort()
            return
        task = self._tasks.create_task(visit.run())
        self._visits[task] = visit
        task.add_done_callback(self._visits.pop)
        task.add_done_callback(lambda _: transport.close())

    async def stop(self, deadline: float) -> None:
        """Answers what has come and what is under way, then ends every visit; late ones are cut off.

        A socket closed with a message unread would reset the connection, and its last answers with it.
        """
        self._stopping = True
        for visit in self._visits.values():
            visit.stop()
        if self._visits:
            await asyncio.sleep(UNDER_WAY)
        for visit in self._visits.values():
            visit.ended()
        if self._visits:
            _, late = await asyncio.wait(list(self._visits), timeout=deadline)
            for task in late:
                task.cancel()


class SpeakDoor(Entrance, asyncio.BufferedProtocol):
    """One connection of the speak port."""

    STRANGERS = True

    def __init__(self, visitors: Visitors) -> None:
        super().__init__(visitors.gate)
        self._visitors = visitors

    def entered(self, transport: asyncio.Transport, source: str) -> None:
        visitors = self._visitors
        self._visit = Visit(visitors.hub, visitors.limits, source, self._write, self._hush, known=self.known)
        visitors.welcome(self._visit, transport)

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

    def _write(self, data: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(data)

    def _hush(self, hush: bool) -> None:
        if self._transport.is_closing():
            return
        if hush:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _rescue(self) -> None:
        """Reads what the kernel still holds: a client that posts and closes at once with answers
        unread makes the kernel send RST, our next write fails, and asyncio reads no more.
        """
        socket = self._transport.get_extra_info("socket")
        left = LEFT_BEHIND
        try:
            while left > 0 and (data := os.read(socket.fileno(), CHUNK)):
                left -= len(data)
                self._visit.received(data)
        except OSError:
            pass  # the end of what there is: nothing more can be read from a reset socket
