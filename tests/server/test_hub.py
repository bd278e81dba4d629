"""The hub: who is barred, whose token counts, and that an order wins against every login under way."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from minechat.errors import Refused
from minechat.server.accounts import Accounts, Registered
from minechat.server.audience import Audience
from minechat.server.bans import Bans
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.limits import AccountBudgets
from minechat.server.owner import Owner
from minechat.server.settings import Limits
from minechat.server.storage import AccountRow, Storage, open_storage
from tests.server.people import people

NOBODYS = "4895e77b-6732-41ce-8c7c-5895a5a3ea6f"


class House:
    """A hub on a real database, and its owner."""

    def __init__(self, storage: Storage, bans: Bans, limits: Limits) -> None:
        accounts = Accounts(storage, registrations=lambda _: None, random=Random(7))
        audience = Audience(limits, Figures())
        budgets = AccountBudgets(limits)
        credentials = people(storage, accounts, limits, bans=bans)
        self.hub = Hub(storage, accounts, audience, budgets, bans=bans, people=credentials)
        self.owner = Owner(storage, self.hub)
        self.closed: list[str] = []

    async def eva(self) -> Registered:
        return await self.hub.register("Eva", "here")

    async def log_in(self, token: str) -> bool:
        """Logs in as a door does, and stays; False when the token is nobody's."""
        person = await self.hub.know(token, "here")
        if person is None:
            return False
        assert person.id is not None
        self.hub.attach(person.id, lambda reason: self.closed.append(str(reason)))
        return True


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None) as storage:
        yield House(storage, Bans(), Limits(wrong_tokens=None))


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_new_token_ends_the_visits_of_the_old_one(house: House) -> None:
    eva = await house.eva()
    assert await house.log_in(eva.token) and await house.log_in(eva.token)
    _, token, closed = await house.owner.renew(eva.person.name)
    assert closed == 2
    assert house.closed == ["your token was replaced"] * 2
    assert not await house.log_in(eva.token)
    assert await house.log_in(token)


async def test_no_login_with_an_old_token_slips_past_its_end(house: House) -> None:
    eva = await house.eva()
    token = eva.token
    for delay in range(60):
        house.closed.clear()
        number = f"#{eva.person.id}"

        async def late_login(token: str = token, delay: int = delay) -> bool:
            await turns(delay)
            return await house.log_in(token)

        (_, new, _), came_in = await asyncio.gather(house.owner.renew(number), late_login())
        assert house.closed == ["your token was replaced"] * came_in, f"after {delay} turns"
        token = new


async def test_what_the_database_said_before_an_order_does_not_count_after_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    eva = await house.eva()
    read = house.owner.storage.account_by_token
    answered, arrives = asyncio.Event(), asyncio.Event()

    async def late(token_hash: bytes) -> AccountRow | None:
        row = await read(token_hash)
        answered.set()
        await arrives.wait()
        return row

    monkeypatch.setattr(house.owner.storage, "account_by_token", late)
    login = asyncio.create_task(house.log_in(eva.token))
    await answered.wait()
    await house.owner.renew(eva.person.name)
    arrives.set()
    assert not await login


async def test_no_login_slips_past_a_ban(house: House) -> None:
    eva = await house.eva()
    for delay in range(60):
        house.closed.clear()

        async def late_login(delay: int = delay) -> bool:
            await turns(delay)
            try:
                return await house.log_in(eva.token)
            except Refused:
                return False

        _, came_in = await asyncio.gather(house.owner.ban(f"#{eva.person.id}", None, ""), late_login())
        assert house.closed == ["you are banned"] * came_in, f"after {delay} turns"
        await house.owner.unban(f"#{eva.person.id}")


async def test_the_banned_neither_log_in_nor_speak(house: House) -> None:
    eva = await house.eva()
    await house.owner.ban(eva.person.name, 60, "flooding")
    with pytest.raises(Refused, match="you are banned: flooding") as caught:
        await house.log_in(eva.token)
    assert caught.value.retry_after is not None and 59 < caught.value.retry_after <= 60
    with pytest.raises(Refused, match="you are banned: flooding"):
        await house.hub.say(eva.person, "let me in")
    await house.owner.unban(eva.person.name)
    assert await house.log_in(eva.token)
    assert (await house.hub.say(eva.person, "thanks")).seq == 1


async def test_an_address_is_barred_and_let_in_again(house: House) -> None:
    await house.owner.ban("2001:db8::7", None, "noise")
    refusal = house.hub.barred("2001:db8::/64")
    assert refusal is not None and str(refusal) == "you are banned: noise"
    assert house.hub.barred("2001:db8:0:1::/64") is None
    await house.owner.unban("2001:db8::8")
    assert house.hub.barred("2001:db8::/64") is None


async def test_a_ban_of_an_address_closes_its_connections(house: House) -> None:
    for source in ("192.0.2.7", "192.0.2.8"):
        house.hub.attach(None, lambda reason: house.closed.append(str(reason)), source=source)
    _, _, closed = await house.owner.ban("192.0.2.7", None, "")
    assert closed == 1 and house.closed == ["you are banned"]


async def test_bans_hold_after_a_restart_and_end_by_the_wall_clock(tmp_path: Path) -> None:
    url, now = f"sqlite:///{tmp_path}/a.db", [1000.0]
    async with open_storage(url, on_committed=lambda _: None, clock=lambda: now[0]) as storage:
        await Owner(storage, clock=lambda: now[0]).ban("192.0.2.7", 60, "")
        await Owner(storage, clock=lambda: now[0]).ban("192.0.2.8", None, "")
    for later, held in ((59.0, True), (60.0, False)):
        now[0] = 1000.0 + later
        async with open_storage(url, on_committed=lambda _: None, clock=lambda: now[0]) as storage:
            bans = Bans(await storage.bans(), clock=lambda: now[0])
            hub = House(storage, bans, Limits()).hub
            assert (hub.barred("192.0.2.7") is not None) is held
            assert hub.barred("192.0.2.8") is not None


async def test_renaming_ends_visits_so_that_they_begin_again_under_the_new_name(house: House) -> None:
    eva = await house.eva()
    await house.log_in(eva.token)
    await house.owner.rename(eva.person.name, "Evangelina")
    assert house.closed == ["your nickname is now Evangelina"]
    person = await house.hub.know(eva.token, "here")
    assert person is not None and person.name == "Evangelina"


async def test_tokens_that_nobody_has_are_budgeted_and_real_ones_are_not(tmp_path: Path) -> None:
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None) as storage:
        house = House(storage, Bans(), Limits(wrong_tokens=3))
        eva = await house.eva()
        for _ in range(10):
            assert await house.log_in(eva.token)
        for _ in range(3):
            assert await house.hub.know(NOBODYS, "there") is None
        with pytest.raises(Refused) as caught:
            await house.hub.know(eva.token, "there")
        assert caught.value.retry_after is not None
        assert await house.log_in(eva.token)
