"""Accounts: names that are unique whoever asks, tokens that last, and nameless ones that are bounded."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from minechat.errors import Refused
from minechat.server import names
from minechat.server.accounts import Accounts, Nameless, Person
from minechat.server.epithets import EPITHETS
from minechat.server.keys import keys_of
from minechat.server.storage import Deed, Storage, open_storage
from tests.server import pairs


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None) as storage:
        yield storage


def allow(_: str) -> None:
    """No budget."""


@pytest.fixture
def accounts(storage: Storage) -> Accounts:
    return Accounts(storage, registrations=allow, random=Random(7))


async def test_a_name_is_an_epithet_and_the_mended_nickname(accounts: Accounts) -> None:
    person = (await accounts.register(" Ва\u200bся: ", "here")).person
    epithet, _, nick = person.name.partition(" ")
    assert epithet in EPITHETS
    assert nick == "Вася_"
    assert person.id is not None


async def test_a_token_is_random_and_known_again(accounts: Accounts) -> None:
    registered = [await accounts.register("Вася", "here") for _ in range(3)]
    assert len({one.token for one in registered}) == 3
    for one in registered:
        assert uuid.UUID(one.token).version == 4
        assert str(uuid.UUID(one.token)) == one.token
        assert await accounts.know(one.token) == one.person


async def test_a_token_is_not_shown_by_accident(accounts: Accounts) -> None:
    registered = await accounts.register("Вася", "here")
    assert registered.token not in repr(registered)
    assert registered.person.token_hash.hex() not in repr(registered)
    assert repr(registered.person.token_hash) not in repr(registered)


@pytest.mark.parametrize(
    "token", ["", "null", "4895e77b-6732-41ce-8c7c-5895a5a3ea6f", "\ud800", "'; --", "x" * 4096, "%00"]
)
async def test_a_token_that_nobody_has_is_nobody(accounts: Accounts, token: str) -> None:
    await accounts.register("Вася", "here")
    assert await accounts.know(token) is None


async def test_a_token_lasts_through_a_restart(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/a.db"
    async with open_storage(url, on_committed=lambda _: None) as storage:
        registered = await Accounts(storage, registrations=allow).register("Вася", "here")
    async with open_storage(url, on_committed=lambda _: None) as storage:
        assert await Accounts(storage, registrations=allow).know(registered.token) == registered.person


async def test_a_hundred_at_once_get_a_hundred_names(accounts: Accounts) -> None:
    registered = await asyncio.gather(*(accounts.register("Вася", "here") for _ in range(100)))
    assert len({keys_of(one.person.name) for one in registered}) == 100


async def test_when_the_epithets_run_out_numbers_go_on(accounts: Accounts) -> None:
    count = len(EPITHETS) + 50
    registered = await asyncio.gather(*(accounts.register("Вася", "here") for _ in range(count)))
    assert len({keys_of(one.person.name) for one in registered}) == count
    assert sum(one.person.name[-1].isdigit() for one in registered) >= 50


async def test_look_alikes_get_another_epithet(storage: Storage) -> None:
    async def name(nick: str, taken: int) -> str:
        # The same chance for everyone: whoever is free to choose chooses the same.
        accounts = Accounts(storage, registrations=allow, random=Random(taken))
        return (await accounts.register(nick, "here")).person.name

    first = await name("ВОВА", 1)
    for twin in ("BOBA", "Boba", "вова", "ВОВА", "Ｂｏｂａ", "ΒΟΒΑ"):
        assert (await name(twin, 1)).split()[0] != first.split()[0]
    assert (await name("Клара", 1)).split()[0] == first.split()[0]


async def test_who_got_an_account_in_the_database_is_looked_for_there_alone(
    accounts: Accounts, storage: Storage
) -> None:
    registered = await accounts.register("", "here")
    kept = await accounts.keep(registered.person)
    assert kept.id is not None
    assert await accounts.know(registered.token) == kept
    await storage.new_token(kept.id, b"another", Deed(0.0, "token", kept.name, ""))
    assert await accounts.know(registered.token) is None


#: Names that sound official, and how people would write them to seem so.
OFFICIAL = """
    admin ADMIN Admin_ аdmin adm1n admln Аdmin ADМIN ａｄｍｉｎ administrator Administrat0r adrninistrator
    server Server SERVER sеrvеr_ serνer servеr ｓｅｒｖｅｒ system Ｓｙｓｔｅｍ sуstem 5ystem root r00t Rооt
    moderator Moderat0r mod operator owner staff support security minechat Minechаt rninechat chat bot
    channel general everyone all here nobody anonymous unknown null none you me
    сервер CЕPBEP Система админ Админ_ AДМИН администратор модератор рут Здесь все всем никто я бот чат
""".split()


@pytest.mark.parametrize("nick", OFFICIAL)
async def test_a_name_that_sounds_official_ends_with_a_number(accounts: Accounts, nick: str) -> None:
    person = (await accounts.register(nick, "here")).person
    # Split where scripts meet, it looks like no word of an office any more.
    split = len(names.mend(nick).split()) > 1
    assert split or person.name[-1].isdigit()


def test_there_are_enough_official_names() -> None:
    assert len(set(OFFICIAL)) >= 60


@pytest.mark.parametrize(("one", "other"), (pairs.twins() + pairs.variants())[::7])
async def test_names_that_look_alike_never_get_one_epithet(storage: Storage, one: str, other: str) -> None:
    # The same chance for both: who is free to choose chooses the same.
    twins = [Accounts(storage, registrations=allow, random=Random(7)) for _ in range(2)]
    first = (await twins[0].register(one, "here")).person.name
    second = (await twins[1].register(other, "here")).person.name
    assert pairs.look(first) != pairs.look(second)


async def test_names_of_characters_are_reserved_too(storage: Storage) -> None:
    accounts = Accounts(storage, registrations=allow, reserved=["Влад"])
    assert (await accounts.register("влад", "here")).person.name[-1].isdigit()
    assert not (await accounts.register("Владимир", "here")).person.name[-1].isdigit()


async def test_the_budget_is_asked_for_names_only(storage: Storage) -> None:
    asked = []

    def count(source: str) -> None:
        asked.append(source)
        if len(asked) > 2:
            raise Refused("too many accounts", 60.0)

    accounts = Accounts(storage, registrations=count)
    for _ in range(5):
        await accounts.register("\u200b ", "here")
    await accounts.register("Вася", "there")
    await accounts.register("Вася", "there")
    with pytest.raises(Refused) as caught:
        await accounts.register("Вася", "there")
    assert caught.value.retry_after == 60.0
    assert asked == ["there"] * 3


async def test_an_account_without_a_name_is_not_stored_until_it_speaks(
    accounts: Accounts, storage: Storage
) -> None:
    registered = await accounts.register("", "here")
    person = registered.person
    assert person.id is None
    assert person.name.endswith(" ") and person.name.strip() in EPITHETS
    assert await storage.account_by_token(person.token_hash) is None
    kept = await accounts.keep(person)
    assert kept.id is not None and kept.name == person.name
    assert await accounts.know(registered.token) == kept
    assert await accounts.keep(kept) == kept


async def test_an_account_without_a_name_that_logs_in_again_is_kept(
    accounts: Accounts, storage: Storage
) -> None:
    registered = await accounts.register("", "here")
    known = await accounts.know(registered.token)
    assert known is not None and known.id is not None
    row = await storage.account_by_token(registered.person.token_hash)
    assert row is not None and row.id == known.id


async def test_keeping_at_once_from_several_sides_makes_one_account(accounts: Accounts) -> None:
    registered = await accounts.register("", "here")
    kept = await asyncio.gather(
        *(accounts.keep(registered.person) for _ in range(5)),
        *(accounts.know(registered.token) for _ in range(5)),
    )
    assert len(set(kept)) == 1


async def test_accounts_without_a_name_are_bounded(storage: Storage) -> None:
    accounts = Accounts(storage, registrations=allow, nameless_per_source=3, nameless_in_all=5)
    here = [await accounts.register("", "here") for _ in range(5)]
    assert [await accounts.know(one.token) is None for one in here[:2]] == [True, True]
    assert await accounts.know(here[2].token) is not None


def people(count: int) -> list[Person]:
    return [Person(None, "Able ", number.to_bytes(2, "big")) for number in range(count)]


def test_the_oldest_of_a_full_source_is_forgotten() -> None:
    nameless = Nameless(per_source=2, in_all=100)
    one, two, three, other = people(4)
    nameless.add(other, "there")
    for person in (one, two, three):
        nameless.add(person, "here")
    assert nameless.get(one.token_hash) is None
    assert [nameless.get(who.token_hash) for who in (two, three, other)] == [two, three, other]


def test_the_oldest_of_all_is_forgotten_when_all_are_too_many() -> None:
    nameless = Nameless(per_source=100, in_all=10)
    everyone = people(500)
    for number, person in enumerate(everyone):
        nameless.add(person, f"source {number % 7}")
    assert len(nameless) == 10
    assert [nameless.get(who.token_hash) for who in everyone[-10:]] == everyone[-10:]


def test_forgetting_leaves_nothing_of_a_source() -> None:
    nameless = Nameless(per_source=2, in_all=3)
    for number, person in enumerate(people(300)):
        nameless.add(person, f"source {number}")
    assert len(nameless._sources) == 3
    nameless.forget(b"nobody")
