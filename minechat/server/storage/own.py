"""Everything that is kept of one account, page by page, for whoever it belongs to."""

import json
import sqlite3
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from minechat.errors import Refused
from minechat.server.rights import Role
from minechat.server.storage import statements
from minechat.server.storage.asked import Asked, seconds
from minechat.server.storage.rows import RoomKind

#: Bytes of JSON on one page; a frame has room for that and what it needs itself.
PAGE = 48 << 10

Entry = dict[str, object]


class OwnData(Asked):
    """The part of a ``Storage`` that tells people what is kept of them."""

    async def own_data(self, account_id: int, after: str, most: int) -> tuple[Sequence[Entry], str | None]:
        position = _position(after)
        return await self._look_in_turn(lambda connection: page(connection, account_id, position, most))


class Section(NamedTuple):
    """One kind of entry: its rows, each led by the two numbers that order them, and what they become."""

    sql: str
    entry: Callable[[Sequence[Any]], Entry]


def page(
    connection: sqlite3.Connection, account_id: int, position: tuple[int, int, int], most: int
) -> tuple[Sequence[Entry], str | None]:
    """Entries of an account, those that follow a position: a section and two numbers in it."""
    entries: list[Entry] = []
    size = 0
    first = position[0]
    for number, section in enumerate(SECTIONS[first:], first):
        if number > first:
            position = (number, -1, -1)
        for row in connection.execute(section.sql, (account_id, *position[1:], max(1, most) + 1)):
            entry = section.entry(row[2:])
            size += json_size(entry)
            if entries and (len(entries) >= most or size > PAGE):
                return entries, "{}.{}.{}".format(*position)
            entries.append(entry)
            position = (number, row[0], row[1])
    return entries, None


def json_size(value: object) -> int:
    """Bytes of a value as JSON in UTF-8."""
    return len(json.dumps(value, ensure_ascii=False).encode())


def _position(after: str) -> tuple[int, int, int]:
    if not after:
        return 0, -1, -1
    numbers = [number for number in map(_number, after.split(".", 2)) if number is not None]
    if len(numbers) != 3 or numbers[0] not in range(len(SECTIONS)):
        raise Refused("that is no page of one's own data", code="bad_frame")
    return numbers[0], numbers[1], numbers[2]


def _number(text: str) -> int | None:
    """A number that a page ended with: at most 18 digits, which SQLite can hold."""
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= 18 else None


def _account(row: Sequence[Any]) -> Entry:
    name, created_at, has_password = row
    return {
        "kind": "account",
        "username": name,
        "time": seconds(created_at),
        "password": bool(has_password),
    }


def _message(row: Sequence[Any]) -> Entry:
    room, kind, seq, said_at, text, author, other = row
    where: Entry = {"kind": "message", "room": room}
    if kind == RoomKind.PRIVATE.value:
        where = {"kind": "private_message", "from": author, "to": other}
    return {**where, "number": seq, "time": seconds(said_at), "text": text}


def _deed(row: Sequence[Any]) -> Entry:
    at, what, whom, detail, room, by = row
    return {
        "kind": "deed",
        "time": seconds(at),
        "what": what,
        "username": whom,
        "detail": detail,
        "room": room,
        "by": by,
    }


def _session(row: Sequence[Any]) -> Entry:
    return {"kind": "session", "time": seconds(row[0])}


def _membership(row: Sequence[Any]) -> Entry:
    room, role, at = row
    return {"kind": "membership", "room": room, "role": Role(role).word, "time": seconds(at)}


def _made(row: Sequence[Any]) -> Entry:
    return {"kind": "room_made", "room": row[0]}


def _sanction(row: Sequence[Any]) -> Entry:
    room, what, until, reason, by, at = row
    return {
        "kind": "sanction",
        "room": room,
        "what": what,
        "until": seconds(until),
        "reason": reason,
        "by": by,
        "time": seconds(at),
    }


def _invitation(row: Sequence[Any]) -> Entry:
    room, by, at = row
    return {"kind": "invitation", "room": room, "by": by, "time": seconds(at)}


def _block(row: Sequence[Any]) -> Entry:
    blocked, at = row
    return {"kind": "block", "username": blocked, "time": seconds(at)}


#: In the order they are told in.
SECTIONS = (
    Section(statements.OWN_ACCOUNT, _account),
    Section(statements.OWN_SESSIONS, _session),
    Section(statements.OWN_MEMBERSHIPS, _membership),
    Section(statements.OWN_ROOMS, _made),
    Section(statements.OWN_SANCTIONS, _sanction),
    Section(statements.OWN_BANS, _sanction),
    Section(statements.OWN_INVITATIONS, _invitation),
    Section(statements.OWN_BLOCKS, _block),
    Section(statements.OWN_MESSAGES, _message),
    Section(statements.OWN_CONVERSATIONS, _message),
    Section(statements.OWN_DEEDS, _deed),
)
