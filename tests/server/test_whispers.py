"""Private messages: heard wherever the two are, and nobody learns who blocks whom."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from minechat.errors import Refused
from minechat.server.happenings import WhisperArrived, WhisperSent
from minechat.server.settings import Limits
from minechat.server.views import ConversationView
from tests.server.circle import NONE, NOW, Circle, Guest, circle
from tests.server.sockets import until


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path) as people:
        yield people


def refused(code: str) -> object:
    return pytest.raises(Refused, check=lambda error: error.code == code)


async def remember(people: Circle, guest: Guest) -> None:
    """A session that somebody will come back with."""
    await people.storage.add_session(guest.member.id, guest.name.encode().ljust(32), 20)


async def test_both_hear_it_on_all_their_connections_but_the_one_that_said_it(people: Circle) -> None:
    eva, eva_too, bob, bob_too, vlad = [
        await people.come(name) for name in ("Eva", "Eva", "Big Bob", "Big Bob", "Vlad")
    ]
    stored = await people.whisper(eva, "big_BOB", "psst", "k1")
    assert stored.seq == 1
    arrived, sent = WhisperArrived("Eva", "psst", 1, NOW, "k1"), WhisperSent("Big Bob", "psst", 1, NOW, "k1")
    await until(lambda: bool(bob.told and bob_too.told and eva_too.told))
    assert (bob.told, bob_too.told, eva_too.told, eva.told) == ([arrived], [arrived], [sent], [])
    await people.settled()
    assert vlad.told == [] and vlad.texts() == ["settled"]
    assert "psst" not in [getattr(one, "text", "") for one in people.encoded]


async def test_said_again_with_its_key_it_is_stored_and_heard_once(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    first = await people.whisper(eva, "Bob", "psst", "k1")
    again = await people.whisper(eva, "Bob", "psst", "k1")
    assert first.seq == again.seq
    await people.whisper(eva, "Bob", "end")
    await until(lambda: len(bob.told) == 2)
    assert [one.text for one in bob.told if isinstance(one, WhisperArrived)] == ["psst", "end"]


async def test_who_is_away_gets_it_later_when_both_sides_can(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    people.hub.rooms.leave_all(bob.member)
    with pytest.raises(Refused, match=r"^User Bob is not online\.$"):
        await people.whisper(eva, "Bob", "no session")
    await remember(people, bob)
    await people.whisper(eva, "Bob", "for later")
    old = await people.come("Old", NONE)
    with pytest.raises(Refused, match=r"^User Bob is not online\.$"):
        await people.whisper(old, "Bob", "an old client")
    bob = await people.come("Bob")
    page = await people.hub.archive.whisper_history(bob.member, "Eva")
    assert [(line.text, line.peer, line.author) for line in page.lines] == [("for later", "Eva", "Eva")]


async def test_nobody_writes_to_themselves_or_blocks_themselves(people: Circle) -> None:
    eva = await people.come("Eva")
    with refused("not_allowed"):
        await people.whisper(eva, "eva", "me")
    for work in (people.hub.whispers.block, people.hub.whispers.unblock):
        with refused("not_allowed"):
            await work(eva.member, "Eva")
        with refused("no_user"):
            await work(eva.member, "nobody")
    assert (await people.hub.archive.whisper_history(eva.member, "Eva")).lines == ()


async def test_to_look_for_what_was_said_to_somebody_writes_nothing(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    pair = (eva.member.id, bob.member.id)
    assert (await people.hub.archive.whisper_history(eva.member, "Bob")).lines == ()
    assert await people.storage.conversation_so_far(*pair) is None
    await people.storage.conversation(*pair)
    assert await people.storage.conversation_so_far(*reversed(pair)) is not None


async def test_what_is_blocked_looks_sent_and_is_never_seen(people: Circle) -> None:
    eva, bob, vlad = await people.come("Eva"), await people.come("Bob"), await people.come("Vlad")
    await people.hub.whispers.block(bob.member, "Eva")
    for to in ("Bob", "Vlad"):
        stored = await people.whisper(eva, to, "hello", f"to {to}")
        assert (stored.seq, stored.text, stored.nick) == (1, "hello", "Eva")
    await until(lambda: len(vlad.told) == 1)
    assert bob.told == []
    for to in ("Bob", "Vlad"):
        page = await people.hub.archive.whisper_history(eva.member, to)
        assert [(line.text, line.seq) for line in page.lines] == [("hello", 1)]
    assert (await people.hub.archive.whisper_history(bob.member, "Eva")).lines == ()
    assert await people.hub.whispers.conversations(bob.member) == ()
    assert [one.peer for one in await people.hub.whispers.conversations(eva.member)] == ["Vlad", "Bob"]
    await people.hub.whispers.unblock(bob.member, "Eva")
    await people.whisper(eva, "Bob", "again")
    await until(lambda: len(bob.told) == 1)
    assert [line.text for line in (await people.hub.archive.whisper_history(bob.member, "Eva")).lines] == [
        "again"
    ]


async def answer(people: Circle, guest: Guest, to: str) -> object:
    """What a sender is told, without the name."""
    try:
        stored = await people.whisper(guest, to, "x")
    except Refused as refusal:
        return refusal.reason.replace(to, "NAME"), refusal.code, refusal.retry_after
    return stored.seq, stored.nick, stored.text, stored.said_at


async def test_who_blocks_is_away_or_unknown_cannot_be_told_apart(people: Circle) -> None:
    eva, here, blocks = [await people.come(name) for name in ("Eva", "Here", "Blocks")]
    away, away_blocks = await people.come("Away"), await people.come("Awayblocks")
    for guest in (blocks, away_blocks):
        await people.hub.whispers.block(guest.member, "Eva")
    assert await answer(people, eva, "Here") == await answer(people, eva, "Blocks")
    for guest in (away, away_blocks):
        people.hub.rooms.leave_all(guest.member)
    names = ("Away", "Awayblocks", "Unknown", "@", "x" * 5000)
    assert len({await answer(people, eva, name) for name in names}) == 1
    for guest in (away, away_blocks):
        await remember(people, guest)
    assert await answer(people, eva, "Away") == await answer(people, eva, "Awayblocks")
    await until(lambda: bool(here.told))
    assert not blocks.told


async def test_who_blocks_costs_as_many_looks_at_the_database_as_who_does_not(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva, _, blocks = [await people.come(name) for name in ("Eva", "Here", "Blocks")]
    await people.hub.whispers.block(blocks.member, "Eva")
    looks: list[str] = []
    put = people.storage._put  # type: ignore[attr-defined]
    monkeypatch.setattr(people.storage, "_put", lambda one: [looks.append(type(one).__name__), put(one)][1])
    for _ in range(2):
        counted = []
        for name in ("Here", "Blocks"):
            looks.clear()
            await people.whisper(eva, name, "x")
            counted.append(list(looks))
        assert counted[0] == counted[1]


async def test_new_people_are_written_to_within_a_budget_and_known_ones_always(tmp_path: Path) -> None:
    async with circle(tmp_path, Limits(new_correspondents=2)) as people:
        eva, bob = await people.come("Eva"), await people.come("Bob")
        names = ("Anna", "Boris", "Vera", "Dora")
        for name in names:
            await people.come(name)
        await people.whisper(bob, "Eva", "hello")
        done = await asyncio.gather(
            *[people.whisper(eva, name, "hi") for name in names], return_exceptions=True
        )
        refusals = [one for one in done if isinstance(one, Refused)]
        assert [one.code for one in refusals] == ["too_fast"] * 2
        assert all(one.retry_after is not None and 55 < one.retry_after < 70 for one in refusals)
        assert len({one.room for one in done if not isinstance(one, BaseException)}) == 2
        known = [name for name, one in zip(names, done, strict=True) if not isinstance(one, Refused)]
        for name in ("Bob", *known):
            await people.whisper(eva, name, "known")
        with refused("offline"):
            await people.whisper(eva, "nobody", "hi")
        assert await people.storage.conversations(eva.member.id, 10)


async def test_conversations_come_with_the_latest_first(people: Circle) -> None:
    eva, _, _ = await people.come("Eva"), await people.come("Bob"), await people.come("Vlad")
    for number, name in enumerate(("Bob", "Vlad", "Bob")):
        people.now = NOW + number
        await people.whisper(eva, name, "hi")
    assert await people.hub.whispers.conversations(eva.member) == (
        ConversationView("Bob", 2, NOW + 2),
        ConversationView("Vlad", 1, NOW + 1),
    )
    assert len(await people.hub.whispers.conversations(eva.member, 1)) == 1


async def test_messages_of_one_connection_keep_their_order(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    waiting = [(await people.hub.whispers.say(eva.member, "Bob", str(number)))[1] for number in range(50)]
    await asyncio.gather(*waiting)
    await until(lambda: len(bob.told) == 50)
    assert [one.text for one in bob.told if isinstance(one, WhisperArrived)] == [str(n) for n in range(50)]


async def test_what_is_sent_again_is_answered_as_stored_though_the_other_has_gone(people: Circle) -> None:
    eva, bob, vlad = [await people.come(name) for name in ("Eva", "Bob", "Vlad")]
    stored = await people.whisper(eva, "Bob", "psst", "k1")
    people.hub.rooms.leave_all(bob.member)
    again = await people.whisper(eva, "bob", "psst", "k1")
    assert (again.room, again.seq, again.said_at) == (stored.room, stored.seq, stored.said_at)
    for text, key, code in (
        ("psst", "k2", "offline"),
        ("psst", None, "offline"),
        ("other", "k1", "id_reused"),
    ):
        with refused(code):
            await people.whisper(eva, "Bob", text, key)
    with refused("id_reused"):
        await people.say(eva, "@1", "psst", "k1")
    people.hub.rooms.leave_all(vlad.member)
    with refused("id_reused"):
        await people.whisper(eva, "Vlad", "psst", "k1")
