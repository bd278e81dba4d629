"""Clients of RIFT that come and go without end, and what one who is just there is told of it."""

import asyncio
import time
from collections import defaultdict
from pathlib import Path

from tests.campaign._crowd import address
from tests.campaign._wire import Wire, asked, masked, people
from tests.campaign.criteria import criterion
from tests.campaign.logins import rift

FEATURES = ("acks", "rooms", "sessions")
#: Seconds of lateness of our own that are taken off a second; six even tellings would still fit in the rest.
NOTICED = 0.15


@criterion(
    "who comes and goes a thousand times a second is told of five times a second, and right in the end",
    small=2,
    full=60,
)
def flapping(seconds: int, folder: Path) -> str:
    return asyncio.run(_flapping(seconds, folder))


class Watcher:
    """What one is told of comings and goings: when, and what holds after it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.told: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        self.holds: dict[tuple[str, str], bool] = {}

    async def watch(self) -> None:
        while True:
            frame = await self._wire.frame()
            payload = frame.get("payload", {})
            if frame["type"] == "room_event" and payload["event"] in ("joined", "left"):
                self._told("room", payload["username"], there=payload["event"] == "joined")
            elif frame["type"] == "presence":
                for there in (True, False):
                    for name in payload.get("online" if there else "offline", ()):
                        self._told("presence", name, there=there)
            elif payload.get("text") == "over":
                return

    def _told(self, what: str, name: str, *, there: bool) -> None:
        self.told[what, name].append(time.monotonic())
        self.holds[what, name] = there

    def densest(self, within: float) -> int:
        """The most that was told of one person in one way within any so many seconds."""
        return max(densest(times, within) for times in self.told.values())

    def densest_person(self, within: float) -> int:
        """The same, in both ways together."""
        people = {name for _, name in self.told}
        return max(
            densest(sorted(self.told["room", name] + self.told["presence", name]), within) for name in people
        )


def densest(times: list[float], within: float) -> int:
    """The most of these, which are in order, that lie in a time of this length, its end not counted."""
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= within:
            first += 1
        most = max(most, last - first + 1)
    return most


class Lateness:
    """How late this process notices things: by so much what it is told can come closer together."""

    def __init__(self) -> None:
        self.worst = 0.0

    async def measure(self) -> None:
        while True:
            due = time.monotonic() + 0.005
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.monotonic() - due)


async def _flapping(seconds: int, folder: Path) -> str:
    names = ("olga", "maria", "mallory", "bogdan", "egon", "hedwig", "kuno")
    async with (
        rift(folder, "--limits", "off", "--max-sessions", "1000") as (_, port),
        people(port, names, *FEATURES, "presence") as (olga, maria, *flapping),
    ):
        await olga.done("create_room", room="tea")
        await maria.done("join_room", room="tea")
        sessions = [wire.session for wire in flapping]
        watcher, lateness = Watcher(maria), Lateness()
        watching, measuring = (asyncio.create_task(one) for one in (watcher.watch(), lateness.measure()))
        for wire in flapping[2:]:
            wire.writer.transport.abort()  # these come and go by their connections
        began = time.monotonic()
        end = began + seconds
        done = await asyncio.gather(
            *(_joins(wire, end, 250) for wire in flapping[:2]),
            *(_comes(port, session, end) for session in sessions[2:4] for _ in range(3)),
            _comes(port, sessions[4], end, joins=True),
        )
        took = time.monotonic() - began
        # Who went is told of within a fifth of a second; what nobody is told of for a second holds.
        await asyncio.sleep(1)
        looking = await Wire.open(port)  # whoever is silent for long is not there any more
        await looking.enter("", *FEATURES, session=olga.session)
        members = {one["username"] for one in (await looking.done("get_members", room="tea"))["members"]}
        here = set((await looking.done("get_online_users"))["users"])
        await looking.done("room_message", room="tea", text="over")
        await watching
        measuring.cancel()
    for (what, name), there in watcher.holds.items():
        assert there is (name in (members if what == "room" else here)), f"{what} of {name}: told {there}"
    rooms, people_ = sum(done[:2]) / took, sum(done[2:]) / took
    second = 1 - min(lateness.worst, NOTICED)
    one_way, both = watcher.densest(second), watcher.densest_person(second)
    figure = (
        f"{rooms:.0f} joins and leaves and {people_:.0f} comings and goings a second, of each person at most "
        f"{one_way} of one kind and {both} of both told within {second:.3f} s"
    )
    assert one_way <= 5, figure
    # A room and the list of who is here are told of each by itself.
    assert both <= 10, figure
    assert ("room", "kuno") in watcher.told and ("presence", "kuno") in watcher.told, "nobody did both"
    return figure


async def _joins(wire: Wire, end: float, rate: int) -> int:
    """Joins and leaves the room so often, at most; how often it did."""
    count, began = 0, time.monotonic()
    flap = b"".join(masked(asked(word, id="flap", room="tea")) for word in ("join_room", "leave_room"))
    while time.monotonic() < end:
        wire.writer.write(flap * 5)
        answers = 0
        while answers < 10:
            frame = await wire.frame()
            answers += frame.get("payload", {}).get("id") == "flap"
            assert frame["type"] != "error", frame
        count += 10
        await asyncio.sleep(max(0.0, began + count / rate - time.monotonic()))
    return count


async def _comes(port: int, session: str, end: float, *, joins: bool = False) -> int:
    """Comes in and is gone, again and again; how often it did either.

    :param joins: it joins a room the one time and leaves it the next
    """
    count = 0
    while time.monotonic() < end:
        wire = await Wire.open(port, address(count % 2000))  # an address has its ports
        await wire.enter("", "acks", session=session)
        if joins:
            await wire.done("leave_room" if count % 4 else "join_room", room="tea")
        wire.writer.transport.abort()
        count += 2
    return count
