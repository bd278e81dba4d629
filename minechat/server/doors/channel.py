"""One WebSocket without its socket: bytes of a client in, texts and what must be written out."""

import logging
from collections.abc import Collection, Generator, Iterator
from enum import Enum

from websockets.frames import CloseCode, Frame, Opcode
from websockets.http11 import Request
from websockets.protocol import State
from websockets.server import ServerProtocol

from minechat.server.doors.upgrade import STOPPING, TOO_LARGE, Answer, failure, other_answer
from minechat.server.settings import Limits

#: Bytes of a request with its headers: a browser's cookies of other servers on this host are among them.
HEAD = 16 * 1024
#: Bytes of the reason in a close frame (RFC 6455, section 5.5).
REASON = 123
#: The library tells each connection as news; ours has its own words. Only a bug of its own is told.
_LOGGER = logging.getLogger("minechat.server.websockets")
_LOGGER.setLevel(logging.ERROR)


class Kind(Enum):
    """What came of the client's bytes."""

    WRITE = "bytes for the client"
    OPENED = "the WebSocket is open"
    TEXT = "a whole text, which is UTF-8"
    ENDED = "nothing more is taken: what was to write is written, and the connection ends"


Item = tuple[Kind, bytes]


class Channel:
    """The machine of one WebSocket, in the order in which the client's frames come, however they are cut.

    No extension and no subprotocol is spoken. Frames are handed to the library one by one: what it answers to
    a later frame never comes before what we say to an earlier one.

    :param origins: pages whose scripts may connect, besides those of the same host
    :param secure: whether the bytes came through TLS
    :ivar frames: how many frames have come, whatever frames
    :ivar stopping: whether nobody is let in any more
    :ivar refusal: what the request was answered that did not open the WebSocket
    """

    def __init__(self, limits: Limits, origins: Collection[str], *, secure: bool) -> None:
        self._limits = limits
        self._origins = origins
        self._secure = secure
        self._machine = ServerProtocol(max_size=limits.frame, logger=_LOGGER)
        self._head = b""
        self._cut = _Cut()
        self._parts: list[bytes] = []
        self.frames = 0
        self.stopping = False
        self.ended = False
        self.refusal: Answer | None = None

    @property
    def open(self) -> bool:
        """Whether texts can be sent."""
        return self._machine.state is State.OPEN and not self.ended

    @property
    def unfinished(self) -> bool:
        """Whether a message was begun and has not ended."""
        return self._cut.within or bool(self._parts)

    @property
    def within_message(self) -> bool:
        """Whether some fragments of a message have come, and others are to come."""
        return bool(self._parts)

    def receive(self, data: bytes) -> Iterator[Item]:
        """What comes of these bytes, one by one; what comes after the end is dropped."""
        if self._machine.state is State.CONNECTING and not self.ended:
            data = yield from self._open_with(data)
        for piece in self._cut.pieces(data):
            if self.ended:
                return
            self._machine.receive_data(piece)
            for frame in self._machine.events_received():
                assert isinstance(frame, Frame)
                yield from self._judge(frame)
            yield from self._written()

    def ping(self) -> bytes:
        """A frame that asks whether the client lives."""
        self._machine.send_ping(b"")
        return b"".join(self._machine.data_to_send())

    def close(self, code: int, reason: str) -> bytes:
        """The frame that ends the talk, whose answer is to come; b"" where there is nothing to end.

        :param reason: cut where it is too long
        """
        if not self.open:
            return b""
        cut = reason.encode()[:REASON].decode(errors="ignore")
        self._machine.send_close(code, cut)
        return b"".join(self._machine.data_to_send())

    # The request.

    def _open_with(self, data: bytes) -> Generator[Item, None, bytes]:
        """Opens the WebSocket, or answers the request and ends; gives back what came behind it."""
        seen = len(self._head)
        self._head += data
        end = self._head.find(b"\r\n\r\n", max(0, seen - 3)) + 4
        head, rest = (self._head[seen:end], self._head[end:]) if end > 3 else (data, b"")
        self._machine.receive_data(head)
        events = self._machine.events_received()
        answer = self._refused(events[0]) if events else None
        if answer is None and self._machine.handshake_exc is not None:
            answer = failure(self._machine.handshake_exc)
        if answer is None and len(self._head) - len(rest) > HEAD:
            answer = TOO_LARGE
        if answer is not None:
            self.refusal, self.ended = answer, True
            yield Kind.WRITE, answer.encode()
            yield Kind.ENDED, b""
        elif events:
            self._head = b""
            yield from self._written()
            yield Kind.OPENED, b""
        return rest

    def _refused(self, request: object) -> Answer | None:
        assert isinstance(request, Request)
        answer = other_answer(request, origins=self._origins, secure=self._secure)
        if answer is None and self.stopping:
            answer = STOPPING
        if answer is None:
            response = self._machine.accept(request)
            if response.status_code == 101:
                self._machine.send_response(response)
        return answer

    # The frames.

    def _judge(self, frame: Frame) -> Iterator[Item]:
        self.frames += 1
        if frame.opcode is Opcode.BINARY:
            self._fail(CloseCode.UNSUPPORTED_DATA, "texts are taken, in JSON")
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT) and self.open:
            self._parts.append(bytes(frame.data))
            if len(self._parts) > self._limits.fragments:
                self._fail(CloseCode.POLICY_VIOLATION, "too many fragments")
            elif frame.fin:
                text = b"".join(self._parts)
                self._parts.clear()
                try:
                    text.decode()
                except UnicodeDecodeError:
                    self._fail(CloseCode.INVALID_DATA, "this is not UTF-8")
                else:
                    yield Kind.TEXT, text

    def _fail(self, code: int, reason: str) -> None:
        self._machine.fail(code, reason)

    def _written(self) -> Iterator[Item]:
        for block in self._machine.data_to_send():
            if block:
                yield Kind.WRITE, block
            else:
                self.ended = True
                yield Kind.ENDED, b""


class _Cut:
    """Finds where the frames of a client end."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0

    @property
    def within(self) -> bool:
        """Whether a frame was begun and has not ended."""
        return bool(self._head)

    def pieces(self, data: bytes) -> Iterator[bytes]:
        """The data cut so that each piece has bytes of one frame alone."""
        at = 0
        while at < len(data):
            begun = at
            while at < len(data) and len(self._head) < _head_size(self._head):
                self._head.append(data[at])
                at += 1
                if len(self._head) == _head_size(self._head):
                    self._left = _size(self._head)
            taken = min(self._left, len(data) - at)
            at += taken
            self._left -= taken
            if not self._left and len(self._head) == _head_size(self._head):
                self._head.clear()
            yield data[begun:at]


def _head_size(head: bytearray) -> int:
    """Bytes of a frame before its text, as far as they tell."""
    if len(head) < 2:
        return 2
    return 2 + {126: 2, 127: 8}.get(head[1] & 127, 0) + (4 if head[1] & 128 else 0)


def _size(head: bytearray) -> int:
    short = head[1] & 127
    return short if short < 126 else int.from_bytes(head[2 : 4 if short == 126 else 10], "big")
