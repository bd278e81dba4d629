"""Orders: exactly those of the table with exactly their fields; lists in pages that fit into an answer."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.errors import InvalidInput, MinechatError
from minechat.server.accounts import Accounts
from minechat.server.orders import LONGEST_BAN, ORDERS, PAGE, obey, parse
from minechat.server.owner import Owner
from minechat.server.storage import Deed, open_storage

#: For each order its fields, as they may be.
GOOD = {
    "list": {"what": "accounts", "after": 0},
    "ban": {"whom": "Brave Вася", "seconds": 60, "reason": "flooding"},
    "unban": {"whom": "192.0.2.7"},
    "rename": {"nick": "Brave Вася", "to": "Basil"},
    "token": {"nick": "#1"},
    "password": {"nick": "#1"},
    "role": {"nick": "#1", "room": "general", "role": "moderator"},
    "announce": {"text": "hello"},
    "figures": {},
}


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    async with open_storage(f"sqlite:///{tmp_path}/a.db", on_committed=lambda _: None) as storage:
        yield Owner(storage)


def line(order: object) -> bytes:
    return json.dumps(order).encode()


def test_every_order_of_the_table_is_understood() -> None:
    assert GOOD.keys() == ORDERS.keys()
    for name, fields in GOOD.items():
        assert parse(line({"order": name, **fields})) == (name, fields)


@pytest.mark.parametrize("name", GOOD)
def test_a_field_too_many_or_too_few_is_refused(name: str) -> None:
    fields = GOOD[name]
    with pytest.raises(InvalidInput, match=name):
        parse(line({"order": name, **fields, "uid": 0}))
    for missing in fields:
        with pytest.raises(InvalidInput, match=missing):
            parse(line({"order": name, **{field: fields[field] for field in fields if field != missing}}))


BAD = {
    "what": ["", "accounts ", "messages", 1, None, ["accounts"]],
    "after": [-1, 1.0, True, None, "0", 1 << 62],
    "whom": ["", "x" * 101, 7, None, "a\0", "\ud800", ["x"]],
    "seconds": [0, -1, True, "60", LONGEST_BAN * 2, [1]],
    "reason": ["x" * 201, None, 1, "\udfff", "two\nlines", "\x1b[2J", "\u202e"],
    "room": ["", None, "x" * 101],
    "role": ["", None, "admin", 2],
    "nick": ["", None, "x" * 101],
    "to": ["", None, {"x": 1}],
    "text": ["", None, "x" * 4097],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_field_that_cannot_be_is_refused_by_its_name(name: str) -> None:
    for field in GOOD[name]:
        for value in BAD[field]:
            with pytest.raises(InvalidInput, match=f"{field} of {name} must be"):
                parse(line({"order": name, **GOOD[name], field: value}))


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"\n",
        b"null",
        b"[]",
        b'"ban"',
        b"{",
        b"{}",
        b'{"order":null}',
        b'{"order":"shutdown"}',
        b'{"order":["list"]}',
        b'{"order":"unban","order":"unban","whom":"x"}',
        b'{"order":"unban","whom":"x","whom":"y"}',
        b'{"order":"ban","whom":"x","seconds":NaN,"reason":""}',
        b'{"order":"ban","whom":"x","seconds":1e999,"reason":""}',
        b'{"order":"list","what":"bans","after":' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b'{"order":"unban","whom":"\xff"}',
        b"GET / HTTP/1.1",
        b"\x00" * 100,
    ],
)
def test_what_is_no_order_is_refused_in_one_line(written: bytes) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(written)
    assert str(caught.value).isprintable()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(list(GOOD)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
fields = st.sampled_from(["order", *BAD])


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(fields, values, max_size=5))
def test_whatever_comes_is_an_order_of_the_table_or_refused(order: dict[str, object]) -> None:
    try:
        name, checked = parse(line(order))
    except InvalidInput:
        return
    assert checked.keys() == ORDERS[name].fields.keys()


async def test_orders_for_a_running_server_are_refused_without_one(owner: Owner) -> None:
    for name in ("announce", "figures"):
        with pytest.raises(InvalidInput, match="no server runs"):
            await obey(owner, name, GOOD[name])


async def listed(owner: Owner, what: str) -> tuple[list[dict[str, object]], int]:
    """All entries of a list, and the longest answer with a page of them."""
    entries, after, longest = [], 0, 0
    while after is not None:
        answer = await obey(owner, "list", {"what": what, "after": after})
        longest = max(longest, len(json.dumps(answer, ensure_ascii=False).encode()))
        entries += answer["entries"]
        after = answer["after"]
    return entries, longest


@pytest.mark.parametrize("count", [0, 1, PAGE, PAGE + 1, 2 * PAGE + 3])
async def test_each_entry_of_a_list_comes_once_and_pages_fit(owner: Owner, count: int) -> None:
    accounts = Accounts(owner.storage, registrations=lambda _: None)
    for number in range(count):
        await accounts.register(f"{'я' * 28}{number}", "here")
        await owner.ban(f"#{number + 1}", None, "𠀀" * 200)
    people, longest_page = await listed(owner, "accounts")
    assert [one["number"] for one in people] == list(range(1, count + 1))
    bans, longest_bans = await listed(owner, "bans")
    assert [one["number"] for one in bans] == list(range(1, count + 1))
    assert [one["whom"] for one in bans] == [one["nickname"] for one in people]
    deeds, longest_deeds = await listed(owner, "audit")
    assert [one["whom"] for one in deeds] == [one["nickname"] for one in reversed(people)]
    assert max(longest_page, longest_bans, longest_deeds) < 64 * 1024 - 100


async def test_the_longest_deeds_fit_into_answers(owner: Owner) -> None:
    for _ in range(25):
        await owner.storage.write_deed(Deed(1e9, "announce", "𠀀" * 45, "𠀀" * 1000))
    deeds, longest = await listed(owner, "audit")
    assert len(deeds) == 25 and longest < 64 * 1024 - 100


async def test_a_refusal_changes_nothing_and_writes_nothing(owner: Owner) -> None:
    for name in ("ban", "unban", "rename", "token", "password", "role"):
        with pytest.raises(MinechatError):
            await obey(owner, name, {**GOOD[name], **({"whom": "nobody"} if "whom" in GOOD[name] else {})})
    assert await owner.storage.deeds(10) == []
