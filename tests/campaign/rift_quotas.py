"""Quotas of RIFT: what one account may have, and lists that stay small however much there is."""

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.campaign._wire import Closed, Wire, asked, people
from tests.campaign.criteria import criterion
from tests.campaign.logins import LIMITS, name_of, rift

FEATURES = ("acks", "rooms", "sessions")
#: Bytes of the largest answer to a list.
LARGEST = 64 * 1024
#: Rooms that are made and left without a word.
CYCLES = 60
OWNED, JOINED, SESSIONS, CORRESPONDENTS = 20, 100, 10, 5


@criterion("no account makes, owns, joins, opens or writes to more than it may", small=1, full=20)
def quotas(size: int, folder: Path) -> str:
    """Size is how many accounts try, one after the other."""
    return asyncio.run(_quotas(size, folder))


async def _quotas(size: int, folder: Path) -> str:
    options = (
        *LIMITS,
        "--login-penalty",
        "none",
        "--max-logins",
        "none",
        "--max-new-correspondents",
        str(CORRESPONDENTS),
    )
    async with rift(folder, *options) as (_, port):
        names = [name_of(number) for number in range(CORRESPONDENTS + 3)]
        async with people(port, names, *FEATURES) as others:
            for number in range(JOINED):
                owner = others[number // OWNED]
                await owner.done("create_room", room=f"room-{name_of(number)}")
            for number in range(size):
                await _tries(port, name_of(100 + number), names)
                await _comes_and_goes(port, name_of(1000 + number))
    return (
        f"{size} x: {OWNED} of {OWNED + 5} rooms made, as many of {OWNED + 5} that were left again, and none "
        f"of {CYCLES} in which nothing was said is left; {JOINED} of {JOINED + 10} joined, {SESSIONS} of "
        f"{SESSIONS + 5} connections stay, {CORRESPONDENTS} of {CORRESPONDENTS + 2} new people written to"
    )


async def _tries(port: int, name: str, others: list[str]) -> None:
    async with people(port, [name], *FEATURES) as (wire,):
        wires = [wire, *(await asyncio.gather(*(_again(port, wire.session) for _ in range(5))))]
        rooms = [f"of-{name}-{name_of(number)}" for number in range(OWNED + 5)]
        made = await _all(wires, [("create_room", {"room": room}) for room in rooms])
        assert made.count("room") == OWNED and made.count("too_many") == 5, f"made: {made}"
        joins = [("join_room", {"room": f"room-{name_of(n)}"}) for n in range(JOINED - OWNED + 10)]
        joined = await _all(wires, joins)
        assert joined.count("room") == JOINED - OWNED and joined.count("too_many") == 10, f"joined: {joined}"
        written = await _all(wires, [("private_message", {"to": o, "text": "hi"}) for o in others[-7:]])
        for other in wires[1:]:
            other.writer.transport.abort()
        assert written.count("private_message_sent") == CORRESPONDENTS, f"written: {written}"
        assert written.count("too_fast") == 2, f"written: {written}"
        await _opens(port, wire)


async def _comes_and_goes(port: int, name: str) -> None:
    """Makes room after room and leaves each, with a word in it and without."""
    async with people(port, [name], *FEATURES) as (wire,):
        before = await _named(wire)
        for number in range(CYCLES):
            room = f"empty-{name}-{name_of(number)}"
            await wire.done("create_room", room=room)
            await wire.done("leave_room", room=room)
        assert await _named(wire) == before, "rooms in which nothing was said stay"
        made = []
        for number in range(OWNED + 5):
            room = f"left-{name}-{name_of(number)}"
            made += await _all([wire], [("create_room", {"room": room})])
            if made[-1] == "room":
                await wire.done("room_message", room=room, text="mine")
                await wire.done("leave_room", room=room)
        assert made == ["room"] * OWNED + ["too_many"] * 5, f"made and left: {made}"
        assert len(await _named(wire)) == len(before) + OWNED


async def _named(wire: Wire) -> set[str]:
    """The names of all rooms in the list."""
    return {one["room"] for one in (await _listed(wire, "list_rooms", "rooms"))[0]}


async def _again(port: int, session: str) -> Wire:
    """Another connection of an account."""
    wire = await Wire.open(port)
    await wire.enter("", *FEATURES, session=session)
    return wire


async def _all(wires: list[Wire], requests: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """The type of each answer, of an error its code.

    They are asked at once and by turns of all connections: whoever counts first and makes then would let
    more through.
    """
    for number, (word, payload) in enumerate(requests):
        wires[number % len(wires)].send(asked(word, id=f"{number}", **payload))
    ours = [{str(one) for one in range(first, len(requests), len(wires))} for first in range(len(wires))]
    found = await asyncio.gather(*(_answers(wire, ids) for wire, ids in zip(wires, ours, strict=True)))
    return [answer for answers in found for answer in answers]


async def _answers(wire: Wire, ids: set[str]) -> list[str]:
    """What answers the requests of these; what the other connections said is heard too."""
    answers: list[str] = []
    while ids:
        frame = await wire.frame()
        payload = frame.get("payload", {})
        if payload.get("id") in ids:
            ids.remove(payload["id"])
            answers.append(payload.get("code", frame["type"]))
    return answers


async def _opens(port: int, first: Wire) -> None:
    """More connections of one account: the oldest end, in words, and no more than may be are left."""
    wires = [first]
    for _ in range(SESSIONS + 4):
        wires.append(await Wire.open(port))
        await wires[-1].enter("", "acks", session=first.session)
    ended = wires[: len(wires) - SESSIONS]
    for wire in ended:
        try:
            while (frame := await wire.frame())["type"] != "error":
                pass
            assert frame["payload"]["code"] == "too_many", frame
            assert await wire.code() == 1008
        except Closed as end:
            raise AssertionError(f"a connection was ended without a word: {end}") from end
    for wire in wires[len(ended) :]:
        await wire.done("list_rooms", limit=1)
    for wire in wires:
        wire.writer.transport.abort()


@criterion("lists of a hundred thousand rooms are read in pages of 64 KiB at most", small=3000, full=100_000)
def many_rooms(size: int, folder: Path) -> str:
    return asyncio.run(_many_rooms(size, folder))


async def _many_rooms(size: int, folder: Path) -> str:
    async with rift(folder, "--limits", "off") as (_, port), people(port, ("olga",), *FEATURES) as (olga,):
        session = olga.session
        await olga.done("create_room", room="tea")
    names = _fill(folder / "chat.db", size)
    async with rift(folder, "--limits", "off") as (server, port):
        wire = await Wire.open(port)
        await wire.enter("", *FEATURES, session=session)
        before, ended = server.resident(), asyncio.Event()
        slowest = asyncio.create_task(_pulse(port, session, ended))
        rooms, pages, largest = await _listed(wire, "list_rooms", "rooms")
        listed = [one["room"] for one in rooms]
        assert len(listed) == len(set(listed)), "a room is listed twice"
        assert set(names) | {"tea", "general", "random", "tech"} == set(listed), (
            f"{len(set(names) - set(listed))} of {size} rooms are listed nowhere"
        )
        members, more_pages, larger = await _listed(wire, "get_members", "members", room="tea")
        assert len(members) == len({one["username"] for one in members}) == size // 20 + 1, len(members)
        ended.set()
        waited, grown = await slowest, (server.resident() - before) / (1 << 20)
        wire.writer.transport.abort()
    largest = max(largest, larger)
    assert largest <= LARGEST, f"an answer of {largest} bytes"
    assert waited <= 0.25, f"others waited {waited * 1000:.0f} ms"
    return (
        f"{len(listed)} rooms in {pages} pages and {len(members)} members in {more_pages}, the largest of "
        f"{largest >> 10} KiB; others answered within {waited * 1000:.0f} ms; {grown:+.0f} MiB"
    )


async def _pulse(port: int, session: str, ended: asyncio.Event) -> float:
    """The longest that somebody else waits for an answer, but for one in a hundred."""
    wire, took = await Wire.open(port), []
    await wire.enter("", "acks", session=session)
    while not ended.is_set():
        began = asyncio.get_running_loop().time()
        await wire.done("get_online_users")
        took.append(asyncio.get_running_loop().time() - began)
        await asyncio.sleep(0.02)
    wire.writer.transport.abort()
    return sorted(took)[int(len(took) * 0.99)]


async def _listed(wire: Wire, word: str, what: str, **more: str) -> tuple[list[dict[str, Any]], int, int]:
    """All entries of a list, how many pages it took, and the bytes of the largest."""
    entries: list[dict[str, Any]] = []
    pages, largest, after = 0, 0, ""
    while after is not None:
        wire.send(asked(word, after=after, limit=100, **more))
        while (frame := json.loads(text := await wire.text()))["type"] != what:
            assert frame["type"] != "error", frame
        pages, largest = pages + 1, max(largest, len(text))
        entries += frame["payload"][what]
        assert frame["payload"][what] or "after" not in frame["payload"], "an empty page and more to come"
        after = frame["payload"].get("after")
    return entries, pages, largest


def _fill(database: Path, size: int) -> list[str]:
    """So many rooms as no quota would let come about, with the longest topics, and a room of many members."""
    names = [f"комната-{number}-{'ж' * 40}"[:64] for number in range(size)]
    topic = '"\\' * 195
    with closing(sqlite3.connect(database)) as connection, connection:
        ((tea,),) = connection.execute("SELECT id FROM room WHERE name = 'tea'").fetchall()
        connection.executemany(
            "INSERT INTO room (name, key, topic, kind) VALUES (?, ?, ?, 'public')",
            ((name, name, topic) for name in names),
        )
        connection.executemany(
            "INSERT INTO account (epithet, nick, name, key, token_hash, created_at) "
            "VALUES ('', ?1, ?1, ?1, ?1, 0)",
            ((f"{'ю' * 24}{number}",) for number in range(size // 20)),
        )
        connection.execute(
            "INSERT INTO member (room_id, account_id, role, at) "
            "SELECT ?, id, 1, 0 FROM account WHERE nick LIKE 'ю%'",
            (tea,),
        )
    return names
