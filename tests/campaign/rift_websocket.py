"""RIFT under what is no WebSocket as it should be: closed in time, with its code, unnoticed by others."""

import asyncio
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

from tests.campaign._crowd import Process, address, back_to, percentile
from tests.campaign._wire import Wire, asked, masked, people
from tests.campaign.criteria import criterion
from tests.campaign.logins import rift
from tests.campaign.readers import MIB, _ran
from tests.campaign.rift_frames import Talk

#: Seconds in which a client that breaks the rules must be told so.
SOON = 2.0
OFFER = b"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
#: A frame of a compressed message, 64 KiB of which are 64 MiB.
BOMB = zlib.compressobj(9, zlib.DEFLATED, -15).compress(bytes(64 << 20)) + bytes(1000)
#: What breaks the rules of RFC 6455 or of the server, and the code that it must be closed with.
BROKEN: dict[str, tuple[bytes, int]] = {
    "no mask": (b"\x81\x05hello", 1002),
    **{f"reserved bit {bit:#x}": (masked(b"x", 0x81 | bit), 1002) for bit in (0x40, 0x20, 0x10)},
    **{f"kind {kind:#x}": (masked(b"x", 0x80 | kind), 1002) for kind in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a continuation of nothing": (masked(b"x", 0x80), 1002),
    "a text within a text": (masked(b"a", 0x01) + masked(b"b"), 1002),
    "a ping in parts": (masked(b"", 0x09), 1002),
    "a long ping": (masked(bytes(126), 0x89), 1002),
    **{
        f"close with {code}": (masked(code.to_bytes(2, "big"), 0x88), 1002)
        for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535)
    },
    "close with half a code": (masked(b"\x03", 0x88), 1002),
    "close with letters that are none": (masked(b"\x03\xe8\xff", 0x88), 1007),
    "letters that are none": (masked(b"\xed\xa0\x80"), 1007),
    "no text": (masked(b"{}", 0x82), 1003),
    "too many parts": (masked(b"", 0x01) + masked(b"", 0x00) * 20, 1008),
    "a frame over the limit": (masked(bytes(1 << 17)), 1009),
    "a frame without end": (b"\x81\xff\x7f" + b"\xff" * 7 + bytes(4), 1009),
    "a message over the limit": (masked(b"x" * 30_000, 0x01) + masked(b"x" * 30_000, 0x00) * 3, 1009),
    "compressed": (masked(BOMB[:60_000], 0xC1), 1002),
}


@dataclass
class Attack:
    """A server under attack, with two members who talk meanwhile."""

    server: Process
    port: int
    talk: Talk
    session: str


@asynccontextmanager
async def attacked(folder: Path, *options: str) -> AsyncIterator[Attack]:
    """In the end the two have missed nothing, the log is short, and the descriptors are back."""
    pause = 0.02 if "off" in options else 0.6  # as often as people may
    async with (
        rift(folder, *options) as (server, port),
        people(port, ("maria", "pavel", "mallory"), "acks", "rooms", "sessions") as (maria, pavel, mallory),
    ):
        await maria.done("create_room", room="tea")
        await pavel.done("join_room", room="tea")
        base = server.descriptors()
        talk = Talk(maria, pavel, pause)
        async with talk.going():
            yield Attack(server, port, talk, mallory.session)
        await back_to(base, server)
        lines = len(server.log.read_text().splitlines())
    assert talk.heard == list(range(len(talk.took))), "others missed what was said"
    assert percentile(talk.took, 0.99) <= 0.25, f"others waited {percentile(talk.took, 0.99) * 1000:.0f} ms"
    assert lines <= 100, f"{lines} lines of log"


def others(talk: Talk) -> str:
    slow = percentile(talk.took, 0.99) * 1000
    return f"others missed 0 of {len(talk.heard)} and were answered within {slow:.0f} ms (p99)"


@criterion(
    "whatever breaks the rules of WebSockets is closed within 2 s with the code for it, and costs nobody",
    small=1,
    full=200,
)
def broken(size: int, folder: Path) -> str:
    """Size is how often each way to break them is tried, and a tenth of the frames bent at random."""
    return asyncio.run(_broken(size, folder))


async def _broken(size: int, folder: Path) -> str:
    slowest, codes = 0.0, Counter[int | None]()
    async with attacked(folder, "--limits", "off") as attack:
        for number in range(size):
            ways = [_breaks(attack, name, number + at) for at, name in enumerate(BROKEN)]
            slowest = max(slowest, *await asyncio.gather(*ways))
            codes.update(await asyncio.gather(*(_bends(attack, number * 10 + at) for at in range(10))))
    assert slowest <= SOON, f"one was closed after {slowest:.1f} s"
    return (
        f"{size} x {len(BROKEN)} ways closed as they must be within {slowest * 1000:.0f} ms, {size * 10} "
        f"bent at random: {dict(codes)}; {others(attack.talk)}"
    )


async def _breaks(attack: Attack, name: str, number: int) -> float:
    """Seconds until it was closed. Who has logged in is closed as who has not."""
    data, expected = BROKEN[name]
    wire = await Wire.open(attack.port, address(number % 2000), OFFER)
    try:
        if number % 4 == 0:
            await wire.enter("mallory", "acks", session=attack.session)
        began = time.monotonic()
        wire.writer.write(data)
        try:
            code = await asyncio.wait_for(wire.code(), 2 * SOON)
        except TimeoutError:
            raise AssertionError(f"{name} is not closed") from None
        assert code == expected, f"{name} is closed with {code} in place of {expected}"
        return time.monotonic() - began
    finally:
        wire.writer.transport.abort()


async def _bends(attack: Attack, seed: int) -> int | None:
    """The code with which a few good frames with some bytes changed are closed, once nothing more comes."""
    random = Random(seed)
    data = bytearray(
        masked(asked("register", username="maria", password="correct horse"))
        + masked(b"", 0x89)
        + masked(b'{"type": ', 0x01)
        + masked(b'"list_rooms"}', 0x80)
        + masked(asked("get_online_users"))
    )
    for _ in range(random.randint(1, 6)):
        at = random.randrange(len(data))
        data[at : at + random.randrange(3)] = random.randbytes(random.randrange(4))
    wire = await Wire.open(attack.port, address(seed % 2000), OFFER)
    try:
        wire.writer.write(bytes(data))
        wire.writer.write_eof()
        began = time.monotonic()
        code = await wire.code()
        assert time.monotonic() - began <= SOON, f"{bytes(data)!r} is not closed"
        return code
    finally:
        wire.writer.transport.abort()


@criterion(
    "compressed bombs are refused unopened",
    small=20,
    full=200,
)
def bombs(size: int, folder: Path) -> str:
    return asyncio.run(_bombs(size, folder))


async def _bombs(size: int, folder: Path) -> str:
    async with attacked(folder, "--limits", "off") as attack:
        await _breaks(attack, "compressed", 1)
        memory = peak = attack.server.resident()
        for number in range(size):
            wire = await Wire.open(attack.port, address(number % 2000), OFFER)
            wire.writer.write(masked(BOMB, 0xC1))
            assert await wire.code() == 1002
            wire.writer.transport.abort()
            peak = max(peak, attack.server.resident())
    grown = (peak - memory) / MIB
    assert grown <= 5, f"it took {grown:.1f} MiB"
    return f"{size} bombs of {len(BOMB) >> 10} KiB, each 64 MiB: {grown:+.1f} MiB; {others(attack.talk)}"


@criterion("a million empty parts and messages without end are closed at once", small=20_000, full=1_000_000)
def endless(size: int, folder: Path) -> str:
    """Size is the number of parts, all of which are sent whether they are wanted or not."""
    return asyncio.run(_endless(size, folder))


async def _endless(size: int, folder: Path) -> str:
    parts = {
        "empty parts": (masked(b"", 0x01), masked(b"", 0x00), size, 1008),
        "large parts": (masked(b"x" * 30_000, 0x01), masked(b"x" * 30_000, 0x00), size // 500, 1009),
    }
    figures = []
    # Without limits of pace: they would end it too.
    async with attacked(folder, "--limits", "off") as attack:
        for name, (first, more, count, expected) in parts.items():
            wire = await Wire.open(attack.port, "127.0.9.9")
            ran, began = _ran(attack.server), time.monotonic()
            wire.writer.write(first)
            sending = asyncio.create_task(_pour(wire, more, count))
            code, took = await wire.code(), time.monotonic() - began
            await sending
            ran = _ran(attack.server) - ran
            wire.writer.transport.abort()
            assert code == expected, f"{name}: closed with {code}"
            assert took <= SOON, f"{name}: closed after {took:.1f} s"
            assert ran <= 0.5, f"{name}: {ran:.2f} s of processor"
            figures.append(f"{name} {took * 1000:.0f} ms, {ran * 1000:.0f} ms of processor")
    return f"{'; '.join(figures)}; {others(attack.talk)}"


async def _pour(wire: Wire, data: bytes, count: int) -> None:
    try:
        for _ in range(0, count, 100):
            wire.writer.write(data * 100)
            await wire.writer.drain()
    except ConnectionError:
        pass  # it was closed, as it must be


@criterion("10,000 pings a second are closed and leave the processor to others", small=2, full=60, timed=True)
def pings(seconds: int, folder: Path) -> str:
    return asyncio.run(_pings(seconds, folder))


async def _pings(seconds: int, folder: Path) -> str:
    closed, sent, slowest, number = 0, 0, 0.0, 0
    async with attacked(folder) as attack:
        ran, end = _ran(attack.server), time.monotonic() + seconds
        while time.monotonic() < end:
            number += 1
            wire = await Wire.open(attack.port, address(number % 2000))
            began, closing = time.monotonic(), asyncio.create_task(wire.code())
            while not closing.done():
                wire.writer.write(masked(b"ping", 0x89) * 1000)
                sent += 1000
                await asyncio.sleep(0.1)
                assert time.monotonic() - began <= SOON, "a flood of pings is not closed"
            assert closing.result() == 1008, f"closed with {closing.result()}"
            slowest, closed = max(slowest, time.monotonic() - began), closed + 1
            wire.writer.transport.abort()
        share = (_ran(attack.server) - ran) / seconds
    figure = (
        f"{sent / seconds:.0f} pings/s, {closed} connections closed within {slowest * 1000:.0f} ms, "
        f"{share:.1%} of a core; {others(attack.talk)}"
    )
    assert share <= 0.5, figure
    return figure
