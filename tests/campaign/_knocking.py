"""Logins by RIFT over raw sockets, from any address of this machine: one, or a flood of wrong ones."""

import asyncio
import json
import sys
import time
from collections import Counter
from contextlib import suppress
from typing import Any

UPGRADE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
DEADLINE = 20.0
#: Answers that come without a hash.
BUSY = ("busy", "too_fast")
Frame = dict[str, Any]


class Knock:
    """One connection, opened; ``async with``. Frames are short texts."""

    def __init__(self, port: int, source: str) -> None:
        self._port = port
        self._source = source

    async def __aenter__(self) -> "Knock":
        async with asyncio.timeout(DEADLINE):
            opening = asyncio.open_connection("127.0.0.1", self._port, local_addr=(self._source, 0))
            self._reader, self._writer = await opening
            self._writer.write(UPGRADE)
            answer = await self._reader.readuntil(b"\r\n\r\n")
        assert b" 101 " in answer, answer
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.transport.abort()

    def send(self, word: str, **payload: object) -> None:
        """One frame (RFC 6455, section 5.2), with a mask of zeros."""
        data = json.dumps({"type": word, "payload": payload}).encode()
        size = bytes([0x80 | len(data)]) if len(data) < 126 else b"\xfe" + len(data).to_bytes(2, "big")
        self._writer.write(b"\x81" + size + bytes(4) + data)

    async def receive(self) -> Frame:
        """The next frame that is no ping; of a close frame its code."""
        async with asyncio.timeout(DEADLINE):
            while True:
                kind, size = await self._reader.readexactly(2)
                if size == 126:
                    size = int.from_bytes(await self._reader.readexactly(2), "big")
                data = await self._reader.readexactly(size)
                if kind == 0x88:
                    return {"type": "close", "payload": {"code": int.from_bytes(data[:2], "big")}}
                if kind == 0x81:
                    frame: Frame = json.loads(data)
                    return frame

    async def rest(self) -> list[Frame]:
        """Every frame until the connection is closed."""
        frames: list[Frame] = []
        with suppress(ConnectionError, EOFError):
            while not frames or frames[-1]["type"] != "close":
                frames.append(await self.receive())
        return frames

    async def answer(self, word: str, **payload: object) -> Frame:
        """The answer to a request, which has its number; what comes before it is passed over."""
        self.send(word, id="1", **payload)
        while (frame := await self.receive()).get("payload", {}).get("id") != "1":
            assert frame["type"] != "close", frame
        return frame

    async def ask(self, word: str, **payload: object) -> Frame:
        self.send(word, **payload)
        return await self.receive()


async def login(port: int, source: str, username: str, password: str) -> tuple[Frame, float]:
    """The answer to one login, and the seconds that it took from the frame on."""
    async with Knock(port, source) as knock:
        began = time.perf_counter()
        frame = await knock.ask("auth", username=username, password=password)
        return frame, time.perf_counter() - began


class Flood:
    """Logins with a wrong password at an even rate, from many addresses by turns."""

    def __init__(self, port: int, sources: int) -> None:
        self._port = port
        self._sources = sources
        self.codes: Counter[str] = Counter()
        self.busy: list[float] = []

    async def run(self, rate: float, seconds: float) -> None:
        began, number = time.monotonic(), 0
        async with asyncio.TaskGroup() as tasks:
            while (late := time.monotonic() - began) < seconds:
                while number < late * rate:
                    tasks.create_task(self._one(number))
                    number += 1
                await asyncio.sleep(0.005)

    async def _one(self, number: int) -> None:
        source = f"127.0.{100 + number % self._sources // 200}.{1 + number % self._sources % 200}"
        code = "cut off"
        with suppress(ConnectionError, EOFError, TimeoutError):
            frame, took = await login(self._port, source, f"nobody {number}", "a wrong password")
            code = frame["payload"].get("code", frame["type"])
            if code == "busy":
                self.busy.append(took)
        self.codes[code] += 1


def main() -> None:
    """PORT RATE SECONDS SOURCES: floods, then prints what was answered and how soon who was told busy.

    Most of those are told at once, and some only when somebody who asked less often takes their place.
    """
    port, rate, seconds, sources = sys.argv[1:]
    flood = Flood(int(port), int(sources))
    asyncio.run(flood.run(float(rate), float(seconds)))
    busy = sorted(flood.busy) or [0.0]
    median, p90, p99 = (busy[int(len(busy) * share)] for share in (0.5, 0.9, 0.99))
    told = {"codes": flood.codes, "busy_median": median, "busy_p90": p90, "busy_p99": p99}
    print(json.dumps(told))


if __name__ == "__main__":
    main()
