"""The entrance of both ports: who is let in is counted, whoever leaves is counted out, once each."""

import asyncio
from abc import ABC, abstractmethod
from typing import cast

from minechat import system
from minechat.errors import Refused
from minechat.server.doors.gate import Gate, source_of

#: Seconds of silence after which the kernel asks whether a peer still lives.
KEEPALIVE = 60.0


class Entrance(asyncio.BaseProtocol, ABC):
    """The part of a connection that every door has. A door adds ``entered`` and ``left``.

    ``entered`` is called at most once, when the gate let the connection in and its TLS, if any, is
    established; ``left`` at most once, after it.
    """

    #: Which port this is the entrance of, as the gate counts it: "read" or "write".
    PORT: str
    #: Whether who comes in here is a stranger until it is ``known``.
    STRANGERS = False

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        #: Whether bytes travel as they are: then the socket itself may be read and written too.
        self.plain = True
        self._source: str | None = None
        self._entered = False

    def admitted(self, transport: asyncio.Transport, *, plain: bool = True) -> bool:
        """Asks the gate about a connection that has just been opened, and closes it when it says no.

        :param plain: False where TLS comes first, before which there are no words
        """
        self._transport, self.plain = transport, plain
        source = source_of(transport.get_extra_info("peername"))
        refusal = self.gate.admit(source, self, stranger=self.STRANGERS or not plain)
        if refusal is not None:
            self._part(refusal)
            return False
        self._source = source
        system.keepalive(transport.get_extra_info("socket"), KEEPALIVE)
        return True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection may talk: it is new, or it was ``admitted`` and its TLS is established now."""
        transport = cast("asyncio.Transport", transport)
        if self._source is None and not self.admitted(transport):
            return
        assert self._source is not None
        self._transport, self._entered = transport, True
        if not self.STRANGERS:
            self.known()
        self.entered(transport, self._source)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._source is None:
            return
        self._source = None
        try:
            if self._entered:
                self.left(exc)
        finally:
            self.gate.leave(self)

    def known(self) -> None:
        """Who is connected is no stranger any more: it does not give way to newcomers."""
        self.gate.known(self)

    def doubtful(self) -> None:
        """The connection may be gone: its peer sends nothing more, and only a write would tell."""
        self.gate.doubt(self)

    def give_way(self, reason: Refused) -> None:
        """Ends the connection at once, in words where the wire has them. Never waits for the peer."""
        if not self._transport.is_closing():
            self._part(reason)

    def expel(self, reason: Refused) -> None:
        """Ends the connection by an order of the owner. Never waits for the peer."""
        self.give_way(reason)

    def farewell(self, reason: Refused) -> bytes:
        """What this wire says before it closes; nothing where it has no words for it."""
        return b""

    def _part(self, reason: Refused) -> None:
        words = self.farewell(reason) if self.plain or self._entered else b""
        if words:
            self._transport.write(words)
        # Not close: what the kernel took of the words still goes out, and nobody is waited for.
        self._transport.abort()

    @abstractmethod
    def entered(self, transport: asyncio.Transport, source: str) -> None: ...

    @abstractmethod
    def left(self, exc: Exception | None) -> None: ...
