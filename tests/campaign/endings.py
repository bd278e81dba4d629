"""How talks end: reset at every stage, garbled and cut anywhere, and while the server stops."""

import asyncio
import contextlib
import itertools
import random
import signal
import socket
import struct
import time
from collections.abc import Iterator
from pathlib import Path

from tests.campaign._crowd import DEADLINE, REFUSAL, Process, back_to, connected, serving
from tests.campaign._life import server as life
from tests.campaign._life import signal_of, stored
from tests.campaign._talk import member
from tests.campaign.criteria import criterion
from tests.server.raw import SENT, Raw

FREE = ("--limits", "off")
#: SO_LINGER on, for no time: closing sends a reset.
RESET = struct.pack("ii", 1, 0)


async def _reset(size: int, folder: Path) -> str:
    async with serving(folder, *FREE) as server:
        client, token = await member(server.write_port)
        base, blank = server.descriptors(), server.log.read_bytes().count(b"\n")
        stages = [b"", b"\n", b"\nNick", b"\nNick\n", token, token + b"\n", token + b"\nhalf", b"\n\n\n\n"]
        stages += [
            token + b"\nwhole\n\n",
            token + b"\n" + b"many\n\n" * 100,
            b"x" * 5000,
            b"GET / HTTP/1.1\r\n",
        ]
        ports = (server.write_port, server.write_port, server.read_port)
        began = time.monotonic()
        for number in range(size):
            with connected(ports[number % 3], "127.0.0.1") as sock:
                with contextlib.suppress(ConnectionError):
                    sock.sendall(stages[number % len(stages)])
                    if number % 2 and number % 3 != 2:
                        sock.recv(10)
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        rate = size / (time.monotonic() - began)
        client.send(b"still here\n\n")
        assert await client.line() == SENT
        back = await back_to(base, server)
        client.writer.close()
        lines = server.log.read_bytes().count(b"\n") - blank
    assert lines <= 100, f"{lines} lines in the log"
    return f"{size} resets at {rate:.0f} a second: descriptors back in {back:.1f} s, {lines} lines in the log"


@criterion("connections reset at every stage of the talk leave nothing behind", small=500, full=10_000)
def reset(size: int, folder: Path) -> str:
    return asyncio.run(_reset(size, folder))


def sessions(chance: random.Random, token: bytes) -> Iterator[tuple[int, bytes]]:
    """What clients may send, in any order: the port (0 listens, 1 speaks) and the bytes."""
    pieces = [
        token + b"\n",
        b"\n",
        b"\n\n",
        b"nobody\r\n",
        b"Nick\n",
        b"text",
        b"a line\n",
        b"said\n\n",
        b"\0\n",
    ]
    pieces += [
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\xff\xfe\n",
        b"x" * 4095 + b"\n",
        b"x" * 4097,
        b"\r",
        b" \n",
    ]
    pieces += [b"z\n" * 101, b"\x16\x03\x01\x02\x00\x01", "слово\n\n".encode()]
    while True:
        parts = [
            chance.choice(pieces) if chance.random() < 0.9 else chance.randbytes(chance.randrange(40))
            for _ in range(chance.randrange(1, 8))
        ]
        yield int(chance.random() < 0.8), b"".join(parts)


async def told(port: int, data: bytes, cuts: list[int]) -> list[bytes]:
    """The kinds of lines that a server answers when the bytes come in these pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    answer = b""
    with contextlib.suppress(OSError):  # whoever is sent away meets a reset, or a socket that is gone
        for start, end in itertools.pairwise([0, *sorted(cuts), len(data)]):
            writer.write(data[start:end])
            await writer.drain()
            await asyncio.sleep(0)
        writer.write_eof()
        answer = await asyncio.wait_for(reader.read(), DEADLINE)
    writer.transport.abort()
    return [line.partition(b" ")[0] for line in answer.splitlines()]


async def _garbled(size: int, folder: Path) -> str:
    chance = random.Random(size)
    async with serving(folder, *FREE) as server:
        client, token = await member(server.write_port)
        base = server.descriptors()

        async def one(port: int, data: bytes) -> None:
            cuts = [chance.randrange(len(data) + 1) for _ in range(chance.randrange(1, 6))]
            if not port:
                return await heard_nothing(server, data)
            whole, cut = await told(server.write_port, data, []), await told(server.write_port, data, cuts)
            # Whoever is sent away may lose the last lines: the rest of what it says resets the connection.
            some = min(len(whole), len(cut))
            assert whole[:some] == cut[:some], f"{data!r} is answered otherwise when cut at {cuts}"
            ended = b"x" * 4097 in data or b"z\n" * 101 in data or b"GET" in data
            assert ended or whole == cut, f"{data!r} is answered otherwise when cut at {cuts}"
            return None

        every = sessions(chance, token)
        for first in range(0, size, 50):
            await asyncio.gather(*(one(*next(every)) for _ in range(min(50, size - first))))
        client.send(b"still here\n\n")
        assert await client.line() == SENT, "the server is not well"
        back = await back_to(base, server)
        client.writer.close()
    return f"{size} garbled sessions, each whole and cut: the same answers, descriptors back in {back:.1f} s"


async def heard_nothing(server: Process, data: bytes) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", server.read_port)
    with contextlib.suppress(ConnectionError):
        writer.write(data)
        await writer.drain()
    writer.transport.abort()


@criterion(
    "any session, however it is cut, is answered alike and leaves nothing behind", small=200, full=1_000_000
)
def garbled(size: int, folder: Path) -> str:
    return asyncio.run(_garbled(size, folder))


#: Posts of one client that are always without an answer, so that a server never stops between two of them.
AHEAD = 8


async def _stopped(folder: Path) -> tuple[float, int, int]:
    """Seconds to the end of a server that 20 post to without a pause; answered, and refused."""
    answered = refused = 0

    async def post(client: Raw, number: int) -> None:
        nonlocal answered, refused
        waiting, count, told = 0, itertools.count(), False
        while waiting or not told:
            while waiting < AHEAD and not told:
                client.send(b"%d %d\n\n" % (number, next(count)))
                waiting += 1
            try:
                line = await client.line()
            except ConnectionError:
                line = b""
            assert line, f"{waiting} posts of one client are without an answer"
            assert line == SENT or line.startswith(REFUSAL), line
            waiting -= 1
            answered += line == SENT
            refused += line != SENT
            told = told or line != SENT
        client.writer.close()

    async with life(folder) as server:
        clients = [(await member(server.write_port, f"Poster {number}"))[0] for number in range(20)]
        posts = asyncio.gather(*(post(client, number) for number, client in enumerate(clients)))
        await asyncio.sleep(0.3)
        began = time.monotonic()
        ended = asyncio.create_task(asyncio.to_thread(signal_of, server.process, signal.SIGTERM))
        await posts
        await ended
        seconds = time.monotonic() - began
    texts = stored(folder / "chat.db")
    assert len(texts) == answered, f"{answered} were answered, {len(texts)} are stored"
    return seconds, answered, refused


@criterion(
    "a server that is stopped under load answers or refuses every post, and ends in time", small=1, full=100
)
def stopped_under_load(size: int, folder: Path) -> str:
    slowest, answers, refusals = 0.0, 0, 0
    for number in range(size):
        place = folder / str(number)
        place.mkdir()
        seconds, answered, refused = asyncio.run(_stopped(place))
        slowest, answers, refusals = max(slowest, seconds), answers + answered, refusals + refused
    assert slowest <= 10, f"it took {slowest:.1f} s"
    return (
        f"{answers} posts stored, {refusals} refused in words, 0 without an answer; at most {slowest:.1f} s"
    )
