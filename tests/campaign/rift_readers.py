"""Clients of RIFT that take nothing or vanish, beside those who are just there."""

import asyncio
import os
import re
import socket
import struct
import time
from collections import Counter
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random

from minechat.server.app import running
from minechat.server.settings import PROFILES
from tests.campaign._crowd import DEADLINE, address, descriptors_for, descriptors_of, percentile
from tests.campaign._wire import UPGRADE, Wire, asked, masked, people
from tests.campaign.criteria import Wrong, criterion
from tests.campaign.logins import rift
from tests.campaign.readers import HEAD, MIB, Hearers, Speaker
from tests.campaign.rift import settings
from tests.campaign.rift_frames import Talk

FEATURES = ("acks", "rooms", "sessions")
ALL = (*FEATURES, "presence")
#: What a client has said last when it vanishes.
LAST = {
    "reset": b"",
    "unread": b"",
    "in auth": b"",
    "after a message": masked(asked("room_message", room="tea", text="and I am gone")) * 5,
    "after pages": masked(asked("get_history", room="tea", limit=100)) * 20,
    "after a close": masked(b"\x03\xe8", 0x88),
    "in a frame": masked(asked("room_message", room="tea", text="x" * 300))[:-100],
}
NUMBERED = re.compile(rb'"text":"([0-9a-f]{24})')


class RiftHearers(Hearers):
    """Hearers whose messages come in frames of RIFT."""

    def say(self, data: bytes) -> None:
        for sock in self._heard:
            sock.sendall(data)

    def _read(self, sock: socket.socket) -> None:
        data = sock.recv(1 << 16)
        assert data, "a good reader was dropped"
        data, end, now = self._halves[sock] + data, 0, time.monotonic()
        for found in NUMBERED.finditer(data):
            number, said = HEAD.unpack(bytes.fromhex(found[1].decode()))
            if number != self._heard[sock]:
                raise Wrong(f"heard {number} in place of {self._heard[sock]}")
            self._heard[sock] += 1
            self.delays.append(now - said)
            end = found.end()
        self._halves[sock] = data[end:][-len(b'"text":"') - 24 :]


def entered(
    stack: ExitStack, port: int, session: str, number: int, *, window: int | None = None
) -> socket.socket:
    """Somebody who is in; the buffers of who will not read are small."""
    sock = stack.enter_context(socket.socket())
    sock.settimeout(DEADLINE)
    if window is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
    sock.bind((address(number), 0))
    sock.connect(("127.0.0.1", port))
    sock.sendall(UPGRADE % b"" + masked(asked("auth", session=session, features=FEATURES)))
    told = b""
    while b"auth_success" not in told:
        told += (more := sock.recv(4096))
        assert more, f"not let in: {told!r}"
    return sock


@criterion(
    "clients of RIFT that never read are dropped, the others miss nothing and wait for nobody",
    small=300,
    full=3000,
    timed=True,
)
def never(size: int, folder: Path) -> str:
    """Size is how many messages of a kilobyte are said; at 3000 it is 50 a second for 300 such of 500."""
    return asyncio.run(_never(size, folder))


async def _never(size: int, folder: Path) -> str:
    idle, good = size // 10, size // 15
    options = ("--limits", "off", "--max-sessions", "1000", "--max-queue", str(min(256 * 1024, size * 90)))
    async with rift(folder, *options) as (server, port), people(port, ("maria",), *FEATURES) as (maria,):
        with ExitStack() as stack, descriptors_for(idle + good + 100):
            hearers = RiftHearers([entered(stack, port, maria.session, n) for n in range(good)])
            base = server.descriptors()
            for number in range(idle):
                entered(stack, port, maria.session, number, window=4096)
            memory = peak = server.resident()
            speaker = Speaker(server.write_port, size, max(50.0, 150 - size / 10))
            speaker.start()
            began = alive = time.monotonic()
            while hearers.fewest() < size and speaker.failed is None:
                assert time.monotonic() - began < 60 + DEADLINE, "a good reader does not hear everything"
                hearers.hear(0.1)
                if time.monotonic() > alive:  # who says nothing for long must answer
                    hearers.say(masked(b"", 0x8A))
                    alive += 10
                peak = max(peak, server.resident())
                await asyncio.sleep(0)
            assert speaker.failed is None, f"the speaker failed: {speaker.failed!r}"
            gone = base + idle - server.descriptors()
    slowest, grown = percentile(hearers.delays, 0.99), (peak - memory) / MIB
    figure = (
        f"{gone} of {idle} dropped, {good} heard {size} of {size} in order, p99 {slowest * 1000:.0f} ms, "
        f"{grown:+.1f} MiB"
    )
    assert gone >= idle - 1, figure  # the connection of the speaker is counted too, while it is open
    assert slowest <= 0.25, figure
    assert grown <= max(12, 96 * size / 3000), figure
    return figure


@criterion(
    "clients of RIFT that vanish in the midst of anything leave nothing behind, and the others miss nothing",
    small=60,
    full=1000,
)
def vanishing(size: int, folder: Path) -> str:
    return asyncio.run(_vanishing(size, folder))


async def _vanishing(size: int, folder: Path) -> str:
    """The server is in this process, so that its tasks can be counted."""
    random, ways = Random(5), Counter[str]()
    free = replace(settings(folder), limits=replace(PROFILES["off"], sessions=10**6))
    async with running(free) as server:
        assert server.rift_port is not None
        port = server.rift_port
        async with people(port, ("maria", "pavel", "mallory"), *FEATURES) as (maria, pavel, mallory):
            await maria.done("create_room", room="tea")
            await pavel.done("join_room", room="tea")
            await mallory.done("join_room", room="tea")
            tasks, descriptors = len(asyncio.all_tasks()), descriptors_of(os.getpid())
            talk = Talk(maria, pavel, pause=0.005)
            async with talk.going():
                for first in range(0, size, 10):
                    going = range(first, min(size, first + 10))
                    await asyncio.gather(*(_vanish(port, mallory.session, random, ways) for _ in going))
            back = await _back(tasks, descriptors)
            mallory.writer.transport.abort()
            await _alone(pavel)
    missed = len(talk.took) - len(talk.heard)
    assert talk.heard == list(range(len(talk.took))), f"others missed {missed}"
    return (
        f"{sum(ways.values())} vanished ({dict(ways)}), others missed {missed} of {len(talk.took)}; "
        f"all tasks and descriptors gone in {back:.1f} s"
    )


async def _vanish(port: int, session: str, random: Random, ways: Counter[str]) -> None:
    wire = await Wire.open(port)
    way = random.choice(tuple(LAST))
    ways[way] += 1
    if way == "in auth":
        wire.send(asked("auth", session=session, features=FEATURES))
    else:
        await wire.enter("", *ALL, session=session)
    wire.writer.write(LAST[way])
    if way == "unread":
        await asyncio.sleep(random.random() / 10)
    if random.random() < 0.5:
        sock = wire.writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.writer.transport.abort()


async def _alone(pavel: Wire) -> None:
    """Returns when nobody but the two who talked is there."""
    began = time.monotonic()
    while (here := (await pavel.done("get_online_users"))["users"]) != ["maria", "pavel"]:
        assert time.monotonic() - began < 5, f"{here} are there for the server"
        await asyncio.sleep(0.02)


async def _back(tasks: int, descriptors: int) -> float:
    """Seconds until there are as many of both as before."""
    began = time.monotonic()
    while (more := len(asyncio.all_tasks()) - tasks) > 0 or descriptors_of(os.getpid()) > descriptors:
        left = descriptors_of(os.getpid()) - descriptors
        assert time.monotonic() - began < 5, f"{more} tasks and {left} descriptors more than before"
        await asyncio.sleep(0.02)
    return time.monotonic() - began
