"""One's own account: what a new password, a new token and a logout end, and what goes on."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from random import Random
from typing import Any

import pytest

from minechat.errors import NotStored, Refused, WrongPassword
from minechat.server.accounts import Accounts, Person
from minechat.server.settings import PROFILES, Limits
from minechat.server.storage import Deed
from tests.server.people import House, open_house

HERE, GOOD, NEW = "192.0.2.1", "correct horse", "battery staple"


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, PROFILES["off"]) as house:
        yield house


async def come(house: House, label: str) -> tuple[Person, str]:
    """Anna comes in by password once more; she and her session."""
    person = await house.people.log_in("Anna", GOOD, HERE)
    session = await house.people.open_session(person)
    house.attach(person, label, session)
    return person, session


@pytest.fixture
async def anna(house: House) -> Person:
    return await house.people.register("Anna", GOOD, HERE)


async def test_a_new_password_ends_everything_else(house: House, anna: Person) -> None:
    person, mine = await come(house, "mine")
    _, other = await come(house, "other")
    house.attach(anna, "old client")
    house.attach(anna, "speak port", by_token=True)
    boris = await house.people.register("Boris", GOOD, HERE)
    house.attach(boris, "boris")
    await house.people.change_password(person, NEW, GOOD, HERE, keep=mine, but=house.close_of("mine"))
    assert sorted(house.closed) == ["old client", "other", "speak port"]
    assert {one.code for one in house.closed.values()} == {"ended"}
    assert await house.people.by_session(mine, HERE) == anna
    assert await house.people.by_session(other, HERE) is None
    with pytest.raises(WrongPassword):
        await house.people.log_in("Anna", GOOD, HERE)
    assert await house.people.log_in("Anna", NEW, HERE) == anna
    # Anna is still there, and a second change ends nothing but what came since.
    house.closed.clear()
    await house.people.change_password(person, GOOD, NEW, HERE, keep=mine, but=house.close_of("mine"))
    assert not house.closed


@pytest.mark.parametrize("old", [None, "", "wrong", "x" * 5000, NEW])
async def test_the_old_password_is_needed_where_there_is_one(
    house: House, anna: Person, old: str | None
) -> None:
    person, session = await come(house, "mine")
    await come(house, "other")
    with pytest.raises(WrongPassword, match="old password"):
        await house.people.change_password(person, NEW, old, HERE, keep=session)
    assert not house.closed
    assert await house.people.log_in("Anna", GOOD, HERE) == anna


async def test_whose_wrong_old_passwords_are_failed_logins(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits()) as house:
        person = await house.people.register("Anna", GOOD, HERE)
        for _ in range(4):
            with pytest.raises(WrongPassword):
                await house.people.change_password(person, NEW, "a wrong one", HERE)
        with pytest.raises(Refused, match="try again in 5 s") as caught:
            await house.people.change_password(person, NEW, GOOD, HERE)
        assert caught.value.code == "too_fast"


@pytest.mark.parametrize("new", ["short", "x" * 129, "with\ta tab in it"])
async def test_a_new_password_obeys_the_rules(house: House, anna: Person, new: str) -> None:
    with pytest.raises(Refused) as caught:
        await house.people.change_password(anna, new, GOOD, HERE)
    assert caught.value.code == "bad_password"


async def test_of_two_changes_at_once_one_is_told_so(house: House, anna: Person) -> None:
    results = await asyncio.gather(
        *(house.people.change_password(anna, f"{NEW} {n}", GOOD, HERE) for n in range(5)),
        return_exceptions=True,
    )
    failed = [one for one in results if isinstance(one, Refused)]
    assert len(failed) == 4 and {one.code for one in failed} == {"ended"}
    assert await house.people.log_in("Anna", f"{NEW} {results.index(None)}", HERE) == anna


async def test_who_came_by_token_gets_a_password_and_one_without_a_name_does_not(house: House) -> None:
    accounts = Accounts(house.storage, registrations=lambda _: None, random=Random(7))
    registered = await accounts.register("Maria", HERE)
    person = await house.people.by_token(registered.token, HERE)
    assert person is not None
    await house.people.change_password(person, NEW, None, HERE)
    by_name = await house.people.log_in(person.name.replace(" ", "_"), NEW, HERE)
    assert (by_name.id, by_name.name) == (person.id, person.name)
    assert (await house.people.by_token(registered.token, HERE)) == person
    nameless = await accounts.keep((await accounts.register("", HERE)).person)
    with pytest.raises(Refused, match="without a name") as caught:
        await house.people.change_password(nameless, NEW, None, HERE)
    assert caught.value.code == "not_allowed"


async def test_a_new_token_ends_the_old_one_and_the_visits_that_live_by_it(
    house: House, anna: Person
) -> None:
    person, session = await come(house, "mine")
    house.attach(anna, "speak port", by_token=True)
    first = await house.people.renew_token(person)
    assert list(house.closed) == ["speak port"] and house.closed["speak port"].code == "ended"
    second = await house.people.renew_token(person)
    assert await house.people.by_token(first, HERE) is None
    known = await house.people.by_token(second, HERE)
    assert known is not None and known.id == anna.id
    assert await house.people.by_session(session, HERE) == anna
    deeds = await house.storage.deeds(10)
    assert [(deed.what, deed.whom, deed.by) for deed in deeds] == [("token", "Anna", "Anna")] * 2
    assert not [deed for deed in deeds if second in repr(deed)]


def reset(house: House, person: Person) -> Coroutine[Any, Any, tuple[str, int]]:
    assert person.id is not None
    return house.people.reset_password(person.id, Deed(1.0, "password", person.name, "by root"))


async def test_a_password_that_is_reset_ends_everything(house: House, anna: Person) -> None:
    _, session = await come(house, "mine")
    house.attach(anna, "speak port", by_token=True)
    boris = await house.people.register("Boris", GOOD, HERE)
    house.attach(boris, "boris")
    password, closed = await reset(house, anna)
    assert closed == 2 and sorted(house.closed) == ["mine", "speak port"]
    assert {one.code for one in house.closed.values()} == {"ended"}
    assert await house.people.by_session(session, HERE) is None
    with pytest.raises(WrongPassword):
        await house.people.log_in("Anna", GOOD, HERE)
    assert await house.people.log_in("Anna", password, HERE) == anna
    (deed,) = await house.storage.deeds(10)
    assert (deed.what, deed.whom, deed.detail) == ("password", "Anna", "by root")


async def test_of_resets_at_once_each_ends_what_was_there_and_the_last_one_holds(
    house: House, anna: Person
) -> None:
    given = await asyncio.gather(*(reset(house, anna) for _ in range(10)))
    right = []
    for password, _ in given:
        try:
            await house.people.log_in("Anna", password, HERE)
        except WrongPassword:
            continue
        right.append(password)
    assert len({password for password, _ in given}) == 10 and len(right) == 1
    assert len(await house.storage.deeds(100)) == 10


async def test_a_reset_wins_over_a_change_that_is_under_way(house: House, anna: Person) -> None:
    for round_ in range(10):
        old = (await reset(house, anna))[0]
        change = house.people.change_password(anna, f"{NEW} {round_}", old, HERE)
        _, (password, _) = await asyncio.gather(change, reset(house, anna), return_exceptions=True)
        try:
            await house.people.log_in("Anna", password, HERE)
        except WrongPassword:  # the change came after it, and that by an old password: there is none left
            pytest.fail("whoever knew the old password changed the one that was made by chance")


async def test_a_reset_is_not_told_before_it_is_on_the_disk(
    house: House, anna: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, goes_on = asyncio.Event(), asyncio.Event()
    set_password = house.storage.set_password

    async def held_up(*values: Any) -> bool:
        asked.set()
        await goes_on.wait()
        return await set_password(*values)

    monkeypatch.setattr(house.storage, "set_password", held_up)
    house.attach(anna, "mine")
    order = asyncio.create_task(reset(house, anna))
    await asyncio.wait_for(asked.wait(), 10)
    await house.people.by_session("a round trip through the database", HERE)
    assert not order.done() and not house.closed
    goes_on.set()
    password, _ = await order
    assert await house.people.log_in("Anna", password, HERE) == anna
    monkeypatch.setattr(house.storage, "set_password", _full)
    with pytest.raises(NotStored):
        await reset(house, anna)
    assert await house.people.log_in("Anna", password, HERE) == anna


async def _full(*_: Any) -> bool:
    raise NotStored("the disk is full")


async def test_logging_out_ends_the_session_and_whoever_else_lives_by_it(house: House, anna: Person) -> None:
    person, mine = await come(house, "mine")
    house.attach(person, "second window", mine)
    _, other = await come(house, "other")
    await house.people.log_out(person, mine, but=house.close_of("mine"))
    assert list(house.closed) == ["second window"]
    assert await house.people.by_session(mine, HERE) is None
    assert await house.people.by_session(other, HERE) == anna
    # Without a session there is nothing to end but the connection.
    await house.people.log_out(person, None, but=house.close_of("old client"))
    assert list(house.closed) == ["second window"]


async def test_logging_out_everywhere_ends_all_but_the_speak_port(house: House, anna: Person) -> None:
    person, mine = await come(house, "mine")
    _, other = await come(house, "other")
    house.attach(anna, "old client")
    house.attach(anna, "speak port", by_token=True)
    await house.people.log_out(person, mine, everywhere=True, but=house.close_of("mine"))
    assert sorted(house.closed) == ["old client", "other"]
    assert [await house.people.by_session(one, HERE) for one in (mine, other)] == [None, None]


async def test_whoever_goes_in_the_middle_of_a_change_leaves_it_whole(house: House, anna: Person) -> None:
    """Cancelled at each step: where the password is the new one, the others have been ended."""
    old, new, changed = GOOD, NEW, 0
    for steps in range(40):
        house.closed.clear()
        house.attach(anna, "other")
        task = asyncio.create_task(house.people.change_password(anna, new, old, HERE))
        for _ in range(steps):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await house.people.by_session("a round trip through the database", HERE)
        try:
            await house.people.log_in("Anna", new, HERE)
        except WrongPassword:
            assert not house.closed
        else:
            assert list(house.closed) == ["other"]
            old, new, changed = new, old, changed + 1
        house.people.sessions.end_account(anna.id or 0, Refused("next"))
    assert 0 < changed < 40
