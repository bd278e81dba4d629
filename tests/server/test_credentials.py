"""Credentials: unique names, passwords, sessions, and what a ban or a change does to a login under way."""

import asyncio
import logging
import sqlite3
import traceback
from collections import Counter
from collections.abc import AsyncIterator, Coroutine
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from argon2 import PasswordHasher

from minechat.errors import NotStored, Refused, WrongPassword
from minechat.server import hashing as hashing_module
from minechat.server.accounts import Accounts, Person, hash_of
from minechat.server.hashing import Hashing
from minechat.server.own_account import id_of
from minechat.server.settings import PROFILES, Limits
from minechat.server.storage import Ban
from tests.server import pairs
from tests.server.people import House, open_house

HERE, GOOD = "192.0.2.1", "correct horse"
CALM = replace(PROFILES["off"], hashes_waiting=500)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_house(tmp_path, CALM) as house:
        yield house


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_who_registered_logs_in_by_any_writing_of_the_name(house: House) -> None:
    joined: list[str] = []
    house.people.joined = joined.append
    anna = await house.people.register("Anna Maria", GOOD, HERE)
    assert anna.name == "Anna_Maria" and joined == ["Anna_Maria"]
    for name in ("Anna_Maria", "anna maria", "ANNA_MARIA", "Аnnа Mаriа"):
        assert await house.people.log_in(name, GOOD, HERE) == anna


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Anna", "correct hors"),
        ("Anna", "Correct horse"),
        ("Anna", ""),
        ("Boris", GOOD),
        ("", GOOD),
        ("x" * 100_000, GOOD),
        ("Anna\0", GOOD),
        ("Anna", GOOD + "\0"),
    ],
)
async def test_anything_else_is_wrong_in_the_same_words(house: House, name: str, password: str) -> None:
    await house.people.register("Anna", GOOD, HERE)
    with pytest.raises(WrongPassword) as caught:
        await house.people.log_in(name, password, HERE)
    assert str(caught.value) == "nobody has this name and this password"


async def test_a_password_typed_on_two_systems_is_one(house: House) -> None:
    await house.people.register("Anna", "пароль йё", HERE)
    assert (await house.people.log_in("Anna", "пароль и\u0306е\u0308", HERE)).name == "Anna"


async def test_no_oversized_password_is_ever_hashed(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.people.register("Anna", GOOD, HERE)
    jobs: list[object] = []
    monkeypatch.setattr(hashing_module, "_within_memory", jobs.append)
    for password in ("x" * 1025, "я" * 513, GOOD + "x" * 1_000_000):
        for name in ("Anna", "Boris"):
            with pytest.raises(WrongPassword):
                await house.people.log_in(name, password, HERE)
        with pytest.raises(Refused) as caught:
            await house.people.register("Boris", password, HERE)
        assert caught.value.code == "bad_password"
    assert not jobs


async def test_twins_in_the_first_72_bytes_are_two_passwords(house: House) -> None:
    await house.people.register("Anna", "x" * 72 + "one", HERE)
    with pytest.raises(WrongPassword):
        await house.people.log_in("Anna", "x" * 72 + "two", HERE)


async def test_a_taken_name_is_refused_whoever_has_it(house: House) -> None:
    await house.people.register("Вова", GOOD, HERE)
    accounts = Accounts(house.storage, registrations=lambda _: None, random=Random(7))
    decorated = (await accounts.register("Maria", HERE)).person.name
    for name in ("Вова", "ВОВА", "BOBA", "вова_", decorated, decorated.upper().replace(" ", "_")):
        with pytest.raises(Refused, match="choose another") as caught:
            await house.people.register(name, GOOD, HERE)
        assert caught.value.code == "taken"
    with pytest.raises(Refused, match="alphabets") as caught:
        await house.people.register("Вoва", GOOD, HERE)
    assert caught.value.code == "bad_name"


async def test_of_fifty_who_want_one_name_at_once_one_gets_it(house: House) -> None:
    for number in range(4):
        wanted = (f"Anna{number}", f"ANNA{number}", f"anna{number}_")
        results = await asyncio.gather(
            *(house.people.register(wanted[n % 3], GOOD, f"source {n}") for n in range(50)),
            return_exceptions=True,
        )
        made = [one for one in results if isinstance(one, Person)]
        refused = [one.code for one in results if isinstance(one, Refused)]
        assert len(made) == 1 and refused == ["taken"] * 49


@pytest.mark.parametrize("start", range(7))
async def test_of_two_names_that_look_alike_never_both_are_registered(house: House, start: int) -> None:
    every = (pairs.twins() + pairs.variants())[start::35]
    for number, pair in enumerate(every):
        names_ = []
        for name in pair:
            try:
                names_.append((await house.people.register(name, GOOD, HERE)).name)
            except Refused as refused:
                assert refused.code in ("taken", "bad_name")
        assert len({pairs.look(name) for name in names_}) == len(names_), (number, pair)


async def test_registrations_have_a_budget_that_only_new_accounts_use(tmp_path: Path) -> None:
    async with open_house(tmp_path, replace(Limits(), registrations=3)) as house:
        await house.people.register("Anna", GOOD, HERE)
        for _ in range(10):
            for name, password in (("ANNA", GOOD), ("a:b", GOOD), ("Boris", "short")):
                with pytest.raises(Refused) as caught:
                    await house.people.register(name, password, HERE)
                assert caught.value.code in ("taken", "bad_name", "bad_password")
        await house.people.register("Boris", GOOD, HERE)
        await house.people.register("Clara", GOOD, HERE)
        with pytest.raises(Refused, match="too many new accounts") as caught:
            await house.people.register("David", GOOD, HERE)
        assert caught.value.code == "too_fast" and caught.value.retry_after
        await house.people.register("David", GOOD, "192.0.2.2")


async def test_logins_fail_at_a_cost_and_a_session_comes_in_all_the_same(tmp_path: Path) -> None:
    refused: Counter[str] = Counter()
    async with open_house(tmp_path, Limits(), refused) as house:
        anna = await house.people.register("Anna", GOOD, HERE)
        session = await house.people.open_session(await house.people.log_in("Anna", GOOD, HERE))
        for number in range(10):
            with pytest.raises(WrongPassword):
                await house.people.log_in("Anna", "a wrong one", f"source {number}")
        with pytest.raises(Refused, match="try again in 1 s"):
            await house.people.log_in("Anna", GOOD, "source 11")
        assert await house.people.by_session(session, "source 11") == anna
        assert await house.people.log_in("Anna", GOOD, HERE) == anna
        for _ in range(4):
            with pytest.raises(WrongPassword):
                await house.people.log_in("Boris", GOOD, "source 12")
        with pytest.raises(Refused, match="from your address"):
            await house.people.log_in("Boris", GOOD, "source 12")
        assert refused == {"account_failures": 1, "login_penalty": 1}


async def test_a_busy_server_charges_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def busy(*_: object) -> None:
        raise Refused("too many", 0.5, "busy")

    async with open_house(tmp_path, replace(Limits(), registrations=1)) as house:
        with monkeypatch.context() as patch:
            patch.setattr(Hashing, "verify", busy)
            patch.setattr(Hashing, "hash", busy)
            for _ in range(30):
                for work in (house.people.log_in, house.people.register):
                    with pytest.raises(Refused) as caught:
                        await work("Anna", GOOD, HERE)
                    assert caught.value.code == "busy"
        await house.people.register("Anna", GOOD, HERE)
        await house.people.log_in("Anna", GOOD, HERE)


async def test_a_login_brings_an_old_hash_up_to_date(house: House) -> None:
    anna = await house.people.register("Anna", GOOD, HERE)
    session = await house.people.open_session(await house.people.log_in("Anna", GOOD, HERE))
    old = PasswordHasher(1, 16, 1).hash(GOOD)
    assert await house.storage.rehash(id_of(anna), await hash_in(house, anna), old)
    person = await house.people.log_in("Anna", GOOD, HERE)
    assert person.password == await hash_in(house, anna) != old
    assert "m=8,t=1" in person.password
    assert await house.people.by_session(session, HERE) == anna
    assert await house.people.open_session(person)


async def test_a_session_stands_for_its_account_until_it_ends(house: House) -> None:
    anna = await house.people.register("Anna", GOOD, HERE)
    person = await house.people.log_in("Anna", GOOD, HERE)
    sessions = [await house.people.open_session(person) for _ in range(25)]
    assert len(set(sessions)) == 25 and all(len(one) >= 43 for one in sessions)
    known = [await house.people.by_session(one, HERE) for one in sessions]
    assert known == [None] * 5 + [anna] * 20
    await house.storage.remove_sessions(anna.id or 0)
    assert await house.people.by_session(sessions[-1], HERE) is None


async def test_sessions_that_nobody_has_are_counted_and_those_of_somebody_never(tmp_path: Path) -> None:
    async with open_house(tmp_path, Limits()) as house:
        await house.people.register("Anna", GOOD, HERE)
        session = await house.people.open_session(await house.people.log_in("Anna", GOOD, HERE))
        known = await asyncio.gather(*(house.people.by_session(session, HERE) for _ in range(500)))
        assert len(known) == 500 and None not in known
        for number in range(12):
            assert await house.people.by_session(f"nobody's {number}", HERE) is None
        with pytest.raises(Refused, match="unknown tokens") as caught:
            await house.people.by_session("nobody's", HERE)
        assert caught.value.code == "too_fast"
        assert await house.people.by_session("nobody's", "192.0.2.2") is None


async def test_a_token_of_the_speak_port_is_as_good(house: House) -> None:
    accounts = Accounts(house.storage, registrations=lambda _: None, random=Random(7))
    registered = await accounts.register("Maria", HERE)
    person = await house.people.by_token(registered.token, HERE)
    assert person == registered.person
    assert await house.people.by_token("4895e77b-6732-41ce-8c7c-5895a5a3ea6f", HERE) is None
    assert not await house.people.has_password(person)
    session = await house.people.open_session(person)
    known = await house.people.by_session(session, HERE)
    assert known is not None and known.id == person.id
    anna = await house.people.register("Anna", GOOD, HERE)
    assert await house.people.has_password(anna)


@pytest.mark.parametrize("way", ["session", "token"])
async def test_what_was_looked_up_before_it_ended_lets_nobody_in(
    house: House, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    anna = await house.people.register("Anna", GOOD, HERE)
    session = await house.people.open_session(await house.people.log_in("Anna", GOOD, HERE))
    token = await house.people.renew_token(anna)
    looked = 0
    look = getattr(house.storage, f"account_by_{way}")

    async def ended_meanwhile(proof: bytes) -> object:
        nonlocal looked
        row, looked = await look(proof), looked + 1
        if looked == 1:
            await house.people.log_out(anna, session)
            await house.people.renew_token(anna)
        return row

    monkeypatch.setattr(house.storage, f"account_by_{way}", ended_meanwhile)
    come_in = {"session": house.people.by_session, "token": house.people.by_token}[way]
    assert await come_in({"session": session, "token": token}[way], HERE) is None
    assert looked == 2


async def test_the_banned_are_told_so_by_every_way(house: House) -> None:
    accounts = Accounts(house.storage, registrations=lambda _: None, random=Random(7))
    registered = await accounts.register("Maria", HERE)
    anna = await house.people.register("Anna", GOOD, HERE)
    person = await house.people.log_in("Anna", GOOD, HERE)
    session = await house.people.open_session(person)
    for account_id in (anna.id, registered.person.id):
        house.bans.put(Ban(account_id, None, None, "spam", 0.0))
    for way in (
        house.people.log_in("Anna", GOOD, HERE),
        house.people.by_session(session, HERE),
        house.people.by_token(registered.token, HERE),
        house.people.open_session(person),
    ):
        with pytest.raises(Refused, match="you are banned: spam") as caught:
            await way
        assert caught.value.code == "banned"
    with pytest.raises(WrongPassword):
        await house.people.log_in("Anna", "a wrong one", HERE)


async def test_no_login_slips_past_a_new_password(house: House) -> None:
    """It is changed at every step of a login: either that is refused, or what it attached is ended."""
    anna = await house.people.register("Anna", GOOD, HERE)
    session = await house.people.open_session(await house.people.log_in("Anna", GOOD, HERE))
    hashes = await hash_in(house, anna), PasswordHasher(1, 8, 1).hash("another one")
    came_in = []

    async def by_password() -> Person | None:
        return await house.people.log_in("Anna", GOOD, HERE)

    async def by_password_with_session() -> Person | None:
        person = await house.people.log_in("Anna", GOOD, HERE)
        await house.people.open_session(person)
        return person

    async def by_session() -> Person | None:
        return await house.people.by_session(session, HERE)

    for way in (by_password, by_password_with_session, by_session):
        for steps in range(0, 60, 2):
            house.closed.clear()
            came, _ = await asyncio.gather(come(house, way()), change(house, anna, hashes, steps))
            assert not came or house.closed
            assert sessions_in(house.folder) == 0
            came_in.append(came)
            assert await house.storage.rehash(id_of(anna), *reversed(hashes))
            await house.storage.add_session(id_of(anna), hash_of(session), 20)
    assert len(set(came_in)) == 2


async def come(house: House, way: Coroutine[object, object, Person | None]) -> bool:
    """Comes in as a visit does; whether that was possible."""
    try:
        person = await way
    except (WrongPassword, Refused):
        return False
    if person is not None:
        house.attach(person, "visit")
    return person is not None


async def change(house: House, person: Person, hashes: tuple[str, str], steps: int) -> None:
    await turns(steps)
    assert await house.storage.set_password(id_of(person), *hashes, None, None)
    house.people.sessions.end_account(id_of(person), Refused("ended", code="ended"))


async def hash_in(house: House, person: Person) -> str:
    login = await house.storage.login_by_id(id_of(person))
    assert login is not None and login.password is not None
    return login.password


def sessions_in(folder: Path) -> int:
    with closing(sqlite3.connect(f"{folder}/a.db")) as database:
        count: int = database.execute("SELECT count(*) FROM session").fetchone()[0]
    return count


def secrets_in(folder: Path, *secrets: str) -> list[str]:
    files = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    return [secret for secret in secrets if any(secret.encode() in data for data in files)]


async def test_the_database_holds_neither_passwords_nor_sessions(house: House) -> None:
    password = "canary in a coal mine"
    await house.people.register("Anna", password, HERE)
    session = await house.people.open_session(await house.people.log_in("Anna", password, HERE))
    assert await house.people.by_session(session, HERE)
    assert secrets_in(house.folder, "Anna") == ["Anna"]
    assert secrets_in(house.folder, password, session) == []


async def test_no_secret_is_in_a_log_an_error_or_what_is_shown_of_a_person(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    password = "canary in a coal mine"
    await house.people.register("Anna", password, HERE)
    person = await house.people.log_in("Anna", password, HERE)
    session = await house.people.open_session(person)
    told = [repr(person), str(person)]
    monkeypatch.setattr(hashing_module, "_verify", lambda hashed, form: 1 / 0)
    for way in (
        house.people.log_in("Anna", password, HERE),
        house.people.log_in("Anna", f"{password}\ud800", HERE),
        house.people.register("Anna", password, HERE),
        house.people.by_session(f"{session}x", HERE),
    ):
        try:
            await way
        except (WrongPassword, Refused, ZeroDivisionError) as error:
            told += traceback.format_exception(error)
    told += [record.getMessage() + str(vars(record)) for record in caplog.records]
    assert len(told) > 5
    for secret in (password, session, person.password or "?"):
        assert not [one for one in told if secret in one]


async def test_a_database_that_cannot_be_asked_charges_nobody(tmp_path: Path) -> None:
    limits = replace(Limits(), registrations=1)
    async with open_house(tmp_path, limits) as house:
        await house.people.register("Anna", GOOD, "there")
        storage: Any = house.storage
        asked = storage.login, storage.account_like
        storage.login = storage.account_like = _not_stored
        for _ in range(30):
            for work in (house.people.log_in, house.people.register):
                with pytest.raises(NotStored):
                    await work("Anna", GOOD, HERE)
        storage.login, storage.account_like = asked
        await house.people.log_in("Anna", GOOD, HERE)
        await house.people.register("Boris", GOOD, HERE)


async def _not_stored(key: object) -> None:
    raise NotStored("the database cannot be asked now")
