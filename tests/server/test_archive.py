"""History and search: each message once, nothing that is not one's own, no page that is too long."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from minechat.errors import Refused
from minechat.server.views import HistoryPage, Line
from tests.server.circle import Circle, Guest, circle


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path) as people:
        yield people


def refused(code: str) -> object:
    return pytest.raises(Refused, check=lambda error: error.code == code)


async def filled(people: Circle, count: int, text: str = "message {}") -> Guest:
    eva = await people.come("Eva")
    await people.hub.rooms.create(eva.member, "club")
    for number in range(1, count + 1):
        last = await people.hub.rooms.say(eva.member, "club", text.format(number))
    await last
    return eva


def numbers(page: HistoryPage) -> list[int]:
    return [line.seq for line in page.lines]


async def test_pages_go_both_ways_and_meet_each_message_once(people: Circle) -> None:
    eva = await filled(people, 25)
    history = people.hub.archive.room_history
    last = await history(eva.member, "club", limit=10)
    assert (numbers(last), last.more) == (list(range(16, 26)), True)
    earlier = await history(eva.member, "club", before=16, limit=10)
    assert (numbers(earlier), earlier.more) == (list(range(6, 16)), True)
    first = await history(eva.member, "club", before=6, limit=10)
    assert (numbers(first), first.more) == ([1, 2, 3, 4, 5], False)
    seen, after, more = [], 0, True
    while more:
        page = await history(eva.member, "club", after=after, limit=7)
        seen += numbers(page)
        after, more = seen[-1], page.more
    assert seen == list(range(1, 26))
    between = await history(eva.member, "club", after=3, before=9, limit=3)
    assert (numbers(between), between.more) == ([4, 5, 6], True)
    assert (await history(eva.member, "club", after=25)).more is False


@pytest.mark.parametrize("text", ["{} " + "ы" * 2000, "{} " + "\x01" * 2000])
async def test_a_page_fits_into_an_answer_and_misses_nothing(people: Circle, text: str) -> None:
    eva = await filled(people, 40, text)
    for backwards in (False, True):
        seen: list[int] = []
        more, edge = True, 0
        while more:
            span = {"before": edge or None} if backwards else {"after": edge}
            page = await people.hub.archive.room_history(eva.member, "club", **span, limit=100)
            lines = [line.text for line in page.lines]
            assert lines and len(json.dumps(lines, ensure_ascii=False).encode()) < 64 * 1024
            seen = numbers(page) + seen if backwards else seen + numbers(page)
            edge, more = (seen[0], page.more) if backwards else (seen[-1], page.more)
        assert seen == list(range(1, 41))


async def test_a_line_names_its_room_or_its_person(people: Circle) -> None:
    eva, bob = await filled(people, 1), await people.come("Bob")
    await people.whisper(bob, "Eva", "psst", "k")
    (line,) = (await people.hub.archive.room_history(eva.member, "club")).lines
    assert line == Line("Eva", "message 1", 1, people.now, room="club")
    (line,) = (await people.hub.archive.whisper_history(eva.member, "BOB")).lines
    assert line == Line("Bob", "psst", 1, people.now, peer="Bob", key="k")


async def test_outsiders_read_nothing_whatever_they_ask(people: Circle) -> None:
    eva, bob, vlad = await filled(people, 5), await people.come("Bob"), await people.come("Vlad")
    await people.hub.rooms.create(eva.member, "secret", invite_only=True)
    await people.say(eva, "secret", "message of the room")
    await people.whisper(eva, "Bob", "message to Bob")
    random = Random(4)
    foreign = 0
    for _ in range(500):
        span = {
            name: random.choice([None, 0, 1, 3, -1, 2**62, random.randrange(10)])
            for name in ("after", "before")
        }
        limit = random.choice([-1, 0, 1, 50, 100, 2**62])
        room = random.choice(["club", "secret", "@1:2", "general", "random", "CLUB"])
        try:
            page = await people.hub.archive.room_history(vlad.member, room, **span, limit=limit)
            foreign += len(page.lines)
        except Refused as refusal:
            assert refusal.code in ("not_member", "no_room")
        for name in ("Eva", "Bob"):
            foreign += len((await people.hub.archive.whisper_history(vlad.member, name, **span)).lines)
    assert foreign == 0
    assert numbers(await people.hub.archive.whisper_history(bob.member, "Eva")) == [1]


async def test_whoever_joins_reads_what_was_said_before(people: Circle) -> None:
    await filled(people, 3)
    bob = await people.come("Bob")
    assert (await people.hub.rooms.join(bob.member, "club")).last == 3
    assert numbers(await people.hub.archive.room_history(bob.member, "club")) == [1, 2, 3]


@pytest.fixture
async def talked(people: Circle) -> dict[str, Guest]:
    """Apples everywhere: each of the three may find only their own."""
    eva, bob, vlad = [await people.come(name) for name in ("Eva", "Bob", "Vlad")]
    await people.hub.rooms.create(eva.member, "club")
    await people.hub.rooms.create(eva.member, "secret", invite_only=True)
    for room in ("club", "secret", "general"):
        await people.say(eva, room, f"apples in {room}")
    await people.whisper(eva, "Bob", "apples for Bob")
    await people.hub.whispers.block(vlad.member, "Eva")
    await people.whisper(eva, "Vlad", "apples for Vlad")
    return {"Eva": eva, "Bob": bob, "Vlad": vlad}


async def found(people: Circle, guest: Guest, query: str = "apples", **where: str) -> set[str]:
    page = await people.hub.archive.search(guest.member, query, **where)  # type: ignore[arg-type]
    return {line.text.removeprefix("apples ") for line in page.lines}


async def test_a_search_finds_what_is_ones_own(people: Circle, talked: dict[str, Guest]) -> None:
    assert await found(people, talked["Eva"]) == {
        "in club",
        "in secret",
        "in general",
        "for Bob",
        "for Vlad",
    }
    assert await found(people, talked["Bob"]) == {"in general", "for Bob"}
    assert await found(people, talked["Vlad"]) == {"in general"}
    assert await found(people, talked["Eva"], room="club") == {"in club"}
    assert await found(people, talked["Bob"], user="Eva") == {"for Bob"}
    assert await found(people, talked["Vlad"], user="Eva") == set()
    with refused("not_member"):
        await found(people, talked["Bob"], room="club")
    with refused("no_room"):
        await found(people, talked["Bob"], room="secret")


async def test_a_search_comes_by_pages_the_newest_first(people: Circle) -> None:
    eva = await filled(people, 7, "pear {}")
    seen: list[int] = []
    before = None
    while True:
        page = await people.hub.archive.search(eva.member, "pear", before=before, limit=3)
        seen += [line.seq for line in page.lines]
        if page.before is None:
            break
        before = page.before
    assert seen == list(range(7, 0, -1))


def kick_after(
    people: Circle, monkeypatch: pytest.MonkeyPatch, reading: str, eva: Guest, room: str = "club"
) -> None:
    """Bob is put out of a room when a page for him has been read and not yet been given."""
    read = getattr(people.storage, reading)

    async def slowly(*arguments: object, **options: object) -> object:
        found = await read(*arguments, **options)
        await people.hub.moderation.kick(eva.member, room, "Bob")
        return found

    monkeypatch.setattr(people.storage, reading, slowly)


async def test_who_is_put_out_while_a_page_is_read_reads_nothing_more(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, bob = await filled(people, 3), await people.come("Bob")
    await people.hub.rooms.join(bob.member, "club")
    kick_after(people, monkeypatch, "history", eva)
    with refused("not_member"):
        await people.hub.archive.room_history(bob.member, "club")


@pytest.mark.parametrize("room", ["club", None])
async def test_who_is_put_out_while_a_search_goes_on_finds_nothing_more_there(
    people: Circle, monkeypatch: pytest.MonkeyPatch, room: str | None
) -> None:
    eva, bob = await filled(people, 3, "pear {}"), await people.come("Bob")
    await people.say(bob, "general", "pear of all")
    await people.hub.rooms.join(bob.member, "club")
    with monkeypatch.context() as patch:
        kick_after(people, patch, "search", eva)
        page = await people.hub.archive.search(bob.member, "pear", room=room)
    assert {line.text for line in page.lines} == (set() if room else {"pear of all"})
