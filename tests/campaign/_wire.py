"""Clients of RIFT made for numbers: frames as bytes, many under way at once, every answer taken."""

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from tests.campaign._crowd import DEADLINE

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n"
)
PASSWORD = "correct horse"
CLOSE, PING = 0x88, 0x89
Frame = dict[str, Any]
#: Of all clients: a message bears its sender's.
IDS = itertools.count(1)


def masked(data: bytes, kind: int = 0x81) -> bytes:
    """A client's frame (RFC 6455, section 5.2), with a mask of zeros."""
    size = len(data)
    if size < 126:
        head = bytes((kind, 0x80 | size))
    elif size < 1 << 16:
        head = bytes((kind, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((kind, 0xFF)) + size.to_bytes(8, "big")
    return head + bytes(4) + data


def asked(word: str, **payload: object) -> bytes:
    return json.dumps({"type": word, "payload": payload}).encode()


class Closed(AssertionError):
    """The server has ended the connection; where nobody expects it, that is what was missed.

    :param code: of its close frame; None where there was none
    """

    def __init__(self, code: int | None, reason: bytes = b"") -> None:
        super().__init__(f"closed with {code}: {reason!r}")
        self.code = code


class Wire:
    """One connection; whatever comes is kept until it is asked for.

    :ivar session: what one comes in with again without a password
    :ivar events: frames that answered nothing, where ``ask`` met them
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.session = ""
        self.events: list[Frame] = []
        self._reader = reader
        self._half = b""
        self._texts: deque[bytes] = deque()
        self._closed: Closed | None = None

    @classmethod
    async def open(cls, port: int, source: str = "127.0.0.1", headers: bytes = b"") -> "Wire":
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
            writer.write(UPGRADE % headers)
            answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer, answer
        assert b"extensions" not in answer.lower(), answer
        return cls(reader, writer)

    async def enter(self, name: str, *features: str, new: bool = False, session: str = "") -> Frame:
        if new:
            self.send(asked("register", username=name, password=PASSWORD))
            frame = await self.frame()
            assert frame["type"] == "register_success", frame
        known = {"session": session} if session else {"username": name, "password": PASSWORD}
        self.send(asked("auth", **known, features=features))
        frame = await self.frame()
        assert frame["type"] == "auth_success", frame
        payload: Frame = frame.get("payload", {})
        self.session = payload.get("session", "")
        return payload

    def send(self, text: bytes) -> None:
        self.writer.write(masked(text))

    async def text(self) -> bytes:
        """The next text.

        :raises Closed: there will be none
        """
        while not self._texts:
            if self._closed is not None:
                raise self._closed
            await self._read()
        return self._texts.popleft()

    async def frame(self) -> Frame:
        frame: Frame = json.loads(await self.text())
        return frame

    async def ask(self, word: str, **payload: object) -> Frame:
        """The answer to a request, while no other is under way."""
        request = f"request {next(IDS)}"
        self.send(asked(word, id=request, **payload))
        while True:
            frame = await self.frame()
            if frame.get("payload", {}).get("id") == request:
                return frame
            self.events.append(frame)

    async def done(self, word: str, **payload: object) -> Frame:
        frame = await self.ask(word, **payload)
        assert frame["type"] != "error", frame
        found: Frame = frame["payload"]
        return found

    async def code(self) -> int | None:
        """The code with which the server closes; what comes before it is passed over."""
        try:
            while True:
                await self.text()
        except Closed as end:
            return end.code

    async def _read(self) -> None:
        try:
            async with asyncio.timeout(DEADLINE):
                data = await self._reader.read(1 << 16)
        except ConnectionError:
            data = b""
        except TimeoutError:
            raise AssertionError(f"nothing came for {DEADLINE:g} s") from None
        if not data:
            self._closed = self._closed or Closed(None)
            return
        data = self._half + data
        at = 0
        while (cut := self._cut(data, at)) is not None:
            begin, end = cut
            if data[at] == 0x81:
                self._texts.append(data[begin:end])
            elif data[at] == CLOSE:
                self._closed = Closed(int.from_bytes(data[begin : begin + 2], "big"), data[begin + 2 : end])
            elif data[at] == PING:
                self.writer.write(masked(data[begin:end], 0x8A))
            at = end
        self._half = data[at:]

    @staticmethod
    def _cut(data: bytes, at: int) -> tuple[int, int] | None:
        """Where the payload of a server's frame begins and ends; None while it is not whole."""
        if len(data) < at + 2:
            return None
        begin, size = at + 2, data[at + 1]
        if size > 125:
            begin += 2 if size == 126 else 8
            size = int.from_bytes(data[at + 2 : begin], "big")
        return None if len(data) < begin + size else (begin, begin + size)


@asynccontextmanager
async def people(port: int, names: Iterable[str], *features: str) -> AsyncIterator[list[Wire]]:
    """New accounts, each on a connection."""
    async with AsyncExitStack() as stack:
        wires = []
        for name in names:
            wire = await Wire.open(port)
            stack.callback(wire.writer.transport.abort)
            await wire.enter(name, *features, new=True)
            wires.append(wire)
        yield wires
