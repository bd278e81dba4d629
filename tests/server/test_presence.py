"""Presence: right after whatever coming and going, and told no more often than five times a second."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from minechat.protocol.rift.reply_table import BY_WORD
from minechat.server import listing
from minechat.server.accounts import Person
from minechat.server.changes import INTERVAL
from minechat.server.happenings import PresenceChanged
from minechat.server.settings import Limits
from minechat.server.views import OnlinePage
from tests.server.circle import ALL, NONE, Circle, Guest, circle
from tests.server.sockets import until

BLIND = frozenset({"rooms"})


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[Circle]:
    async with circle(tmp_path, Limits(sessions=1000)) as people:
        yield people


def known(guest: Guest, first: set[str]) -> set[str]:
    """Who is here as a client counts that was told these first."""
    here = set(first)
    for change in guest.presence():
        here = (here | set(change.online)) - set(change.offline)
    return here


async def test_one_is_here_from_the_first_connection_to_the_last(people: Circle) -> None:
    eva = await people.come("Eva")
    bob, bob_too = await people.come("Bob"), await people.come("Bob", NONE)
    await until(lambda: "Bob" in known(eva, set()))
    people.hub.rooms.leave_all(bob.member)
    people.hub.rooms.leave_all(bob.member)
    assert people.hub.presence.is_here(bob.member.id)
    people.hub.rooms.leave_all(bob_too.member)
    assert not people.hub.presence.is_here(bob.member.id)
    await until(lambda: "Bob" not in known(eva, set()))
    assert eva.presence()[-1] == PresenceChanged((), ("Bob",))
    assert (await people.hub.rooms.online(eva.member)).names == ("Eva",)


async def test_presence_is_right_after_a_thousand_comings_and_goings(people: Circle) -> None:
    random = Random(4)
    persons = [await people.person(f"Guest{chr(97 + n)}") for n in range(20)]
    watchers = [(await people.come("Watcher"), set[str]())]
    here: list[Guest] = []
    for step in range(1000):
        if here and random.random() < 0.5:
            people.hub.rooms.leave_all(here.pop(random.randrange(len(here))).member)
        else:
            guest = Guest(people, random.choice(persons), random.choice([ALL, BLIND, NONE]))
            await people.hub.rooms.attend(guest.member)
            here.append(guest)
        if step % 100 == 50:
            late = await people.come(f"Late{chr(97 + step // 100)}")
            watchers.append((late, set((await people.hub.rooms.online(late.member)).names)))
    truth = {guest.name for guest in here} | {watcher.name for watcher, _ in watchers}
    assert set(people.hub.presence.people().values()) == truth
    await until(lambda: all(known(watcher, first) == truth for watcher, first in watchers))
    blind = await people.come("Blind", BLIND)
    assert set((await people.hub.rooms.online(blind.member)).names) == truth | {"Blind"}


async def test_however_fast_somebody_comes_and_goes_it_is_told_five_times_a_second(people: Circle) -> None:
    eva = await people.come("Eva")
    bob = await people.person("Bob")
    loop = asyncio.get_running_loop()
    until_then = loop.time() + 1.0
    flaps = 0
    while loop.time() < until_then:
        guest = Guest(people, bob, NONE)
        await people.hub.rooms.attend(guest.member)
        await asyncio.sleep(0)  # the turn ends, and with it what it brings together
        people.hub.rooms.leave_all(guest.member)
        await asyncio.sleep(0)
        flaps += 1
    assert flaps > 100
    assert len(eva.presence()) <= 1.0 / INTERVAL + 2
    await until(lambda: "Bob" not in known(eva, set()))


async def test_who_was_away_for_a_moment_is_here_for_whoever_asked_in_it(people: Circle) -> None:
    eva, bob = await people.come("Eva"), await people.come("Bob")
    await until(lambda: known(eva, set()) == {"Eva", "Bob"})
    people.hub.rooms.leave_all(bob.member)
    first = set((await people.hub.rooms.online(eva.member)).names)
    told = len(eva.presence())
    await people.hub.rooms.attend(bob.member)
    await people.come("Vlad", NONE)
    await until(lambda: "Vlad" in known(eva, set()))
    later = [name for change in eva.presence()[told:] for name in (*change.online, *change.offline)]
    assert later == ["Vlad"] and "Bob" in first


async def test_a_change_is_encoded_once_for_all_who_are_told(people: Circle) -> None:
    watchers = [await people.come("Watcher") for _ in range(30)]
    await until(lambda: all(watcher.presence() for watcher in watchers[:1]))
    before = len(people.encoded)
    bob = await people.come("Bob", NONE)
    await until(lambda: all("Bob" in known(watcher, set()) for watcher in watchers))
    people.hub.rooms.leave_all(bob.member)
    await until(lambda: all("Bob" not in known(watcher, set()) for watcher in watchers))
    assert [type(one) for one in people.encoded[before:]] == [PresenceChanged, PresenceChanged]


async def test_who_is_here_of_a_room(people: Circle) -> None:
    eva, bob = await people.come("Eva", BLIND), await people.come("Bob", BLIND)
    await people.come("Vlad", BLIND)
    for guest in (eva, bob):
        await people.hub.rooms.join(guest.member, "random")
    online = people.hub.rooms.online
    assert await online(eva.member, "random") == OnlinePage(("Bob", "Eva"), None)
    assert await online(eva.member) == OnlinePage(("Bob", "Eva", "Vlad"), None)
    assert await online(eva.member, "random", "bob") == OnlinePage(("Eva",), None)
    assert await online(eva.member, after="Vlad") == OnlinePage((), None)


async def pages(people: Circle, guest: Guest, room: str | None = None) -> list[list[str]]:
    """Who is here as somebody learns it who asks page by page."""
    found, after = [], ""
    while True:
        page = await people.hub.rooms.online(guest.member, room, after)
        found.append(list(page.names))
        if page.after is None:
            return found
        after = page.after


def test_the_table_of_the_wire_says_how_long_a_page_is() -> None:
    assert f"up to {listing.ONLINE} in a page" in BY_WORD["online_users"].about


@pytest.mark.parametrize("count", [1, 3, 4, 6, 7, 11])
async def test_everybody_stands_once_on_the_pages_in_order(
    people: Circle, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(listing, "ONLINE", 3)
    names = ["Anna", "boris", "Clara", "Дима", "Ева", "fred", "Жанна", "Hugo", "Зоя", "Ivan", "Яна"]
    for name in names[:count]:
        guest = await people.come(name, BLIND)
        await people.hub.rooms.join(guest.member, "random")
    for room in (None, "random"):
        found = await pages(people, guest, room)
        assert [len(page) for page in found[:-1]] == [3] * ((count - 1) // 3) and found[-1]
        assert [one for page in found for one in page] == sorted(names[:count], key=str.casefold)


async def test_no_page_ends_among_people_who_are_called_alike(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ONLINE", 2)
    for name in ("Anna", "Vlad"):
        guest = await people.come(name, BLIND)
    for account_id in range(100, 103):
        await people.hub.rooms.attend(Guest(people, Person(account_id, "Brave "), BLIND).member)
    assert await pages(people, guest) == [["Anna", *["Brave "] * 3], ["Vlad"]]


async def test_who_comes_and_goes_between_two_pages_is_known_of(
    people: Circle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "ONLINE", 2)
    here = {name: await people.come(name, BLIND) for name in ("Anna", "Clara", "Hugo", "Ivan")}
    eva = await people.come("Eva")
    await until(lambda: "Eva" in known(eva, set()))
    first = await people.hub.rooms.online(eva.member)
    assert first == OnlinePage(("Anna", "Clara"), "Clara")
    told = len(eva.presence())
    for name in ("Anna", "Ivan"):
        people.hub.rooms.leave_all(here[name].member)
    await people.come("Boris", BLIND)
    await people.come("Zoya", BLIND)
    rest = await people.hub.rooms.online(eva.member, after="Clara")
    counted = {*first.names, *rest.names}
    await until(lambda: len(eva.presence()) > told)
    for change in eva.presence()[told:]:
        counted = (counted | set(change.online)) - set(change.offline)
    assert counted == {"Boris", "Clara", "Eva", "Hugo", "Zoya"}
