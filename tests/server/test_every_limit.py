"""Every limit is one: what the settings say of it changes what the server does."""

import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

import pytest

from minechat.errors import Refused
from minechat.server.app import running
from minechat.server.doors.gate import Gate
from minechat.server.handle import Server
from minechat.server.limits import AccountBudget, RegistrationBudget
from minechat.server.settings import Limits, Settings
from minechat.server.slow import too_slow
from minechat.server.storage import SQLITE
from tests.server.limit_probes_rift import OFF, RIFT_PROBES, Probe
from tests.server.raw import GREETING, NICKNAME, SENT, log_in, raw

PROBES: dict[str, Probe] = {**RIFT_PROBES}


def probe(function: Probe) -> Probe:
    """A probe of the limit that it is named after."""
    PROBES[function.__name__] = function
    return function


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
async def test_the_limit_holds_where_the_settings_put_it(settings: Settings, name: str) -> None:
    await PROBES[name](settings)


@asynccontextmanager
async def limited(settings: Settings, **limits: float | int | None) -> AsyncIterator[Server]:
    async with running(replace(settings, limits=replace(OFF, **limits))) as server:  # type: ignore[arg-type]
        yield server


async def first_words(server: Server) -> bytes:
    return await (await raw(server.write_port)).line()


@contextmanager
def refused(words: str) -> Iterator[None]:
    with pytest.raises(Refused, match=words):
        yield


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Someone:
    def give_way(self, reason: Refused) -> None:
        self.reason = reason

    def expel(self, reason: Refused) -> None:
        self.give_way(reason)


@probe
async def connections(settings: Settings) -> None:
    async with limited(settings, connections=2) as server:
        assert [await first_words(server) for _ in range(2)] == [GREETING] * 2
        assert await first_words(server) == b"Message not sent: the server is full. Try again in 30 s.\n"


@probe
async def connections_per_source(settings: Settings) -> None:
    async with limited(settings, connections_per_source=2) as server:
        assert [await first_words(server) for _ in range(2)] == [GREETING] * 2
        told = b"Message not sent: too many connections from your address. Try again in 30 s.\n"
        assert await first_words(server) == told


@probe
async def new_connections(settings: Settings) -> None:
    async with limited(settings, new_connections=2, boot_wait=0) as server:
        for _ in range(2):
            client = await raw(server.write_port)
            assert await client.line() == GREETING
            await client.close()
        assert b"too many new connections from your address. Try again in 6" in await first_words(server)


@probe
async def boot_wait(settings: Settings) -> None:
    async with limited(settings, new_connections=2, boot_wait=3600) as server:
        assert [await first_words(server) for _ in range(5)] == [GREETING] * 5


@probe
async def early_drop(settings: Settings) -> None:
    for share, sent_away in ((0.0, True), (1.0, False)):
        clock = Clock()
        gate = Gate(10, replace(OFF, early_drop=share), clock=clock)
        people = [Someone() for _ in range(9)]
        for someone in people:
            assert gate.admit("a", someone, stranger=True) is None
        clock.now += 60
        for _ in range(50):
            newcomer = Someone()
            assert gate.admit("a", newcomer) is None
            gate.leave(newcomer)
        assert any(hasattr(someone, "reason") for someone in people) is sent_away


@probe
async def handshake(settings: Settings) -> None:
    folder = Path(settings.database.removeprefix(SQLITE)).parent
    cert, key = f"{folder}/chat.crt", f"{folder}/chat.key"
    async with limited(
        replace(settings, certificate=cert, key=key, self_signed=True), handshake=0.2
    ) as server:
        began = time.monotonic()
        assert await (await raw(server.write_port)).rest() == b""
        assert 0.2 <= time.monotonic() - began < 5


@probe
async def unfinished(settings: Settings) -> None:
    async with limited(settings, unfinished=0.2) as server:
        client = await raw(server.write_port)
        client.send(b"never ended")
        began = time.monotonic()
        assert (await client.rest()).startswith(GREETING + b"Message not sent: ")
        assert time.monotonic() - began < 5


async def told_after(settings: Settings, data: bytes, **limits: int) -> bytes:
    """What the server says in the end to someone logged in who sends this."""
    async with limited(settings, **limits) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        client.send(b"fits\n\n")
        assert await client.line() == SENT
        client.send(data)
        return await client.rest()


@probe
async def line(settings: Settings) -> None:
    assert b"Message not sent: " in await told_after(settings, b"x" * 200 + b"\n\n", line=100)


@probe
async def message(settings: Settings) -> None:
    assert b"Message not sent: " in await told_after(
        settings, b"x" * 30 + b"\n" + b"x" * 30 + b"\n\n", message=50
    )


@probe
async def message_lines(settings: Settings) -> None:
    assert b"Message not sent: " in await told_after(settings, b"a\nb\nc\n\n", message_lines=2)


@probe
async def message_burst(settings: Settings) -> None:
    budget = AccountBudget(Limits(message_burst=2, byte_rate=None), Clock())
    assert [budget.wait(1) > 0 for _ in range(3)] == [False, False, True]


@probe
async def message_rate(settings: Settings) -> None:
    budget = AccountBudget(Limits(message_burst=1, message_rate=0.1), Clock())
    assert [budget.wait(1), budget.wait(1)] == [0, pytest.approx(10)]


@probe
async def byte_rate(settings: Settings) -> None:
    budget = AccountBudget(Limits(message_burst=1, message_rate=None, message=1000, byte_rate=100), Clock())
    assert [budget.wait(1000), budget.wait(1000)] == [0, pytest.approx(10)]


@probe
async def ping_rate(settings: Settings) -> None:
    async with limited(settings, ping_rate=10.0) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        began = time.monotonic()
        client.send(b"\n" * 15)
        assert await client.lines(15) == [SENT] * 15
        assert time.monotonic() - began > 0.4  # ten at once, five at ten a second


@probe
async def dump(settings: Settings) -> None:
    budget = AccountBudget(Limits(message_burst=1, dump=3000), Clock())
    assert [budget.takes_left_behind(1000) for _ in range(5)] == [True] * 4 + [False]


async def register(server: Server, nick: bytes) -> bytes:
    """The answer to a registration."""
    client = await raw(server.write_port)
    client.send(b"\n" + nick + b"\n")
    assert await client.lines(2) == [GREETING, NICKNAME]
    return await client.line()


@probe
async def registrations(settings: Settings) -> None:
    async with limited(settings, registrations=1) as server:
        assert (await register(server, b"Anna")).startswith(b"{")
        assert b"too many new accounts. Try again in " in await register(server, b"Vera")


@probe
async def registrations_in_all(settings: Settings) -> None:
    async with limited(settings, registrations_in_all=1) as server:
        assert (await register(server, b"Anna")).startswith(b"{")
        assert b"too many new accounts. Try again in " in await register(server, b"Vera")
    budget = RegistrationBudget(Limits(registrations_in_all=1))
    budget.take("a")
    with refused("too many"):
        budget.take("b")


async def try_token(server: Server, token: bytes) -> bytes:
    """The answer to a token."""
    client = await raw(server.write_port)
    client.send(token + b"\n")
    assert await client.line() == GREETING
    return await client.line()


@probe
async def wrong_tokens(settings: Settings) -> None:
    async with limited(settings, wrong_tokens=2) as server:
        _, _, token = await log_in(server.write_port, "Anna")
        assert (await try_token(server, token.encode())).startswith(b"{")
        assert [await try_token(server, b"unknown") for _ in range(2)] == [b"null\n"] * 2
        assert b"too many unknown tokens. Try again in " in await try_token(server, b"unknown")


async def oldest_is_remembered(server: Server) -> bool:
    """Whether the first of two accounts without a name can still log in."""
    _, _, first = await log_in(server.write_port, "")
    await log_in(server.write_port, "")
    return (await try_token(server, first.encode())).startswith(b"{")


@probe
async def nameless(settings: Settings) -> None:
    async with limited(settings, nameless=2) as server:
        assert await oldest_is_remembered(server)
    async with limited(settings, nameless=1) as server:
        assert not await oldest_is_remembered(server)


@probe
async def nameless_in_all(settings: Settings) -> None:
    async with limited(settings, nameless_in_all=1) as server:
        assert not await oldest_is_remembered(server)


@dataclass
class Queue:
    waiting: int
    since: float = 1000.0
    owed: int = 0


def dropped(queue: Queue, **limits: float | int) -> list[str]:
    return [why for _, why in too_slow([queue, Queue(1)], replace(OFF, **limits), 1005.0)]  # type: ignore[arg-type]


@probe
async def send_queue(settings: Settings) -> None:
    assert dropped(Queue(1001), send_queue=1000) == ["queue"]
    assert dropped(Queue(1001), send_queue=2000) == []


@probe
async def send_queues(settings: Settings) -> None:
    assert dropped(Queue(1001), send_queues=1001) == ["budget"]
    assert dropped(Queue(1001), send_queues=1002) == []


@probe
async def send_stall(settings: Settings) -> None:
    assert "stall" in dropped(Queue(10, since=1000.5), send_stall=4.0)
    assert dropped(Queue(10, since=1001.5), send_stall=5.5) == []
