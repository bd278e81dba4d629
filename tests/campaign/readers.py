"""Readers of every kind: good ones beside those who never read, who vanish, or who only sit there."""

import asyncio
import random
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.campaign._crowd import (
    DEADLINE,
    Member,
    Process,
    address,
    back_to,
    connected,
    crowd,
    descriptors_for,
    percentile,
    serving,
)
from tests.campaign.criteria import Wrong, criterion

MIB = 1 << 20
#: What a message of one kilobyte begins with: its number and when it was said.
HEAD = struct.Struct("!Id")


class Speaker(threading.Thread):
    """Says numbered messages of one kilobyte, evenly spaced, each with the time it was said at.

    :param rate: messages a second; infinite says one after the other
    """

    def __init__(self, port: int, count: int, rate: float, filler: int = 960) -> None:
        super().__init__(daemon=True)
        self.count = count
        self._rate = rate
        self._filler = "x" * filler
        self._member = Member(port, "Anna")
        self.failed: Exception | None = None

    def run(self) -> None:
        began = time.monotonic()
        try:
            for number in range(self.count):
                time.sleep(max(0.0, began + number / self._rate - time.monotonic()))
                self._member.post(f"{HEAD.pack(number, time.monotonic()).hex()}{self._filler}")
        except (OSError, AssertionError) as error:
            self.failed = error
        self._member.close()


class Hearers:
    """Readers that read: each must hear every number in its order; keeps how long each message took."""

    def __init__(self, socks: Sequence[socket.socket]) -> None:
        self.delays: list[float] = []
        self._selector = selectors.DefaultSelector()
        self._halves = dict.fromkeys(socks, b"")
        self._heard = dict.fromkeys(socks, 0)
        for sock in socks:
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ)

    def hear(self, seconds: float) -> None:
        """Reads whatever arrives in this time."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            for key, _ in self._selector.select(left):
                assert isinstance(key.fileobj, socket.socket)
                self._read(key.fileobj)

    def _read(self, sock: socket.socket) -> None:
        data = sock.recv(1 << 16)
        assert data, "a good reader was dropped"
        *lines, self._halves[sock] = (self._halves[sock] + data).split(b"\n")
        now = time.monotonic()
        for line in lines:
            number, said = HEAD.unpack(bytes.fromhex(line.partition(b": ")[2][:24].decode()))
            if number != self._heard[sock]:
                raise Wrong(f"heard {number} in place of {self._heard[sock]}")
            self._heard[sock] += 1
            self.delays.append(now - said)

    def fewest(self) -> int:
        return min(self._heard.values())


def never_reading(stack: ExitStack, port: int, count: int) -> None:
    """So many readers with small windows that never read."""
    for number in range(count):
        sock = stack.enter_context(socket.socket())
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.bind((address(number), 0))
        sock.connect(("127.0.0.1", port))


async def all_in(server: Process, descriptors: int) -> None:
    await _until(lambda: server.descriptors() >= descriptors, "not everybody was let in")


async def _until(fact: Callable[[], bool], words: str) -> None:
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < DEADLINE, words
        await asyncio.sleep(0.01)


async def _never_reading(size: int, folder: Path) -> str:
    never, good = size // 10, size // 15
    queue = min(256 * 1024, size * 90)
    async with serving(folder, "--limits", "off", "--max-queue", str(queue)) as server:
        with ExitStack() as stack, descriptors_for(never + good + 100):
            base = server.descriptors()
            hearers = Hearers(
                [stack.enter_context(connected(server.read_port, "127.0.0.1")) for _ in range(good)]
            )
            await all_in(server, base + good)
            never_reading(stack, server.read_port, never)
            await all_in(server, base + good + never)
            memory = peak = server.resident()
            speaker = Speaker(server.write_port, size, max(50.0, 150 - size / 10))
            speaker.start()
            began = time.monotonic()
            while hearers.fewest() < size and speaker.failed is None:
                assert time.monotonic() - began < 60 + DEADLINE, "a good reader does not hear everything"
                hearers.hear(0.1)
                peak = max(peak, server.resident())
            assert speaker.failed is None, f"the speaker failed: {speaker.failed!r}"
            gone = base + good + never - server.descriptors()
    slowest, grown = percentile(hearers.delays, 0.99), (peak - memory) / MIB
    # The connection of the speaker is counted too, while it is still open.
    assert gone >= never - 1, f"only {gone} of {never} were dropped"
    assert slowest <= 0.25, f"the others heard it after {slowest * 1000:.0f} ms"
    assert grown <= max(12, 96 * size / 3000), f"it took {grown:.0f} MiB of memory"
    return (
        f"{never} of {never + good} dropped, {good} heard {size} of {size} in order, "
        f"p99 {slowest * 1000:.0f} ms, +{grown:.1f} MiB"
    )


@criterion(
    "readers that never read are dropped, the others miss nothing and wait for nobody",
    small=300,
    full=3000,
    timed=True,
)
def never(size: int, folder: Path) -> str:
    """Size is how many messages of a kilobyte are said; at 3000 it is 50 a second for 300 such of 500."""
    return asyncio.run(_never_reading(size, folder))


async def _budget(size: int, folder: Path) -> str:
    queues = 64 * MIB * size // 300
    options = ("--limits", "off", "--max-queues", str(queues), "--max-queue", str(512 * 1024))
    async with serving(folder, *options) as server:
        with ExitStack() as stack, descriptors_for(size + 100):
            base = server.descriptors()
            never_reading(stack, server.read_port, size)
            await all_in(server, base + size)
            memory = server.resident()
            member = Member(server.write_port, "Anna")
            told = 0
            while "reason=budget" not in server.log.read_text():
                member.post("x" * 4000)
                told += 1
                assert told < 500, "nobody was dropped"
            grown = server.resident() - memory
            await _until(lambda: server.descriptors() <= base + size, "nobody was closed")
            left = server.descriptors() - base - 1
            member.close()
    assert "reason=queue" not in server.log.read_text()
    assert grown <= queues * 1.2 + 4 * MIB, f"it took {grown / MIB:.1f} MiB of memory"
    return f"{size - left} of {size} gave way at {queues / MIB:.1f} MiB, +{grown / MIB:.1f} MiB"


@criterion("the queues of all readers together have a bound", small=30, full=300)
def budget(size: int, folder: Path) -> str:
    return asyncio.run(_budget(size, folder))


async def _stalled(size: int, folder: Path) -> str:
    stall = size / 2
    async with serving(folder, "--limits", "off", "--max-stall", str(stall)) as server:
        base = server.descriptors()
        member = Member(server.write_port, "Anna")
        with ExitStack() as stack:
            stack.enter_context(connected(server.read_port, "127.0.0.1"))
            never_reading(stack, server.read_port, 1)
            await all_in(server, base + 3)
            began = time.monotonic()
            for _ in range(200):
                member.post("x" * 1000)
            said = time.monotonic()
            await _until(lambda: server.descriptors() < base + 3, "nobody was dropped")
            since, until = time.monotonic() - began, time.monotonic() - said
        member.close()
    assert "reason=stall" in server.log.read_text()
    assert since >= stall, f"dropped after {since:.1f} s"
    assert until <= stall * 1.1 + 1, f"dropped after {until:.1f} s"
    return f"dropped {until:.1f} s after the last thing said, {stall:.1f} s are given"


@criterion(
    "a reader that takes nothing of what waits is dropped in time, in a silent chat too", small=1, full=20
)
def stalled(size: int, folder: Path) -> str:
    """Size is the time given to such readers, in half seconds."""
    return asyncio.run(_stalled(size, folder))


async def _resets(size: int, folder: Path) -> str:
    chance = random.Random(size)
    async with serving(folder, "--limits", "off") as server:
        base = server.descriptors()
        speaker = Speaker(server.write_port, size // 10, 100)
        staying = [connected(server.read_port, "127.0.0.1") for _ in range(5)]
        hearers = Hearers(staying)
        await all_in(server, base + 6)
        speaker.start()
        for number in range(size):
            sock = connected(server.read_port, address(number % 2000))
            if chance.random() < 0.5:
                sock.send(b"hello?")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()
            if number % 20 == 0:
                hearers.hear(0.002)
        while hearers.fewest() < speaker.count:
            hearers.hear(0.05)
            assert speaker.failed is None, f"the speaker failed: {speaker.failed!r}"
        for sock in staying:
            sock.close()
        back = await back_to(base + 5, server)
        log = len(server.log.read_text().splitlines())
    assert log <= 100, f"{log} lines of log"
    return (
        f"{size} readers reset, 5 heard {speaker.count} of {speaker.count}, descriptors back in {back:.1f} s"
    )


@criterion("readers that vanish by a reset leave nothing behind and disturb nobody", small=300, full=10_000)
def resets(size: int, folder: Path) -> str:
    return asyncio.run(_resets(size, folder))


def _ran(server: Process) -> float:
    """Seconds that all threads of it ran, exact to the nanosecond."""
    tasks = Path(f"/proc/{server.pid}/task").iterdir()
    return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9


async def _idle(size: int, folder: Path) -> str:
    async with serving(folder, "--limits", "off") as server:
        with descriptors_for(size + 100):
            base = server.descriptors()
            with crowd(server.read_port, [address(number % 2000) for number in range(50)]):
                await all_in(server, base + 50)  # what the first ones need once is not theirs
                memory = server.resident()
                with crowd(server.read_port, [address(number % 2000) for number in range(size)]):
                    await all_in(server, base + 50 + size)
                    each = (server.resident() - memory) / size
                    ran, began = _ran(server), time.monotonic()
                    await asyncio.sleep(max(3.0, size / 100))
                    share = (_ran(server) - ran) / (time.monotonic() - began)
    assert each <= 4096, f"{each / 1024:.2f} KiB a reader"
    assert share <= 0.005, f"{share:.2%} of a core"
    return f"{each / 1024:.2f} KiB of memory a reader, {share:.2%} of a core with {size} idle ones"


@criterion("idle readers cost next to nothing", small=300, full=5000, timed=True)
def idle(size: int, folder: Path) -> str:
    return asyncio.run(_idle(size, folder))
