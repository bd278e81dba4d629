"""The owner's orders: a table of what each one takes and does; what has no row is not an order."""

import json
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minechat.errors import InvalidInput
from minechat.server import addresses
from minechat.server.appointing import ROLES
from minechat.server.owner import Owner
from minechat.server.storage import Ban
from minechat.text import safe

#: An answer holds so many accounts or bans at most, or deeds, and then fits into a line of 64 KiB.
PAGE, PAGE_OF_DEEDS = 50, 10
#: Deeds that the list reaches back.
DEEDS = 1000
#: Characters of a name or an address, and of a reason.
NAME, REASON = 100, 200
#: Seconds of the longest ban with an end: some three thousand years.
LONGEST_BAN = 1e11

Answer = dict[str, Any]
#: What a field of an order may hold; raises ValueError, whose words say what it must be.
Check = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Order:
    """One row of the table.

    :param fields: what the order must hold besides its name, each with its check; nothing more
    :param obey: carries it out, with the fields as arguments
    :param running: whether only a running server can
    :param changes: whether it does more than look
    """

    fields: Mapping[str, Check]
    obey: Callable[..., Awaitable[Answer]]
    running: bool = False
    changes: bool = True


def parse(line: bytes) -> tuple[str, dict[str, Any]]:
    """An order from its line, checked: its name and its fields.

    :raises InvalidInput: it is not one JSON object, not in the table, or its fields are not those of its row
    """
    try:
        order = json.loads(line, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise InvalidInput("an order is one JSON object on a line") from None
    if not isinstance(order, dict):
        raise InvalidInput("an order is one JSON object on a line")
    name = order.pop("order", None)
    if not isinstance(name, str) or name not in ORDERS:
        raise InvalidInput(f"the orders are {', '.join(ORDERS)}")
    return name, _checked(name, order)


async def obey(owner: Owner, name: str, fields: Mapping[str, Any]) -> Answer:
    """Carries out an order.

    :raises InvalidInput: it cannot be done as it stands; nothing was changed
    :raises NotStored: the database could not keep it; nothing was changed
    :raises Refused: the server has no time for it now; nothing was changed
    """
    if ORDERS[name].running and owner.hub is None:
        raise InvalidInput("no server runs on this database")
    return await ORDERS[name].obey(owner, **fields)


def _checked(name: str, given: Mapping[str, Any]) -> dict[str, Any]:
    fields = ORDERS[name].fields
    if given.keys() != fields.keys():
        raise InvalidInput(f"{name} takes {', '.join(fields) or 'no fields'}")
    checked = {}
    for field, check in fields.items():
        try:
            checked[field] = check(given[field])
        except ValueError as problem:
            raise InvalidInput(f"{field} of {name} must be {problem}") from None
    return checked


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("a key stands twice")
    return keys


def _no_constant(name: str) -> None:
    raise ValueError(name)


# What a field may hold.


def _text(least: int, most: int) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or not least <= len(value) <= most or not _is_text(value):
            raise ValueError(f"a text of {least} to {most} characters")
        return value

    return check


def _reason(value: Any) -> str:
    """What the banned are told: on one line of the wire, and of the log."""
    if not isinstance(value, str) or len(value) > REASON or safe(value) != value:
        raise ValueError(f"one line of at most {REASON} characters that can all be seen")
    return value


def _is_text(value: str) -> bool:
    """False where half a letter or NUL is in it, which no encoder or database takes."""
    return "\0" not in value and value.encode("utf-8", "replace").decode() == value


def _one_of(*choices: str) -> Check:
    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise ValueError("one of " + ", ".join(choices))
        return value

    return check


def _count(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 1 << 62:
        raise ValueError("a whole number")
    return value


def _span(value: Any) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, float) or not 0 < value <= LONGEST_BAN or not math.isfinite(value):
        raise ValueError("a number of seconds, or null for ever")
    return float(value)


# What they do.


async def _list(owner: Owner, what: str, after: int) -> Answer:
    entries, following = await _LISTS[what](owner, after)
    return {"entries": entries, "after": following}


async def _accounts(owner: Owner, after: int) -> tuple[list[Answer], int | None]:
    """A page of accounts: those with numbers above ``after``, and the number to go on behind."""
    page = await owner.storage.accounts(after, PAGE)
    entries = [
        {
            "number": one.id,
            "nickname": one.name,
            "created": one.created_at,
            "last_said": one.last_said_at,
            "messages": one.messages,
        }
        for one in page
    ]
    return entries, page[-1].id if len(page) == PAGE else None


async def _bans(owner: Owner, after: int) -> tuple[list[Answer], int | None]:
    bans = await owner.storage.bans()
    entries = [await _ban_entry(owner, ban) for ban in bans[after : after + PAGE]]
    return entries, after + PAGE if len(bans) > after + PAGE else None


async def _ban_entry(owner: Owner, ban: Ban) -> Answer:
    name = ban.source
    if ban.account_id is not None:
        account = await owner.storage.account(ban.account_id)
        name = account.name if account is not None else f"#{ban.account_id}"
    return {"whom": name, "number": ban.account_id, "at": ban.at, "until": ban.until, "reason": ban.reason}


async def _audit(owner: Owner, after: int) -> tuple[list[Answer], int | None]:
    deeds = await owner.storage.deeds(DEEDS)
    entries = [
        {"at": one.at, "what": one.what, "whom": one.whom, "detail": one.detail}
        for one in deeds[after : after + PAGE_OF_DEEDS]
    ]
    following = after + PAGE_OF_DEEDS
    return entries, following if len(deeds) > following else None


_LISTS = {"accounts": _accounts, "bans": _bans, "audit": _audit}


async def _ban(owner: Owner, whom: str, seconds: float | None, reason: str) -> Answer:
    target, ban, closed = await owner.ban(whom, seconds, reason)
    loopback = target.source is not None and addresses.is_loopback(target.source)
    return {"whom": target.name, "until": ban.until, "closed": closed, "loopback": loopback}


async def _unban(owner: Owner, whom: str) -> Answer:
    return {"whom": (await owner.unban(whom)).name}


async def _rename(owner: Owner, nick: str, to: str) -> Answer:
    account, closed = await owner.rename(nick, to)
    return {"was": account.name, "nickname": to, "closed": closed}


async def _token(owner: Owner, nick: str) -> Answer:
    account, token, closed = await owner.renew(nick)
    return {"nickname": account.name, "token": token, "closed": closed}


async def _password(owner: Owner, nick: str) -> Answer:
    account, password, closed = await owner.reset_password(nick)
    return {"nickname": account.name, "password": password, "closed": closed}


async def _role(owner: Owner, nick: str, room: str, role: str) -> Answer:
    account, name = await owner.appoint(nick, room, ROLES[role])
    return {"nickname": account.name, "room": name, "role": role}


async def _announce(owner: Owner, text: str) -> Answer:
    return {"text": await owner.announce(text)}


async def _figures(owner: Owner) -> Answer:
    assert owner.look is not None
    return owner.look()


_NICK = _text(1, NAME)

ORDERS: dict[str, Order] = {
    "list": Order({"what": _one_of(*_LISTS), "after": _count}, _list, changes=False),
    "ban": Order({"whom": _NICK, "seconds": _span, "reason": _reason}, _ban),
    "unban": Order({"whom": _NICK}, _unban),
    "rename": Order({"nick": _NICK, "to": _NICK}, _rename),
    "token": Order({"nick": _NICK}, _token),
    "password": Order({"nick": _NICK}, _password),
    "role": Order({"nick": _NICK, "room": _NICK, "role": _one_of(*ROLES)}, _role),
    "announce": Order({"text": _text(1, 4096)}, _announce, running=True),
    "figures": Order({}, _figures, running=True, changes=False),
}
