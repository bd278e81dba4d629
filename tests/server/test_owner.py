"""The owner's orders on a database: what changes, what is refused, and that each is written down."""

from collections.abc import AsyncIterator
from dataclasses import astuple
from pathlib import Path
from random import Random

import pytest

from minechat.errors import InvalidInput
from minechat.server.accounts import Accounts, Person
from minechat.server.hashing import Hashing
from minechat.server.owner import Owner
from minechat.server.settings import Limits
from minechat.server.storage import Storage, open_storage
from tests.server.people import cheap_hashes

NOW = 1_800_000_000.0


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[Storage]:
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None) as storage:
        yield storage


@pytest.fixture
def accounts(storage: Storage) -> Accounts:
    return Accounts(storage, registrations=lambda _: None, random=Random(7))


@pytest.fixture
def owner(storage: Storage) -> Owner:
    return Owner(storage, clock=lambda: NOW)


async def registered(accounts: Accounts, nick: str) -> tuple[Person, str]:
    one = await accounts.register(nick, "here")
    return one.person, one.token


async def written(owner: Owner) -> list[tuple[object, ...]]:
    """The audit table, the oldest first."""
    return [astuple(deed)[1:4] for deed in reversed(await owner.storage.deeds(100))]


async def test_an_account_is_found_as_it_is_shown_by_its_key_and_by_its_number(
    accounts: Accounts, owner: Owner
) -> None:
    person, _ = await registered(accounts, "Вася")
    epithet = person.name.split()[0]
    for whom in (person.name, f"{epithet}_Вася".upper(), f"#{person.id}"):
        target, _, _ = await owner.ban(whom, None, "")
        assert target.account is not None
        assert (target.account.id, target.name) == (person.id, person.name)


@pytest.mark.parametrize("whom", ["nobody", "", "#99", "#", "Вася"])
async def test_who_is_not_there_is_named(accounts: Accounts, owner: Owner, whom: str) -> None:
    await registered(accounts, "Вася")
    for order in (
        owner.ban(whom, None, ""),
        owner.unban(whom),
        owner.rename(whom, "X"),
        owner.renew(whom),
        owner.reset_password(whom),
    ):
        with pytest.raises(InvalidInput, match="nobody is called"):
            await order
    assert await written(owner) == []


async def test_a_network_is_said_to_be_one(accounts: Accounts, owner: Owner) -> None:
    for order in (owner.ban("192.0.2.0/24", None, ""), owner.unban("2001:db8::/32")):
        with pytest.raises(InvalidInput, match="is a network; an order is about one address"):
            await order
    assert await written(owner) == []


async def test_a_ban_is_kept_with_its_end_and_its_reason(accounts: Accounts, owner: Owner) -> None:
    person, _ = await registered(accounts, "Вася")
    await owner.ban(person.name, 60, "flooding")
    await owner.ban("2001:db8::7", None, "")
    bans = await owner.storage.bans()
    assert [astuple(ban) for ban in bans] == [
        (person.id, None, NOW + 60, "flooding", NOW),
        (None, "2001:db8::/64", None, "", NOW),
    ]
    assert await written(owner) == [
        ("ban", person.name, "until 2027-01-15T08:01:00Z: flooding"),
        ("ban", "2001:db8::/64", "for ever"),
    ]


async def test_a_deed_tells_first_who_gave_the_order(accounts: Accounts, owner: Owner) -> None:
    person, _ = await registered(accounts, "Вася")
    ordered = owner.ordered_by("uid 1000")
    await ordered.ban(person.name, None, "; by root")
    await ordered.renew(person.name)
    assert await written(owner) == [
        ("ban", person.name, "by uid 1000: for ever: ; by root"),
        ("token", person.name, "by uid 1000"),
    ]


async def test_a_second_ban_takes_the_place_of_the_first(accounts: Accounts, owner: Owner) -> None:
    for seconds in (60, 3600):
        await owner.ban("192.0.2.7", seconds, f"{seconds}")
    (ban,) = await owner.storage.bans()
    assert (ban.until, ban.reason) == (NOW + 3600, "3600")


async def test_a_ban_is_lifted_once(accounts: Accounts, owner: Owner) -> None:
    person, _ = await registered(accounts, "Вася")
    await owner.ban(person.name, None, "")
    assert (await owner.unban(person.name)).name == person.name
    assert await owner.storage.bans() == []
    with pytest.raises(InvalidInput, match="is not banned"):
        await owner.unban(person.name)
    with pytest.raises(InvalidInput, match="is not banned"):
        await owner.unban("192.0.2.7")
    assert [what for what, *_ in await written(owner)] == ["ban", "unban"]


async def test_a_new_token_ends_the_old_one(accounts: Accounts, owner: Owner) -> None:
    person, old = await registered(accounts, "Вася")
    assert person.id is not None
    await owner.storage.add_session(person.id, b"session", 20)
    account, token, _ = await owner.renew(person.name)
    assert account.name == person.name
    assert not await owner.storage.has_session(person.id)
    assert await accounts.know(old) is None
    known = await accounts.know(token)
    assert known is not None and known.id == person.id
    assert await written(owner) == [("token", person.name, "")]


async def test_a_password_made_by_chance_is_set_without_a_server(accounts: Accounts, owner: Owner) -> None:
    person, token = await registered(accounts, "Вася")
    with cheap_hashes():
        for _ in range(2):  # one for an account that never had any, and another
            account, password, closed = await owner.ordered_by("uid 1000").reset_password(person.name)
            assert (account.id, account.name, closed) == (person.id, person.name, 0)
            async with Hashing(Limits()) as hashing:
                login = await owner.storage.login_by_id(account.id)
                assert login is not None and await hashing.verify(login.password, password)
    known = await accounts.know(token)
    assert known is not None and known.id == person.id
    assert await written(owner) == [("password", person.name, "by uid 1000")] * 2


async def test_who_has_no_name_to_log_in_by_gets_a_password_with_a_name(
    accounts: Accounts, owner: Owner
) -> None:
    nameless = await accounts.keep((await accounts.register("", "here")).person)
    with pytest.raises(InvalidInput, match=r"no name of its own .* rename"):
        await owner.reset_password(f"#{nameless.id}")
    assert await written(owner) == []
    await owner.rename(f"#{nameless.id}", "Basil")
    with cheap_hashes():
        account, _, _ = await owner.reset_password("basil")
    assert account.name == "Basil"


async def test_an_account_gets_exactly_the_name_it_is_given(accounts: Accounts, owner: Owner) -> None:
    person, token = await registered(accounts, "Вася")
    was, _ = await owner.rename(person.name, "Basil the Great")
    assert was.name == person.name
    known = await accounts.know(token)
    assert known is not None and (known.id, known.name) == (person.id, "Basil the Great")
    assert await written(owner) == [("rename", person.name, "to Basil the Great")]
    await owner.rename("basil THE great", "Basil The Great")  # another writing of its own name


@pytest.mark.parametrize("to", ["Brave Boba", "BRAVE BОBA", "brave_boba", "Ｂrave Ｂoba"])
async def test_a_name_that_another_has_or_that_looks_like_it_is_refused(
    accounts: Accounts, owner: Owner, to: str
) -> None:
    first, _ = await registered(accounts, "Вася")
    second, token = await registered(accounts, "Боба")
    await owner.rename(first.name, "Brave Boba")
    with pytest.raises(InvalidInput) as caught:
        await owner.rename(second.name, to)
    assert "Brave Boba" in str(caught.value) or "cannot be a nickname" in str(caught.value)
    known = await accounts.know(token)
    assert known is not None and known.name == second.name
    assert len(await written(owner)) == 1


@pytest.mark.parametrize(
    ("to", "problem"),
    [
        ("", "something else"),
        (" Basil", "'Basil' could be one"),
        ("Server: hello", "'Server_ hello' could be one"),
        ("a\x1b[2J", "could be one"),
        ("Ba\u202esil", "'Basil' could be one"),
        ("Баsil", "could be one"),
        ("x" * 33, "could be one"),
        ("___", "something else"),
        ("192.0.2.7", "something else"),
        ("#17", "something else"),
        ("Server", "official"),
        ("Sеrvеr".translate({ord("е"): "e"}), "official"),
        ("Brave Admin", "official"),
        ("администратор", "official"),
    ],
)
async def test_what_cannot_be_a_nickname_is_refused(
    accounts: Accounts, owner: Owner, to: str, problem: str
) -> None:
    person, _ = await registered(accounts, "Вася")
    with pytest.raises(InvalidInput, match=problem):
        await owner.rename(person.name, to)
    assert await written(owner) == []


async def test_the_names_of_the_characters_are_theirs(accounts: Accounts, owner: Owner) -> None:
    from minechat.server import dialogues

    person, _ = await registered(accounts, "Вася")
    for name in {name for script in dialogues.load() for name in script.cast}:
        with pytest.raises(InvalidInput, match="character"):
            await owner.rename(person.name, name)


async def test_nobody_hears_an_announcement_without_a_server(owner: Owner) -> None:
    with pytest.raises(InvalidInput, match="no server runs"):
        await owner.announce("hello")
    assert await written(owner) == []
