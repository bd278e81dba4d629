"""RIFT under bent frames: each is answered in documented words, and none gains what nobody gave."""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.campaign._bending import LARGE, Bending, Bent
from tests.campaign._crowd import Process, percentile
from tests.campaign._wire import Closed, Wire, masked, people
from tests.campaign.criteria import Wrong, criterion
from tests.campaign.logins import _loop_lag, rift
from tests.campaign.readers import MIB, _ran

#: Frames of one client under way at once: fewer than the server would have waiting.
AT_ONCE = 12
CROWD = ("mallory", "bogdan", "egon", "pfafka")
FEATURES = ("acks", "rooms", "sessions")
#: Said where the crowd is not: nobody of it may read this.
SECRET = "the key is under the third flowerpot"
#: What nobody asked for.
EVENTS = frozenset({"new_message", "private_message", "room_event", "presence"})
#: A frame longer than may be: the connection ends, with this.
TOO_BIG = b'{"type": "list_rooms", "payload": {' + b",".join(b'"%x":0' % n for n in range(100_000)) + b"}}"


@dataclass
class Crowd:
    """Those who send bent frames, and what they were answered."""

    kinds: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    async def send(self, wire: Wire, bending: Bending, count: int) -> None:
        while count > 0:
            batch = [bending.next() for _ in range(min(count, AT_ONCE))]
            wire.writer.write(b"".join(masked(one.data) for one in batch))
            for bent in batch:
                await self._judge(wire, bent)
            count -= len(batch)

    async def _judge(self, wire: Wire, bent: Bent) -> None:
        while True:
            text = await wire.text()
            if SECRET.encode() in text:
                raise Wrong(f"somebody read what is not theirs, by {bent}")
            frame = json.loads(text)
            if frame["type"] not in EVENTS:
                break
        wrong = bent.judge(frame)
        if wrong is not None:
            raise Wrong(f"{wrong} is no answer to {bent.data[:200]!r}")
        self.kinds[bent.kind] += 1
        self.codes[frame.get("payload", {}).get("code", "carried out")] += 1


@dataclass
class Talk:
    """One says numbered messages in the room of the crowd, another hears them.

    :param pause: seconds between two
    """

    says: Wire
    hears: Wire
    pause: float = 0.02
    heard: list[int] = field(default_factory=list)
    took: list[float] = field(default_factory=list)
    over: bool = False

    @asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """They talk until the end of it, when all that was said must have been heard."""
        talking = asyncio.gather(self.say(), self.hear())
        try:
            yield
            self.over = True
            await talking
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)

    async def say(self) -> None:
        number = 0
        while not self.over:
            began = time.perf_counter()
            await self.says.done("room_message", room="tea", text=f"number {number}")
            self.took.append(time.perf_counter() - began)
            self.says.events.clear()
            number += 1
            await asyncio.sleep(self.pause)
        await self.says.done("room_message", room="tea", text="over")

    async def hear(self) -> None:
        while True:
            frame = await self.hears.frame()
            payload = frame.get("payload", {})
            if frame["type"] == "new_message" and payload["username"] == "maria":
                if payload["text"] == "over":
                    return
                self.heard.append(int(payload["text"].split()[1]))


async def standing(owner: Wire) -> dict[str, Any]:
    """What only an owner or a moderator can have changed in the rooms of the owner."""
    found: dict[str, Any] = {}
    for room in ("tea", "attic"):
        members = (await owner.done("get_members", room=room))["members"]
        found[room] = {
            "roles": {one["username"]: one["role"] for one in members if one["role"] != "member"},
            "muted": [one["username"] for one in members if one.get("muted")],
            "audit": (await owner.done("get_audit", room=room))["entries"],
        }
        let_in = {"olga", "maria", "pavel"} | (set() if room == "attic" else set(CROWD))
        if not {one["username"] for one in members} <= let_in:
            raise Wrong(f"somebody is in {room} whom nobody let in")
    rooms = (await owner.done("list_rooms", mine=True))["rooms"]
    found["rooms"] = [(one["room"], one["topic"], one.get("role"), one["invite_only"]) for one in rooms]
    owner.events.clear()
    return found


def check(before: dict[str, Any], now: dict[str, Any]) -> None:
    changed = [(what, now[what]) for what in before if now[what] != before[what]]
    if changed:
        raise Wrong(f"somebody changed a room without the right: {str(changed[0])[-300:]}")


@criterion(
    "bent frames are each answered in documented words, change nothing without the right, disturb nobody",
    small=2_500,
    full=1_000_000,
    timed=True,
)
def bent_frames(size: int, folder: Path) -> str:
    return asyncio.run(_bent_frames(size, folder))


async def _bent_frames(size: int, folder: Path) -> str:
    async with rift(folder, "--limits", "off") as (server, port):
        async with people(port, ("olga", "maria", "pavel", *CROWD), *FEATURES) as wires:
            owner, maria, pavel, *crowd = wires
            await _furnish(owner, maria, pavel, crowd)
            before, memory = await standing(owner), server.resident()
            talk, told = Talk(maria, pavel), Crowd()
            async with talk.going():
                watching = asyncio.create_task(_watch(owner, before))
                began = time.monotonic()
                await _sent(told, crowd, size)
                took = time.monotonic() - began
                if watching.done():
                    watching.result()
                watching.cancel()
                await asyncio.wait([watching])
            await _too_big(port)
            check(before, await standing(owner))
            grown, lag = server.resident() - memory, _loop_lag(server)
        log = server.log.read_text()
    lines = len(log.splitlines())
    missed, slow = len(talk.took) - len(talk.heard), percentile(talk.took, 0.99)
    figure = (
        f"{size} frames of {len(told.kinds)} kinds ({size / took:.0f}/s) answered with {dict(told.codes)}; "
        f"0 rights gained; {len(talk.heard)} messages of others heard, {missed} missed, answered within "
        f"{slow * 1000:.0f} ms (p99); loop late by {lag * 1000:.1f} ms (p99); {grown / MIB:+.1f} MiB, "
        f"{lines} lines of log"
    )
    if talk.heard != list(range(len(talk.took))):
        raise Wrong(f"others missed {missed}: {figure}")
    assert slow <= 0.25, figure
    assert grown <= 48 * MIB, figure
    assert lines <= 100, figure
    assert not re.search(r" (error|critical) ", log), log[-500:]
    return figure


async def _furnish(owner: Wire, maria: Wire, pavel: Wire, crowd: list[Wire]) -> None:
    """A room of all with a moderator, and one of two that the crowd is not in, with what is said there."""
    await owner.done("create_room", room="tea", topic="what there is")
    await owner.done("create_room", room="attic", topic=SECRET, invite_only=True)
    await owner.done("invite", room="attic", username="maria")
    await maria.done("join_room", room="attic")
    for wire in (maria, pavel, *crowd):
        await wire.done("join_room", room="tea")
    await owner.done("set_role", room="tea", username="maria", role="moderator")
    await owner.done("room_message", room="attic", text=SECRET)
    await owner.done("private_message", to="maria", text=SECRET)


async def _sent(told: Crowd, crowd: list[Wire], size: int) -> None:
    shares = [size // len(crowd) + (number < size % len(crowd)) for number in range(len(crowd))]
    await asyncio.gather(
        *(
            told.send(wire, Bending(number, CROWD), share)
            for number, (wire, share) in enumerate(zip(crowd, shares, strict=True))
        )
    )


async def _watch(owner: Wire, before: dict[str, Any]) -> None:
    """The rooms are as they were, at any time."""
    while True:
        check(before, await standing(owner))
        await asyncio.sleep(1)


async def _too_big(port: int) -> None:
    wire = await Wire.open(port)
    wire.send(TOO_BIG)
    try:
        raise AssertionError(f"a hundred thousand keys were answered: {await wire.text()!r}")
    except Closed as end:
        assert end.code == 1009, f"it was closed with {end.code}"
    finally:
        wire.writer.transport.abort()


@criterion("no frame that may be sent keeps the loop for more than 10 ms", small=4, full=100, timed=True)
def loop_kept(size: int, folder: Path) -> str:
    """Size is how often each of the largest frames is sent."""
    return asyncio.run(_loop_kept(size, folder))


async def _loop_kept(size: int, folder: Path) -> str:
    slowest: dict[str, float] = {}
    async with (
        rift(folder, "--limits", "off") as (server, port),
        people(port, ("mallory",), *FEATURES) as (wire,),
    ):
        for data in LARGE:
            each = [await _cost(server, wire, data) for _ in range(size)]
            slowest[data[:60].decode(errors="replace")] = sorted(each)[len(each) // 2]
    name, worst = max(slowest.items(), key=lambda one: one[1])
    figure = f"{len(LARGE)} frames of 64 KiB, the slowest takes {worst * 1000:.1f} ms of processor: {name}..."
    assert worst <= 0.01, figure
    return figure


async def _cost(server: Process, wire: Wire, data: bytes) -> float:
    """Seconds of processor time for a frame, however busy this machine is with other things."""
    before = _ran(server)
    wire.send(data)
    frame = await wire.frame()
    assert frame["type"] == "error", frame
    return _ran(server) - before
