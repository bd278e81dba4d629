"""Probes of the limits of RIFT for ``test_every_limit``: each shows what its limit changes."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from minechat.errors import Refused
from minechat.server import hashing as module
from minechat.server.app import running
from minechat.server.doors.channel import Channel, Kind
from minechat.server.hashing import Hashing
from minechat.server.limits import AccountBudget
from minechat.server.logins import ConnectionLogins, Logins
from minechat.server.settings import PROFILES, Limits, Settings
from tests.server.doors.rift_client import QUIET, Rift, member
from tests.server.doors.test_channel import CONT, TEXT
from tests.server.doors.test_channel import frame as sent
from tests.server.doors.test_rift import house
from tests.server.doors.test_upgrade import GOOD
from tests.server.people import cheap_hashes
from tests.server.test_hashing import Gate, turns

OFF = replace(PROFILES["off"], connections=1000)
Probe = Callable[[Settings], Awaitable[None]]
RIFT_PROBES: dict[str, Probe] = {}


def probe(function: Probe) -> Probe:
    """A probe of the limit that it is named after."""
    RIFT_PROBES[function.__name__] = function
    return function


def still() -> float:
    """A clock that stands."""
    return 1000.0


@asynccontextmanager
async def port(settings: Settings, **limits: int) -> AsyncIterator[int]:
    """The port of RIFT of a server with these limits."""
    with cheap_hashes():
        held = replace(settings, rift_port=0, limits=replace(OFF, **limits))
        async with running(held) as server:
            assert server.rift_port is not None
            yield server.rift_port


# What the wire takes.


def texts(data: bytes, limits: Limits) -> list[bytes]:
    """The texts that came of these bytes."""
    channel = Channel(limits, (), secure=False)
    return [text for kind, text in channel.receive(GOOD + data) if kind is Kind.TEXT]


@probe
async def frame(settings: Settings) -> None:
    data = sent(TEXT, b"x" * 200)
    assert texts(data, Limits(frame=200)) == [b"x" * 200]
    assert texts(data, Limits(frame=199)) == []


@probe
async def fragments(settings: Settings) -> None:
    data = sent(TEXT, b"a", fin=False) + sent(CONT, b"b", fin=False) + sent(CONT, b"c")
    assert texts(data, Limits(fragments=3)) == [b"abc"]
    assert texts(data, Limits(fragments=2)) == []


async def too_many_frames(limits: Limits) -> bool:
    """Whether somebody is sent away who sends 14 frames at once."""
    async with house(limits) as home:
        peer, _ = await home.enter()
        peer.send(sent(TEXT, b"again") * 14)
        assert [await peer.text() for _ in range(14)] == [b"again"] * 14
        return bool(home.figures.refused["frames"])


@probe
async def request_rate(settings: Settings) -> None:
    # Twelve seconds ahead of the budget, and six.
    assert await too_many_frames(Limits(request_burst=2, request_rate=1.0))
    assert not await too_many_frames(Limits(request_burst=2, request_rate=2.0))


@probe
async def request_burst(settings: Settings) -> None:
    assert await too_many_frames(Limits(request_burst=3, request_rate=1.0))
    assert not await too_many_frames(Limits(request_burst=14, request_rate=1.0))


@probe
async def history_rate(settings: Settings) -> None:
    budget = AccountBudget(Limits(history_burst=1, history_rate=0.1), still)
    assert [budget.wait_for_page(), budget.wait_for_page()] == [0, pytest.approx(10)]


@probe
async def history_burst(settings: Settings) -> None:
    budget = AccountBudget(Limits(history_burst=2), still)
    assert [budget.wait_for_page() > 0 for _ in range(3)] == [False, False, True]


@probe
async def ping_interval(settings: Settings) -> None:
    async with house(Limits(ping_interval=0.2)) as home:
        peer, _ = await home.enter()
        began = time.monotonic()
        assert await peer.text() == b"ping"
        assert 0.1 < time.monotonic() - began < 5


@probe
async def ping_timeout(settings: Settings) -> None:
    async with house(Limits(ping_interval=0.1, ping_timeout=0.3)) as home:
        peer, _ = await home.enter()
        assert await peer.text() == b"ping"
        began = time.monotonic()
        assert await peer.rest() == b""
        assert 0.2 < time.monotonic() - began < 5
        assert home.figures.dropped == {"ping": 1}


# Coming in.


@probe
async def logins(settings: Settings) -> None:
    budget = ConnectionLogins(Limits(logins=2), still)
    budget.take()
    budget.take()
    with pytest.raises(Refused, match="too many logins on one connection"):
        budget.take()


def failures(**limits: float) -> tuple[int, Refused]:
    """How many failed logins of one source for one account are borne, and the refusal of the next."""
    logins = Logins(replace(OFF, **limits), clock=still)  # type: ignore[arg-type]
    for borne in range(100):
        try:
            with logins.attempt("a", "anna") as attempt:
                attempt.right = False
        except Refused as reason:
            return borne, reason
    raise AssertionError("no end of it")


@probe
async def login_penalty(settings: Settings) -> None:
    assert failures(login_penalty=5.0)[0] == 4
    assert failures(login_penalty=10.0)[0] == 2


@probe
async def login_penalty_from(settings: Settings) -> None:
    assert failures(login_penalty=5.0, login_penalty_from=5.0)[0] == 2
    assert failures(login_penalty=5.0, login_penalty_from=20.0)[0] == 5


@probe
async def login_penalty_most(settings: Settings) -> None:
    assert failures(login_penalty=100.0)[1].retry_after == 85
    assert failures(login_penalty=100.0, login_penalty_most=20.0)[1].retry_after == 5


@probe
async def account_failures(settings: Settings) -> None:
    assert failures(account_failures=2)[0] == 2
    assert failures(account_failures=5)[0] == 5


async def five_at_once(**limits: int) -> tuple[int, int]:
    """Of five who ask for a hash at once: how many are served together, and how many are sent away."""
    gate, refused = Gate(), Counter[str]()
    with cheap_hashes(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_within_memory", gate.guard)
        async with Hashing(replace(OFF, **limits), refused, patience=20) as hashing:
            asked = [asyncio.create_task(hashing.hash("secret")) for _ in range(5)]
            await turns(5)
            while gate.inside < limits["hashes"]:
                await asyncio.sleep(0.01)
            gate.open.set()
            await asyncio.gather(*asked, return_exceptions=True)
    return gate.most, refused["hashes"]


@probe
async def hashes(settings: Settings) -> None:
    assert await five_at_once(hashes=1) == (1, 0)
    assert await five_at_once(hashes=3) == (3, 0)


@probe
async def hashes_waiting(settings: Settings) -> None:
    assert await five_at_once(hashes=1, hashes_waiting=2) == (1, 2)
    assert await five_at_once(hashes=1, hashes_waiting=3) == (1, 1)


@probe
async def sessions(settings: Settings) -> None:
    async with (
        port(settings, sessions=2) as at,
        member(at, "anna") as first,
        member(at, "anna", new=False) as second,
    ):
        assert await second.settled() == await first.settled() == []
        async with member(at, "anna", new=False):
            told, _ = await first.closed()
            assert [frame["payload"]["code"] for frame in told] == ["too_many"]
            assert await second.settled() == []


# What somebody does there.


async def rooms_made(client: Rift) -> int:
    """How many rooms somebody can make."""
    for made in range(10):
        answer = await client.ask("create_room", room=f"room-{made}")
        if answer["type"] == "error":
            assert answer["payload"]["code"] == "too_many"
            return made
    raise AssertionError("no end of them")


@probe
async def rooms_created(settings: Settings) -> None:
    async with port(settings, rooms_created=2) as at, member(at, "anna", *QUIET) as anna:
        assert await rooms_made(anna) == 2


@probe
async def rooms_joined(settings: Settings) -> None:
    async with (
        port(settings, rooms_joined=2) as at,
        member(at, "anna", *QUIET) as anna,
        member(at, "boris", *QUIET) as boris,
    ):
        assert await rooms_made(anna) == 2
        await boris.done("create_room", room="cellar")
        await boris.done("join_room", room="room-0")
        assert await boris.refused("join_room", room="room-1") == "too_many"


@probe
async def new_correspondents(settings: Settings) -> None:
    async with (
        port(settings, new_correspondents=1) as at,
        member(at, "anna", *QUIET) as anna,
        member(at, "boris"),
        member(at, "vera"),
    ):
        await anna.done("private_message", to="boris", text="hello")
        assert await anna.refused("private_message", to="vera", text="hello") == "too_fast"
        await anna.done("private_message", to="boris", text="still there?")


@probe
async def deeds(settings: Settings) -> None:
    async with (
        port(settings, deeds=2) as at,
        member(at, "anna", *QUIET) as anna,
        member(at, "boris", *QUIET) as boris,
    ):
        await anna.done("create_room", room="tea")
        await anna.done("set_topic", room="tea", topic="green")
        assert await anna.refused("set_topic", room="tea", topic="black") == "too_fast"
        await boris.done("create_room", room="milk")
