"""One reader's way out: the same bytes for all at the price of a system call, a queue for who is slow.

What costs is the system call, so there is one a reader and turn, and nothing else around it but a loop in C.
"""

import asyncio
import os
import socket
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minechat.server.wires import Wire

Block = bytes | memoryview
#: Writes the data to every descriptor; returns the bytes that each took, 0 for one that failed.
Write = Callable[[Collection[int], bytes], list[int]]

#: Bytes handed to a transport at once. It may copy what the kernel does not take; the rest of what waits
#: stays one copy that all slow readers share.
PIECE = 16 * 1024
#: Bytes the kernel may hold for one reader before they are on their way. Without a bound it takes 2.6 MB
#: from us for somebody who reads nothing, and nobody counts them.
UNSENT = 64 * 1024


def write_each(descriptors: Collection[int], data: bytes) -> list[int]:
    """Writes the data to every descriptor, each by one write(2) and all by one loop in C.

    :returns: bytes that each took; 0 for one that failed, whatever failed: its transport will find out
    """
    written: list[int] = []
    writes = map(os.write, descriptors, repeat(data))
    while len(written) < len(descriptors):
        try:
            written.extend(writes)
        except OSError:  # extend() has kept what came before it, and the iterator goes on after it
            written.append(0)
    return written


def fastest() -> Write:
    """The way of writing to each that costs least on this machine."""
    try:
        # Neither ctypes nor what it needs is everywhere; where code must not be made at run time it fails.
        from minechat.server.batch import Batch  # noqa: PLC0415

        return Batch().write
    except (ImportError, MemoryError, OSError):
        return write_each


class Outlet:
    """What one reader has not taken yet, in front of its transport, to which nobody else writes.

    Its connection tells it ``pause`` and ``resume`` as the transport does (asyncio's ``pause_writing`` and
    ``resume_writing``).

    :param caught_up: called when nothing waits any more
    :ivar wires: what it hears; the audience keeps it
    :ivar discarded: nothing more is for it: its descriptor may be another connection's by now
    """

    __slots__ = (
        "_blocks",
        "_caught_up",
        "_handed",
        "_held",
        "_owed",
        "_owed_up_to",
        "_paused",
        "_transport",
        "descriptor",
        "discarded",
        "wires",
    )

    def __init__(self, transport: asyncio.Transport, caught_up: Callable[["Outlet"], None]) -> None:
        self._transport = transport
        self._caught_up = caught_up
        self._blocks: deque[Block] = _NOTHING
        self._held = 0
        self._handed = 0
        self._paused = False
        self._owed = self._owed_up_to = 0
        self.wires: tuple[Wire, ...] = ()
        self.discarded = False
        #: Where ``write_each`` may write while nothing waits; None where only the transport can.
        self.descriptor = _descriptor(transport)
        # Paused as soon as anything waits inside; TLS of ours passes it on to the transport of its socket.
        transport.set_write_buffer_limits(high=0)

    @property
    def waiting(self) -> int:
        """Bytes that this reader has not taken and the kernel does not hold."""
        return self._held + self._transport.get_write_buffer_size()

    @property
    def taken(self) -> int:
        """Grows while the reader takes of what waits."""
        return self._handed - self._transport.get_write_buffer_size()

    @property
    def closing(self) -> bool:
        """Whether nothing more reaches this reader."""
        return self._transport.is_closing()

    @property
    def owed(self) -> int:
        """How many of the bytes that wait are answers, at most."""
        return min(self._owed, max(0, self._owed_up_to - self.taken)) if self._owed else 0

    def write(self, data: Block, owed: int = 0) -> None:
        """Sends the data behind what waits; never waits itself.

        :param owed: bytes of it that are answers
        """
        if not self._blocks:
            self._blocks = deque()
        self._blocks.append(data)
        self._held += len(data)
        if owed:
            self._owed = self.owed + owed
            self._owed_up_to = self._handed + self._held
        self._pump()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        self._pump()
        if not self.waiting and not self._transport.is_closing():
            self._caught_up(self)

    def close(self) -> None:
        """Closes the connection once the reader took what waits."""
        while self._blocks:
            self._transport.write(self._piece())
        self._transport.close()

    def finish(self) -> None:
        """Ends our side once the reader took what waits; its own side it ends itself.

        A connection closed with something unread is reset, and the reader's last bytes with it.
        """
        while self._blocks:
            self._transport.write(self._piece())
        if self._transport.can_write_eof():
            self._transport.write_eof()
        else:
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    def _pump(self) -> None:
        while self._blocks and not self._paused:
            self._transport.write(self._piece())
        if not self._blocks:
            self._blocks = _NOTHING

    def _piece(self) -> bytes:
        blocks, size = [], 0
        while self._blocks and size < PIECE:
            blocks.append(self._blocks.popleft())
            size += len(blocks[-1])
        if size > PIECE:
            last = memoryview(blocks.pop())
            cut = len(last) - (size - PIECE)
            blocks.append(last[:cut])
            self._blocks.appendleft(last[cut:])
        piece = b"".join(blocks)
        self._held -= len(piece)
        self._handed += len(piece)
        return piece


#: The queue of those for whom nothing waits; an empty deque of their own would be half of what they cost.
_NOTHING: deque[Block] = deque(maxlen=0)


def _descriptor(transport: asyncio.Transport) -> int | None:
    sock = transport.get_extra_info("socket")
    if sock is None:
        return None
    if hasattr(socket, "TCP_NOTSENT_LOWAT"):
        with suppress(OSError):  # a kernel may know the name and not the option; only the bound is missing
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
    plain = transport.get_extra_info("sslcontext") is None
    descriptor: int = sock.fileno()  # -1 of a socket that is closed: in a list, the last of all
    return descriptor if plain and os.name == "posix" and descriptor >= 0 else None
