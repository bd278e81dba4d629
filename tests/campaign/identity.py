"""Identity: nobody wears another's name, tokens are never twice, an order ends what it is about at once."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

from minechat.server.accounts import Accounts, fresh_token
from minechat.server.storage import open_storage
from tests.campaign._life import server
from tests.campaign.criteria import criterion
from tests.server.pairs import look, twins, variants
from tests.server.raw import GREETING, NICKNAME, Raw, log_in

AT_ONCE = 100


def name_of(registered: str) -> str:
    return registered.partition(" ")[2]


@criterion("of 500 confusable pairs and 200 variants never both get one look", small=140, full=700)
def pairs(size: int, folder: Path) -> str:
    every = [*twins(), *variants()][:: 700 // size][:size]
    return asyncio.run(_pairs(every, folder))


async def _pairs(every: list[tuple[str, str]], folder: Path) -> str:
    apart = 0
    async with open_storage(f"sqlite:///{folder}/a.db", on_committed=lambda _: None) as storage:
        for number, pair in enumerate(every):
            # The same chance for both: who is free to choose gets the same epithet.
            people = [Accounts(storage, registrations=lambda _: None, random=Random(number)) for _ in pair]
            names = [
                (await accounts.register(nick, "here")).person.name
                for accounts, nick in zip(people, pair, strict=True)
            ]
            assert look(names[0]) != look(names[1]), f"{pair!a} became {names!a}"
            apart += 1
    return f"{apart} pairs, 0 with one look"


@asynccontextmanager
async def ruled(folder: Path) -> AsyncIterator[tuple[int, str]]:
    """A server's port for posting, and where it takes orders."""
    async with server(folder) as process:
        yield process.write_port, f"{folder}/chat.db.admin"


@criterion("100 who register one nickname at the same time get 100 names", small=3, full=100)
def races(size: int, folder: Path) -> str:
    return asyncio.run(_races(size, folder))


async def _races(rounds: int, folder: Path) -> str:
    async with ruled(folder) as (port, _):
        for number in range(rounds):
            names = await asyncio.gather(*(_registered(port, f"Вася{number}") for _ in range(AT_ONCE)))
            seen = {look(name) for name in names}
            assert len(seen) == AT_ONCE, f"{len(seen)} names of {AT_ONCE} in round {number}"
    return f"{rounds} x {AT_ONCE} registrations, {rounds * AT_ONCE} different names"


async def _registered(port: int, nick: str) -> str:
    client = Raw(*await asyncio.open_connection("127.0.0.1", port))
    try:
        assert await client.line() == GREETING
        client.send(f"\n{nick}\n".encode())
        assert await client.line() == NICKNAME
        return (await client.account())["nickname"]
    finally:
        await client.close()


@criterion("tokens are random and never twice", small=50_000, full=1_000_000)
def tokens(size: int, folder: Path) -> str:
    seen = set()
    for _ in range(size):
        token = uuid.UUID(fresh_token()[0])
        assert token.version == 4 and token.variant == uuid.RFC_4122, str(token)
        seen.add(token.int)
    assert len(seen) == size, f"{size - len(seen)} of {size} were there before"
    return f"{size} tokens, 0 twice"


@criterion(
    "the time of an answer does not tell a known token from an unknown one",
    small=500,
    full=20_000,
    timed=True,
)
def timing(size: int, folder: Path) -> str:
    difference = asyncio.run(_timing(size, folder))
    assert difference <= 0.0001, f"medians differ by {difference * 1e6:.0f} us"
    return f"medians of 2 x {size} differ by {difference * 1e6:.0f} us"


async def _timing(size: int, folder: Path) -> float:
    took: dict[bool, list[float]] = {True: [], False: []}
    async with open_storage(f"sqlite:///{folder}/a.db", on_committed=lambda _: None) as storage:
        accounts = Accounts(storage, registrations=lambda _: None)
        known = [(await accounts.register(f"Eva{number}", "here")).token for number in range(100)]
        for number in range(size):
            # In turns, so that what else this machine does meets both.
            for is_known, token in ((True, known[number % 100]), (False, fresh_token()[0])):
                began = time.perf_counter()
                assert (await accounts.know(token) is not None) is is_known
                took[is_known].append(time.perf_counter() - began)
    return abs(median(took[True]) - median(took[False]))


@criterion(
    "a ban and a new token close live visits within a second, and old tokens are dead", small=5, full=100
)
def ended(size: int, folder: Path) -> str:
    return asyncio.run(_ended(size, folder))


async def _ended(rounds: int, folder: Path) -> str:
    slowest, tried = 0.0, 0
    async with ruled(folder) as (port, path):
        for number in range(rounds):
            client, name, old = await log_in(port, f"Eva{number}")
            began = time.monotonic()
            order = await ordered(path, order="token", nick=name)
            await _closed(client, b"your token was replaced")
            slowest = max(slowest, time.monotonic() - began)
            for _ in range(10):
                assert await answer_to(port, old) == b"null\n", "an old token was taken"
                tried += 1
            again = Raw(*await asyncio.open_connection("127.0.0.1", port))
            again.send(order["token"].encode() + b"\n")
            assert (await again.lines(2))[1] != b"null\n"
            began = time.monotonic()
            await ordered(path, order="ban", whom=name, seconds=None, reason="flooding")
            await _closed(again, b"you are banned: flooding")
            slowest = max(slowest, time.monotonic() - began)
    assert slowest <= 1.0, f"{slowest:.2f} s until the slowest was closed"
    return (
        f"{2 * rounds} of {2 * rounds} closed within {slowest * 1000:.0f} ms, old tokens taken 0 of {tried}"
    )


async def ordered(path: str, **fields: object) -> dict[str, Any]:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        writer.write(json.dumps(fields).encode() + b"\n")
        answer: dict[str, dict[str, Any]] = json.loads(await asyncio.wait_for(reader.readline(), 10))
    finally:
        writer.close()
        await writer.wait_closed()
    assert "ok" in answer, f"the order was refused: {answer}"
    return answer["ok"]


async def _closed(client: Raw, words: bytes) -> None:
    """Returns when the client has heard why and the connection has ended."""
    try:
        heard = await client.rest()
    except TimeoutError:
        heard = b"nothing"
    await client.close()
    assert heard.endswith(b"Message not sent: " + words + b".\n"), f"it heard {heard!r}"


async def answer_to(port: int, token: str) -> bytes:
    client = Raw(*await asyncio.open_connection("127.0.0.1", port))
    try:
        client.send(token.encode() + b"\n")
        return (await client.lines(2))[1]
    finally:
        await client.close()
