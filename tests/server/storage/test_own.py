"""What is kept of an account, told to whoever it belongs to: all of it, and nothing of anybody else."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from minechat.errors import Refused
from minechat.server.keys import keys_of
from minechat.server.storage import AccountRow, Ban, Candidate, Deed, RoomKind, Sanction
from tests.server.storage.keeping import NOW, Home, home
from tests.server.storage.test_orders import proof


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Home]:
    async with home(tmp_path) as made:
        yield made


async def everything(house: Home, who: AccountRow, most: int = 100) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    after: str | None = ""
    while after is not None:
        entries, after = await house.storage.own_data(who.id, after, most)
        assert len(entries) <= most
        assert len(json.dumps(entries, ensure_ascii=False).encode()) < 64 << 10
        found += entries
    return found


async def furnish(house: Home) -> tuple[AccountRow, AccountRow]:
    """Anna, who has one of everything, and Boris, whom she blocks."""
    anna, boris = [await house.account(name) for name in ("Anna", "Boris")]
    storage = house.storage
    club = await storage.add_room(
        "club", keys_of("club"), RoomKind.INVITE, "", anna.id, Deed(NOW, "create", "", "", "club", "Anna")
    )
    assert club is not None
    general = (await house.general()).id
    await storage.add_session(anna.id, proof("session"), 20)
    await storage.set_password(anna.id, None, "a hash", proof("session"), None)
    for kind in ("mute", "ban"):
        await storage.add_sanction(general, Sanction(anna.id, kind, NOW + 60, "noise", "Boris", NOW), None)
    await storage.add_ban(Ban(anna.id, None, None, "worse", NOW), Deed(NOW, "ban", "Anna", "for ever"))
    await storage.add_invitation(general, anna.id, "Boris", None)
    await storage.set_block(anna.id, boris.id, True)
    talk = (await storage.conversation(anna.id, boris.id)).name
    await house.say(anna, "general", "in general")
    await house.say(anna, "club", "in the club")
    await house.say(boris, "general", "of another")
    await house.say(anna, talk, "to Boris", hidden=True)
    await house.say(boris, talk, "to Anna")
    await house.say(boris, talk, "never to be seen", hidden=True)
    return anna, boris


async def test_who_shares_a_name_with_strangers_hears_nothing_of_their_deeds(house: Home) -> None:
    nameless = [Candidate("Dandy", "", "Dandy ", None)]
    one, two = [await house.storage.add_account(lambda: iter(nameless), proof(who)) for who in ("1", "2")]
    deed = Deed(NOW, "create", "", "invite", "our secret club", two.name)
    await house.storage.add_room(
        "our secret club", keys_of("our secret club"), RoomKind.INVITE, "", two.id, deed
    )
    assert [entry["kind"] for entry in await everything(house, one)] == ["account"]
    assert [entry["kind"] for entry in await everything(house, two)] == [
        "account",
        "membership",
        "room_made",
    ]


async def test_however_many_ask_at_once_one_look_is_taken_at_a_time(
    house: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna, _ = await furnish(house)
    look, under_way, most = house.storage._look, 0, 0  # type: ignore[attr-defined]

    async def counted(work: object) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await look(work)
        finally:
            under_way -= 1

    monkeypatch.setattr(house.storage, "_look", counted)
    pages = await asyncio.gather(*(house.storage.own_data(anna.id, "", 100) for _ in range(10)))
    assert most == 1
    assert len({len(entries) for entries, _ in pages}) == 1


async def test_all_that_is_kept_is_told_and_no_secret(house: Home) -> None:
    anna, _ = await furnish(house)
    found = await everything(house, anna)
    assert [one["kind"] for one in found] == [
        *("account", "session", "membership", "room_made", "sanction", "sanction", "sanction"),
        *("invitation", "block", "message", "message", "private_message", "private_message", "deed", "deed"),
    ]
    assert found[0] == {"kind": "account", "username": "Anna", "time": NOW, "password": True}
    assert [one["text"] for one in found if "text" in one] == [
        "in general",
        "in the club",
        "to Boris",
        "to Anna",
    ]
    (told,) = [one for one in found if one.get("text") == "to Anna"]
    assert told == {
        "kind": "private_message",
        "from": "Boris",
        "to": "Anna",
        "number": 2,
        "time": NOW,
        "text": "to Anna",
    }
    text = json.dumps(found)
    assert "hidden" not in text and "a hash" not in text and proof("session").hex() not in text


async def test_it_is_the_same_in_pages_of_any_size(house: Home) -> None:
    for who in await furnish(house):
        whole = await everything(house, who)
        for most in (1, 2, 3, 7):
            assert await everything(house, who, most) == whole


async def test_a_page_fits_in_a_frame_whatever_is_in_it(house: Home) -> None:
    anna = await house.account("Anna")
    texts = [char * 4096 for char in "x\x01\U0001f600я"] * 10
    await house.say(anna, "general", *texts)
    found = await everything(house, anna)
    assert [one["text"] for one in found if one["kind"] == "message"] == texts


async def test_deeds_of_an_earlier_bearer_of_the_name_are_not_told(house: Home) -> None:
    await house.storage.write_deed(Deed(NOW - 1, "ban", "Anna", "another one"))
    assert [one["kind"] for one in await everything(house, await house.account("Anna"))] == ["account"]


async def test_nobody_has_nothing(house: Home) -> None:
    assert await house.storage.own_data(99, "", 10) == ([], None)


@pytest.mark.parametrize(
    "after",
    ["x", "1", "1.2", "1.2.3.4", "99.0.0", "-1.0.0", "1.2.", "1.-.2", "0.0.9" + "9" * 30, "٣.٣.٣", "1.2.3\n"],
)
async def test_a_page_that_never_was_is_refused(house: Home, after: str) -> None:
    with pytest.raises(Refused) as caught:
        await house.storage.own_data(1, after, 10)
    assert caught.value.code == "bad_frame"
