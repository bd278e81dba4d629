"""The conversation goes on through every way a connection can end, and half a line is never a message."""

import asyncio
import os
import socket
import subprocess
import sys
import time
import tracemalloc
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from minechat.client.listen import State, blocks, listening
from minechat.client.reaching import lookup
from minechat.client.tls import Tls
from minechat.errors import ConnectionLost, HostUnknown, InvalidInput, TlsNotTrusted, Unreachable
from minechat.events import Connected, LinesSkipped, Lost, Retrying, Said
from tests.certificates import issue

pytestmark = pytest.mark.usefixtures("quiet")

KIB = 1024
LINE_LIMIT = 64 * KIB


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def at_once() -> Iterator[float]:
    while True:
        yield 0.0


async def heard(stream: AsyncIterator[bytes | State], wanted: int) -> list[bytes | State]:
    return [await anext(stream) for _ in range(wanted)]


async def all_of(stream: AsyncIterator[bytes | State]) -> tuple[bytes, list[State]]:
    """Everything until the stream gives up, which it must do by ConnectionLost."""
    data, states = b"", []
    with pytest.raises(ConnectionLost):
        async for item in stream:
            if isinstance(item, bytes):
                data += item
            else:
                states.append(item)
    return data, states


# What is heard.


async def test_messages_and_changes_of_state_come_in_order(serve) -> None:
    async def say(reader, writer):
        writer.write("Vlad: привет\r\nno name\nEva: a: b\nhalf".encode())

    port = await serve(say)
    async with listening("127.0.0.1", port, retry=0) as conversation:
        items = [await anext(conversation) for _ in range(5)]
        with pytest.raises(ConnectionLost):
            await anext(conversation)
    address = f"127.0.0.1:{port}"
    assert items == [
        Connected(address),
        Said("Vlad", "привет"),
        Said(None, "no name"),
        Said("Eva", "a: b"),
        Lost(f"{address} ended the connection", partial=4),
    ]


async def test_many_lines_come_in_few_blocks_of_whole_lines(serve) -> None:
    line = b"Vlad: " + b"x" * 73 + b"\n"

    async def flood(reader, writer):
        for _ in range(100):
            writer.write(line * 1000)
            await writer.drain()

    port = await serve(flood)
    received, number = 0, 0
    async with blocks("127.0.0.1", port, retry=0) as stream:
        assert isinstance(await anext(stream), Connected)
        while isinstance(block := await anext(stream), bytes):
            assert block.endswith(b"\n")
            assert block == line * (len(block) // 80)
            received += len(block)
            number += 1
    assert received == 100_000 * 80
    assert number < 2000


async def test_letters_cut_by_the_network_come_whole(serve) -> None:
    async def drip(reader, writer):
        for byte in "Влад: ёж 🦔\n".encode():
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)

    port = await serve(drip)
    async with listening("127.0.0.1", port, retry=0) as conversation:
        await anext(conversation)
        assert await anext(conversation) == Said("Влад", "ёж 🦔")


async def test_what_is_no_address_is_refused_at_once() -> None:
    with pytest.raises(InvalidInput, match="two words"):
        blocks("two words", 5000)
    with pytest.raises(InvalidInput, match="70000"):
        listening("x", 70000)


# How a connection ends.


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize("way", ["EOF", "RST"])
async def test_a_conversation_cut_anywhere_gives_no_half_line_as_a_message(serve, reset, way: str) -> None:
    said = "Vlad: первая\nEva: вторая строка\nМарк: третья\n\nx\n".encode() * 3
    transcript = said + "Vlad: и половина".encode()
    cuts = iter(range(len(transcript) + 1))

    async def cut(reader, writer):
        writer.write(transcript[: next(cuts)])
        await writer.drain()
        if way == "RST":
            reset(writer)

    port = await serve(cut)
    for size in range(len(transcript) + 1):
        async with blocks("127.0.0.1", port, retry=0) as stream:
            data, states = await all_of(stream)
        whole = transcript[: transcript.rfind(b"\n", 0, size) + 1]
        assert data == whole
        assert isinstance(states[0], Connected)
        assert states[1:] == [Lost(states[1].reason, size - len(whole))]


async def test_lines_before_a_reset_are_heard_though_nobody_was_reading(serve, reset, until) -> None:
    slammed = []

    async def say_and_slam(reader, writer):
        for number in range(3):
            writer.write(b"line %d\n" % number * 1000)
        reset(writer)
        slammed.append(True)

    port = await serve(say_and_slam)
    async with blocks("127.0.0.1", port, retry=0) as stream:
        assert isinstance(await anext(stream), Connected)
        await until(lambda: slammed)
        data, _ = await all_of(stream)
    assert data == b"".join(b"line %d\n" % number * 1000 for number in range(3))


async def test_a_lost_connection_is_told_once_and_made_anew(serve) -> None:
    async def one_line(reader, writer):
        writer.write(b"Vlad: hi\n")

    port = await serve(one_line)
    address = f"127.0.0.1:{port}"
    async with blocks("127.0.0.1", port, delays=at_once) as stream:
        seen = await heard(stream, 8)
    reason = f"{address} ended the connection"
    once = [Connected(address), b"Vlad: hi\n", Lost(reason), Retrying(reason, 0.0)]
    assert seen == once * 2


async def test_each_attempt_looks_the_name_up_anew(serve, closed_port: int) -> None:
    async def one_line(reader, writer):
        writer.write(b"Vlad: hi\n")

    port = await serve(one_line)
    ends = iter([closed_port, closed_port, port, None, port])

    def resolve(host: bytes, _: int):
        end = next(ends)
        if end is None:
            raise socket.gaierror(socket.EAI_NONAME, "gone for a while")
        return lookup(b"127.0.0.1", end)

    async with blocks("chat.example", 5000, delays=at_once, resolve=resolve) as stream:
        seen = [type(item) for item in await heard(stream, 8)]
    assert seen == [Retrying, Retrying, Connected, bytes, Lost, Retrying, Retrying, Connected]


async def test_silence_is_no_reason_to_reconnect(serve) -> None:
    accepted = []

    async def think(reader, writer):
        accepted.append(True)
        await asyncio.sleep(0.7)  # longer than the deadline below: the silence itself is the subject
        writer.write(b"Vlad: at last\n")
        await reader.read()

    port = await serve(think)
    async with blocks("127.0.0.1", port, timeout=0.3) as stream:
        assert isinstance(await anext(stream), Connected)
        assert await anext(stream) == b"Vlad: at last\n"
    assert len(accepted) == 1


# When to try again.


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize("way", ["refuse", "EOF", "RST"])
async def test_a_server_that_fails_at_once_sees_20_attempts_in_5_minutes(
    serve, reset, closed_port: int, way: str
) -> None:
    async def fail(reader, writer):
        if way == "RST":
            reset(writer)

    port = closed_port if way == "refuse" else await serve(fail)
    time, started = Time(), []

    def resolve(host: bytes, wanted: int):
        started.append(time.now)
        return lookup(host, wanted)

    async with blocks("127.0.0.1", port, clock=time, sleep=time.sleep, resolve=resolve) as stream:
        async for _ in stream:
            if len(started) > 1000:
                break
    for first, next_but_19 in zip(started, started[20:], strict=False):
        assert next_but_19 - first >= 300 - 1e-6
    assert max(time.slept) <= 45 + 1e-6


@pytest.mark.parametrize(("good_for", "next_delay"), [(29.9, 3.0), (30.0, 1.0)])
async def test_only_a_good_while_begins_the_delays_anew(
    serve, closed_port: int, good_for: float, next_delay: float
) -> None:
    time, go = Time(), asyncio.Event()

    async def stay(reader, writer):
        await go.wait()

    port = await serve(stay)
    ends = iter([closed_port, closed_port, port])

    def resolve(host: bytes, _: int):
        return lookup(host, next(ends, closed_port))

    def series() -> Iterator[float]:
        return map(float, count(1))

    stream_of = blocks("127.0.0.1", 9, delays=series, clock=time, sleep=time.sleep, resolve=resolve)
    async with stream_of as stream:
        first, second, connected = await heard(stream, 3)
        assert [first.delay, second.delay] == [1.0, 2.0]
        assert isinstance(connected, Connected)
        time.now += good_for
        go.set()
        lost, retrying = await heard(stream, 2)
    assert isinstance(lost, Lost)
    assert retrying.delay == next_delay


@pytest.mark.parametrize("retry", [0, 1, 5])
async def test_so_many_attempts_are_made_again_and_no_more(closed_port: int, retry: int) -> None:
    async with blocks("127.0.0.1", closed_port, retry=retry, delays=at_once) as stream:
        assert [type(item) for item in await heard(stream, retry)] == [Retrying] * retry
        with pytest.raises(Unreachable, match="refuses"):
            await anext(stream)


async def test_only_the_first_attempt_ends_on_an_unknown_name(serve) -> None:
    def unknown(host: bytes, port: int):
        raise socket.gaierror(socket.EAI_NONAME, "no")

    async with blocks("chat.example", 5000, resolve=unknown) as stream:
        with pytest.raises(HostUnknown):
            await anext(stream)

    answers = iter([socket.EAI_AGAIN, socket.EAI_NONAME, socket.EAI_NONAME])

    def late(host: bytes, port: int):
        raise socket.gaierror(next(answers), "no")

    async with blocks("chat.example", 5000, resolve=late, delays=at_once) as stream:
        assert [type(item) for item in await heard(stream, 3)] == [Retrying] * 3


async def test_a_server_that_is_not_trusted_ends_the_first_attempt(serve, owner) -> None:
    connections = []

    async def count_them(reader, writer):
        connections.append(reader)

    port = await serve(count_them, tls=owner.tls)
    with pytest.raises(TlsNotTrusted):
        async with blocks("127.0.0.1", port, tls=Tls(), delays=at_once) as stream:
            await anext(stream)
    assert connections == []


async def test_later_a_server_that_is_not_trusted_is_tried_again(serve, owner, tmp_path: Path) -> None:
    async def speak(reader, writer):
        writer.write(b"Vlad: hello\n")

    stranger = issue("127.0.0.1")
    ports = [
        await serve(speak, tls=tls) for tls in (owner.tls, stranger.context(tmp_path, "stranger"), owner.tls)
    ]
    tries = iter(ports)
    async with (
        asyncio.timeout(5),
        blocks(
            "127.0.0.1",
            1,
            tls=Tls(fingerprint=owner.issued.fingerprint),
            delays=at_once,
            resolve=lambda host, _: lookup(host, next(tries)),
        ) as stream,
    ):
        seen = await heard(stream, 7)
    kinds = [type(item) for item in seen]
    assert kinds == [Connected, bytes, Lost, Retrying, Retrying, Connected, bytes]
    assert "another certificate" in seen[4].reason  # type: ignore[union-attr]


async def test_what_breaks_the_encryption_later_is_a_lost_connection(serve, owner) -> None:
    async def break_it(reader, writer):
        writer.write(b"Vlad: hello\n")
        await read.wait()
        with socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno())) as below:
            below.send(b"\x17\x03\x03\x00\x20" + bytes(32))
        await reader.read()

    read = asyncio.Event()
    port = await serve(break_it, tls=owner.tls)
    async with blocks("127.0.0.1", port, tls=Tls(ca=owner.ca), retry=0) as stream:
        assert await heard(stream, 2) == [Connected(f"127.0.0.1:{port}"), b"Vlad: hello\n"]
        read.set()
        assert await anext(stream) == Lost(f"127.0.0.1:{port} broke the connection off")
        with pytest.raises(ConnectionLost):
            await anext(stream)


# Lines over the limit.


@pytest.mark.parametrize("size", [LINE_LIMIT + 1, 10 * KIB * KIB])
async def test_an_over_long_line_is_told_once_and_its_tail_never_heard(serve, size: int) -> None:
    async def shout(reader, writer):
        writer.write(b"before\n")
        for start in range(0, size - 9, 64 * KIB):
            writer.write(b"A" * min(64 * KIB, size - 9 - start))
            await writer.drain()
        writer.write(b"SMUGGLED\nafter\n")

    port = await serve(shout)
    async with blocks("127.0.0.1", port, retry=0) as stream:
        tracemalloc.start()
        data, states = await all_of(stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert data == b"before\nafter\n"
    assert [type(state) for state in states] == [Connected, LinesSkipped, Lost]
    assert states[1] == LinesSkipped(1)
    assert peak < 4 * KIB * KIB


async def test_a_line_that_never_ends_takes_no_memory(serve) -> None:
    async def drone(reader, writer):
        for _ in range(512):
            writer.write(b"A" * 64 * KIB)
            await writer.drain()

    port = await serve(drone)
    async with blocks("127.0.0.1", port, retry=0) as stream:
        tracemalloc.start()
        data, states = await all_of(stream)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert data == b""
    assert states[1:] == [LinesSkipped(1), Lost(states[2].reason, 0)]
    assert peak < 4 * KIB * KIB


async def test_who_does_not_ask_holds_the_server_back(serve, until) -> None:
    written = [0]

    async def flood(reader, writer):
        while True:
            writer.write(b"Vlad: hi\n" * 10_000)
            written.append(written[-1] + 90_000)
            await writer.drain()

    port = await serve(flood)
    async with blocks("127.0.0.1", port) as stream:
        assert isinstance(await anext(stream), Connected)
        lately = deque([-1] * 50, maxlen=50)

        def stuck() -> bool:
            lately.append(written[-1])
            return lately[0] == lately[-1] > 0

        await until(stuck)
        assert written[-1] < 20 * KIB * KIB  # what the kernel takes, and two of our blocks
        assert isinstance(await anext(stream), bytes)


# How it ends.


async def test_leaving_closes_the_connection(serve) -> None:
    left = asyncio.Event()

    async def talk(reader, writer):
        writer.write(b"Vlad: hi\n" * 3)
        assert await reader.read() == b""
        left.set()

    port = await serve(talk)
    async with listening("127.0.0.1", port) as conversation:
        async for item in conversation:
            if isinstance(item, Said):
                break
    async with asyncio.timeout(5):
        await left.wait()


@pytest.mark.parametrize("where", ["reading", "waiting"])
async def test_a_cancelled_listener_ends_at_once(serve, closed_port: int, until, where: str) -> None:
    async def say_nothing(reader, writer):
        await reader.read()

    port = await serve(say_nothing) if where == "reading" else closed_port
    begun = []

    async def listen() -> None:
        async with blocks("127.0.0.1", port, delays=lambda: count(60.0)) as stream:
            async for item in stream:
                begun.append(item)

    task = asyncio.create_task(listen())
    await until(lambda: begun)
    began = time.monotonic()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert time.monotonic() - began < 0.5


# A cable cut, in two network namespaces of the kernel's.

SERVER = """
import socket, time
sock = socket.create_server(("10.123.0.1", 5000))
print("listening", flush=True)
peer, _ = sock.accept()
peer.sendall(b"Vlad: hi\\n")
time.sleep(60)
"""
CLIENT = """
import asyncio, time
from minechat.client.listen import blocks
async def main():
    async with blocks("10.123.0.1", 5000, timeout=0.5, keepalive=1) as stream:
        async for item in stream:
            print(item, flush=True)
asyncio.run(main())
"""


@contextmanager
def two_namespaces() -> Iterator[tuple[str, str]]:
    """Two hosts joined by a cable: 10.123.0.1 and 10.123.0.2."""
    names = [f"minechat{next(_numbers)}-{time.monotonic_ns() % 10**6}" for _ in range(2)]
    ends = [f"mc{name[-8:]}"[:15].replace("-", "") + str(n) for n, name in enumerate(names)]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", ends[0], "netns", names[0], "type", "veth", "peer", ends[1], "netns", names[1])
        for number, (name, end) in enumerate(zip(names, ends, strict=True), 1):
            ip("-n", name, "addr", "add", f"10.123.0.{number}/24", "dev", end)
            ip("-n", name, "link", "set", end, "up")
        yield names[0], names[1]
    except subprocess.CalledProcessError as exc:
        pytest.skip(f"network namespaces cannot be made here: {exc.stderr.strip()}")
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


_numbers = count()


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@pytest.mark.needs("ip")
def test_a_dead_peer_is_found_though_nothing_is_sent() -> None:
    def python(name: str, program: str) -> subprocess.Popen[str]:
        command = ["ip", "netns", "exec", name, sys.executable, "-uc", program]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    with two_namespaces() as (far, near), python(far, SERVER) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == "listening\n"
        with python(near, CLIENT) as client:
            assert client.stdout is not None
            try:
                seen = [client.stdout.readline() for _ in range(2)]
                assert "Connected" in seen[0]
                assert "Vlad: hi" in seen[1]
                ip("-n", far, "route", "add", "blackhole", "10.123.0.2/32")
                cut = time.monotonic()
                lost = client.stdout.readline()
                assert "Lost(reason='10.123.0.1:5000 does not answer any more'" in lost
                assert time.monotonic() - cut < 10
            finally:
                client.kill()
                server.kill()
