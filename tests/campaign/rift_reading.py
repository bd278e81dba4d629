"""Reading in RIFT: nobody gets what is not theirs, however they ask, and a member gets all of it once."""

import asyncio
import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from tests.campaign._bending import INJECTED, PATTERNS
from tests.campaign._wire import Wire, asked, masked, people
from tests.campaign.criteria import criterion
from tests.campaign.logins import rift

FEATURES = ("acks", "rooms", "sessions")
AT_ONCE = 12
#: A word of everything that the outsider may not read, wherever it was said.
FOREIGN = "flowerpot"
#: What is asked for; an outsider is told no more of it than of what is not there.
ROOMS = (
    "attic",
    "Attic",
    "tea",
    "left",
    "@1:2",
    "@2:1",
    "@1:1",
    "@1:3",
    "@olga",
    "olga:maria",
    "1",
    "%",
    "*",
    "",
)
PEOPLE = ("olga", "maria", "OLGA", "olga ", "@olga", "nobody", "stranger", "1", "%")
QUERIES = (
    FOREIGN,
    "flower",
    "f",
    "f*",
    "*",
    '"flowerpot"',
    "a OR flowerpot",
    "room:attic",
    "text:f",
    "NEAR(a b)",
)
NUMBERS = (
    None,
    None,
    0,
    1,
    2,
    50,
    -1,
    10**6,
    2**31,
    2**63 - 1,
    -(2**63),
    2**63,
    10**30,
    1.5,
    "1",
    "0 OR 1=1",
)
LIMITS = (*(None, 1, 50, 100) * 6, 101, 0, -1, 10**9, 2**63, "100", 1e3)
CURSORS = (
    None,
    "",
    "0",
    "1",
    "1:1",
    "-1",
    "9" * 30,
    "[1, 1]",
    "MTox",
    "\x00"[:0],
    "attic",
    "~",
    *INJECTED[:20],
)


def question(random: Random) -> dict[str, Any]:
    """Anything that reads, with whatever may be asked, so that most of it is near to a right question."""
    choose = random.choice
    word = choose(("get_history", "get_history", "search", "search", "get_members", "get_audit", "list_rooms",
                   "get_online_users", "get_conversations", "get_my_data"))  # fmt: skip
    if word == "get_my_data" and random.random() < 0.9:
        word = "get_history"
    payload: dict[str, Any] = {"limit": choose(LIMITS)}
    if word in ("get_history", "search") and choose((True, False)):
        payload["user"] = choose((*PEOPLE, choose(INJECTED)))
    elif word != "search" or choose((True, False)):
        payload["room"] = choose((*ROOMS, choose(INJECTED), choose(PATTERNS)))
    if word == "search":
        payload["query"] = choose((*QUERIES, choose(INJECTED), choose(PATTERNS)))
    cursors = word in ("search", "get_members", "list_rooms", "get_my_data")
    payload[choose(("before", "after"))] = choose(CURSORS if cursors else NUMBERS)
    if random.random() < 0.2:
        payload[choose(("account_id", "username", "sender", "reader_id", "offset"))] = choose(
            (1, "olga", "1")
        )
    return {"type": word, "payload": payload}


@criterion("ten thousand questions of an outsider bring nothing that is not theirs", small=600, full=10_000)
def scraping(size: int, folder: Path) -> str:
    return asyncio.run(_scraping(size, folder))


async def _scraping(size: int, folder: Path) -> str:
    random, told = Random(11), Counter[str]()
    async with (
        rift(folder, "--limits", "off") as (_, port),
        people(port, ("olga", "maria", "stranger"), *FEATURES) as (olga, maria, stranger),
    ):
        await _say_everywhere(olga, maria, stranger)
        for _ in range(0, size, AT_ONCE):
            questions = [json.dumps(question(random)).encode() for _ in range(AT_ONCE)]
            stranger.writer.write(b"".join(map(masked, questions)))
            for asked_for in questions:
                await _judge(stranger, asked_for, told)
        assert len((await maria.done("get_history", room="attic"))["messages"]) == 20
    return f"{sum(told.values())} questions, 0 foreign rows: {dict(told)}"


async def _judge(stranger: Wire, question: bytes, told: Counter[str]) -> None:
    text = await stranger.text()
    assert FOREIGN.encode() not in text, f"{question!r} brought what is not theirs: {text[:200]!r}"
    frame = json.loads(text)
    payload = frame.get("payload", {})
    told[payload.get("code", frame["type"])] += 1
    assert payload.get("code") != "internal", f"{question!r} is a mistake of the server"
    rows = [*payload.get("messages", ()), *payload.get("conversations", ())]
    foreign = [row for row in rows if row.get("room", "general") not in ("general", "tech", "random")]
    assert not foreign, f"{question!r} brought {foreign[0]}"


async def _say_everywhere(olga: Wire, maria: Wire, stranger: Wire) -> None:
    """In a room of the invited, in one that anybody may join and in one that was left, and between two."""
    for room, invite_only in (("attic", True), ("tea", False), ("left", False)):
        await olga.done("create_room", room=room, topic=FOREIGN * invite_only, invite_only=invite_only)
    await olga.done("invite", room="attic", username="maria")
    for room in ("attic", "tea"):
        await maria.done("join_room", room=room)
    await stranger.done("join_room", room="left")
    await stranger.done("leave_room", room="left")
    for number in range(20):
        for room in ("attic", "tea", "left"):
            await olga.done("room_message", room=room, text=f"{FOREIGN} {number}")
        await olga.done("private_message", to="maria", text=f"{FOREIGN} {number}")
        await maria.done("private_message", to="olga", text=f"{FOREIGN} {number} too")
    await olga.done("mute", room="attic", username="maria", reason=FOREIGN)
    await stranger.done("room_message", text="here I am")
    await stranger.done("search", query="here")  # what was said by now is in the index


@criterion(
    "who pages through all that was said in a room gets each message once, from either end",
    small=2000,
    full=100_000,
)
def paging(size: int, folder: Path) -> str:
    return asyncio.run(_paging(size, folder))


async def _paging(size: int, folder: Path) -> str:
    async with rift(folder, "--limits", "off") as (_, port):
        async with people(port, ("olga",), *FEATURES) as (olga,):
            await _say(olga, size)
        # She comes now: who hears all that and reads nothing of it would be let go as too slow.
        async with people(port, ("maria",), *FEATURES) as (maria,):
            forth, back = await _pages(maria, "after", 0), await _pages(maria, "before", None)
    texts = [f"number {number}" for number in range(size)]
    for way, pages in (("after", forth), ("before", back[::-1])):
        got = [row["text"] for page in pages for row in page]
        missing, twice = len(set(texts) - set(got)), len(got) - len(set(got))
        assert got == texts, f"by {way}: {missing} missing, {twice} twice, or not in order"
    return f"{size} messages in {len(forth)} pages forth and {len(back)} back, each once and in order"


async def _say(wire: Wire, size: int) -> None:
    for first in range(0, size, 500):
        batch = range(first, min(size, first + 500))
        texts = [asked("room_message", room="general", text=f"number {number}") for number in batch]
        wire.writer.write(b"".join(map(masked, texts)))
        for _ in batch:
            frame = await wire.frame()
            assert frame["type"] == "message_stored", frame


async def _pages(wire: Wire, way: str, at: int | None) -> list[list[dict[str, Any]]]:
    pages: list[list[dict[str, Any]]] = []
    more = True
    while more:
        answer = await wire.ask("get_history", room="general", limit=100, **{way: at})
        wire.events.clear()
        page = answer["payload"]["messages"]
        assert page, f"an empty page and more to come: {answer}"
        pages.append(page)
        more, at = answer["payload"]["more"], page[-1 if way == "after" else 0]["seq"]
    return pages
