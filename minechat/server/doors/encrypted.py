"""TLS between a socket and its door: admitted before the handshake, and half-closed as a plain one can be.

Not ``loop.start_tls``, whose transport keeps a buffer of 256 KiB for each connection, 1 GiB for a full
server, and closes the whole connection when the peer shuts its sending side.
"""

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from minechat.server.doors.entrance import Entrance
from minechat.server.figures import Figures
from minechat.server.log import event
from minechat.server.settings import Limits
from minechat.server.tls import Certificate

#: Seconds from the connection to the end of its handshake, where no other number is given.
HANDSHAKE = Limits().handshake
#: Bytes read at once, into one buffer for all connections, and handed to a door at once.
CHUNK = 16 * 1024


class Encryption:
    """Makes the doors of a server speak TLS.

    :param certificate: None leaves them plain
    :param figures: counts handshakes that failed as refused by ``tls``
    :param handshake: seconds until a handshake must be done
    """

    def __init__(
        self, certificate: Certificate | None, figures: Figures, handshake: float = HANDSHAKE
    ) -> None:
        self.certificate = certificate
        self.handshake = handshake
        self.chunk = memoryview(bytearray(CHUNK))
        self.shaking: set[Encrypted] = set()
        self._figures = figures

    def before(self, door: Callable[[], Entrance]) -> Callable[[], asyncio.BaseProtocol]:
        """A factory of connections that establish TLS before they reach the door."""
        certificate = self.certificate
        if certificate is None:
            return door
        return lambda: Encrypted(self, door(), certificate.context)

    def failed(self, reason: str) -> None:
        """Counts and tells a handshake that came to nothing."""
        self._figures.refused["tls"] += 1
        event("tls_failed", reason=reason)

    def stop(self) -> None:
        """Cuts off whoever is still in the handshake."""
        for connection in list(self.shaking):
            connection.abort()


class Encrypted(asyncio.Transport, asyncio.BufferedProtocol):
    """One connection: the protocol of its socket, and the transport of its door.

    The door hears nothing of it before the handshake is done, and no byte that did not come through TLS.
    A peer that does not read its answers is not read either, so that what TLS itself answers is bounded.
    """

    def __init__(self, encryption: Encryption, door: Entrance, context: ssl.SSLContext) -> None:
        super().__init__()
        self._encryption = encryption
        self._door = door
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._context = context
        self._tls: ssl.SSLObject | None = None  # made with the first byte: 30 KiB that silence does not cost
        self._established = False
        self._closing = False
        self._peer_ended = False
        self._paused_by_door = False
        self._clogged = False

    # What the socket tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._socket = cast("asyncio.Transport", transport)
        if not self._door.admitted(self._socket, plain=False):
            self._closing = True
            return
        self._encryption.shaking.add(self)
        self._timer = asyncio.get_running_loop().call_later(
            self._encryption.handshake, self._give_up, "no handshake in time"
        )

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._encryption.chunk

    def buffer_updated(self, nbytes: int) -> None:
        if self._tls is None:
            self._tls = self._context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._incoming.write(self._encryption.chunk[:nbytes])
        self._go_on(self._tls)

    def eof_received(self) -> bool:
        # Without its farewell (RFC 8446, section 6.1) the end may be somebody else's doing; nothing that is
        # not complete by then counts on either port, so it is no more than the end of a plain connection.
        self._peer_ends()
        return not self._closing

    def connection_lost(self, exc: Exception | None) -> None:
        self._closing = True
        self._shaken()
        self._door.connection_lost(exc)

    def pause_writing(self) -> None:
        self._clogged = True
        self._socket.pause_reading()
        if self._established:
            self._door_as_protocol().pause_writing()

    def resume_writing(self) -> None:
        self._clogged = False
        self._read_or_not()
        if self._established:
            self._door_as_protocol().resume_writing()

    # TLS.

    def _go_on(self, tls: ssl.SSLObject) -> None:
        try:
            if not self._established:
                tls.do_handshake()
                self._establish()
            while not self._closing and (data := tls.read(CHUNK)):
                self._hand_over(data)
            if not self._closing:
                self._peer_ends()
        except (ssl.SSLWantReadError, ssl.SSLEOFError):
            pass
        except ssl.SSLError as error:
            self._give_up((error.reason or "unknown").lower())
            return
        self._flush()

    def _establish(self) -> None:
        self._established = True
        self._shaken()
        self._flush()
        self._door.connection_made(self)

    def _shaken(self) -> None:
        if self in self._encryption.shaking:
            self._encryption.shaking.discard(self)
            self._timer.cancel()

    def _give_up(self, reason: str) -> None:
        """Ends a connection whose TLS broke, or never came to be."""
        if self._closing:
            return
        self._encryption.failed(reason)
        self._flush()  # the alert that tells the peer why
        self.abort()

    def _hand_over(self, data: bytes) -> None:
        door = self._door
        if isinstance(door, asyncio.Protocol):
            door.data_received(data)
            return
        assert isinstance(door, asyncio.BufferedProtocol)
        rest = memoryview(data)
        while rest and not self._closing:
            buffer = memoryview(door.get_buffer(len(rest)))
            count = min(len(buffer), len(rest))
            buffer[:count] = rest[:count]
            door.buffer_updated(count)
            rest = rest[count:]

    def _peer_ends(self) -> None:
        if self._peer_ended or self._closing:
            return
        self._peer_ended = True
        if not self._established or not self._door_as_protocol().eof_received():
            self.close()

    def _door_as_protocol(self) -> Any:
        return self._door  # each door is a Protocol or a BufferedProtocol, which share these methods

    def _flush(self) -> None:
        if data := self._outgoing.read():
            self._socket.write(data)

    # What the door asks.

    def write(self, data: bytes | bytearray | memoryview) -> None:
        rest = memoryview(data)
        try:
            while rest and self._tls is not None and not self._closing:
                rest = rest[self._tls.write(rest) :]
        except ssl.SSLError as error:
            self._give_up((error.reason or "unknown").lower())
            return
        self._flush()

    def close(self) -> None:
        """Sends what was written and TLS's farewell, and closes; does not wait for the peer's."""
        if self._closing:
            return
        self._closing = True
        if self._established and self._tls is not None:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self._socket.close()

    def abort(self) -> None:
        self._closing = True
        self._socket.abort()

    def is_closing(self) -> bool:
        return self._closing or self._socket.is_closing()

    def pause_reading(self) -> None:
        """At most what one read of the socket brought comes after this."""
        self._paused_by_door = True
        self._socket.pause_reading()

    def resume_reading(self) -> None:
        self._paused_by_door = False
        self._read_or_not()

    def is_reading(self) -> bool:
        return self._socket.is_reading()

    def _read_or_not(self) -> None:
        if not self._paused_by_door and not self._clogged and not self.is_closing():
            self._socket.resume_reading()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        own = {"ssl_object": self._tls, "sslcontext": self._context}
        return own[name] if name in own else self._socket.get_extra_info(name, default)

    def get_write_buffer_size(self) -> int:
        return self._socket.get_write_buffer_size()

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._socket.get_write_buffer_limits()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._socket.set_write_buffer_limits(high, low)

    def can_write_eof(self) -> bool:
        return False
