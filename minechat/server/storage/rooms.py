"""Rooms and conversations: who is what in them, what holds against whom, and what was said there."""

import sqlite3
from collections.abc import Sequence
from functools import partial
from typing import Any

from minechat.errors import NotStored
from minechat.server.keys import Keys
from minechat.server.rights import Role
from minechat.server.storage import statements
from minechat.server.storage.asked import Asked, milliseconds
from minechat.server.storage.deeds import deeds_of, write_deed
from minechat.server.storage.messages import as_stored, history
from minechat.server.storage.orders import NO_KEYS
from minechat.server.storage.rows import (
    AccountRow,
    Deed,
    RoomKind,
    RoomRow,
    RoomState,
    Sanction,
    Stored,
)


class Rooms(Asked):
    """The part of a ``Storage`` that keeps rooms."""

    async def add_room(  # noqa: PLR0917 - a room is what these say
        self, name: str, keys: Keys, kind: RoomKind, topic: str, owner_id: int | None, deed: Deed | None
    ) -> RoomRow | None:
        if kind is RoomKind.PRIVATE:
            raise ValueError("a conversation is made by its own method")

        values = (name, *keys, topic, kind.value, owner_id)

        def add(connection: sqlite3.Connection) -> RoomRow | None:
            found = connection.execute(statements.ADD_ROOM, values).fetchone()
            if found is None:
                return None
            if owner_id is not None:
                connection.execute(statements.SET_ROLE, (found[0], owner_id, Role.OWNER, self._now()))
            write_deed(connection, deed)
            return RoomRow(found[0], name, keys.small, topic, kind, 0)

        return await self._do(add)

    async def room(self, key: str) -> RoomRow | None:
        return await self._do(partial(_room, sql=statements.GET_ROOM_BY_KEY, value=key), reads=True)

    async def room_state(self, room_id: int) -> RoomState:
        return await self._do(lambda connection: room_state(connection, room_id, self._now()), reads=True)

    async def public_rooms(
        self, account_id: int, after: str, most: int
    ) -> Sequence[tuple[RoomRow, int, int | None]]:
        def find(connection: sqlite3.Connection) -> Sequence[tuple[RoomRow, int, int | None]]:
            rows = connection.execute(statements.LIST_ROOMS, (account_id, after, max(0, most)))
            return [(_as_room(row), row[6], row[7]) for row in rows]

        return await self._do(find, reads=True)

    async def rooms_of(self, account_id: int) -> Sequence[tuple[RoomRow, int]]:
        def find(connection: sqlite3.Connection) -> Sequence[tuple[RoomRow, int]]:
            rows = connection.execute(statements.ROOMS_OF, (account_id,))
            return [(_as_room(row), row[6]) for row in rows]

        return await self._do(find, reads=True)

    async def count_rooms_of(self, account_id: int, but: int | None = None) -> int:
        def count(connection: sqlite3.Connection) -> int:
            asked = (account_id, Role.OWNER, but)
            (found,) = connection.execute(statements.COUNT_ROOMS_OF, asked).fetchone()
            return int(found)

        return await self._do(count, reads=True)

    async def set_role(self, room_id: int, account_id: int, role: int | None, deed: Deed | None) -> None:
        def change(connection: sqlite3.Connection) -> None:
            whom = (room_id, account_id)
            if role is None:
                connection.execute(statements.REMOVE_MEMBER, whom)
            else:
                connection.execute(statements.SET_ROLE, (*whom, role, self._now()))
                connection.execute(statements.REMOVE_INVITATION, whom)
            write_deed(connection, deed)

        await self._do(change)

    async def close_room(self, room: RoomRow, account_id: int) -> bool:
        def leave(connection: sqlite3.Connection) -> bool:
            connection.execute(statements.REMOVE_MEMBER, (room.id, account_id))
            (last,) = connection.execute(statements.LAST_SEQ, (room.id,)).fetchone()
            if last and room.kind is not RoomKind.INVITE:
                return False
            _close(connection, room, is_empty=not last)
            return True

        return await self._do(leave)

    async def hand_over(self, room_id: int, from_id: int, to_id: int, deed: Deed | None) -> None:
        await self._do(lambda connection: hand_over(connection, room_id, from_id, to_id, deed))

    async def set_topic(self, room_id: int, topic: str, deed: Deed | None) -> None:
        def change(connection: sqlite3.Connection) -> None:
            if not connection.execute(statements.SET_TOPIC, (topic, room_id)).rowcount:
                raise NotStored("there is no such room")
            write_deed(connection, deed)

        await self._do(change)

    async def add_sanction(self, room_id: int, sanction: Sanction, deed: Deed | None) -> None:
        until = None if sanction.until is None else milliseconds(sanction.until)
        whom, at = (room_id, sanction.account_id, sanction.kind), milliseconds(sanction.at)

        def add(connection: sqlite3.Connection) -> None:
            values = (*whom, until, sanction.reason, sanction.by, at)
            connection.execute(statements.ADD_SANCTION, values)
            if sanction.kind == "ban":
                connection.execute(statements.REMOVE_MEMBER, whom[:2])
                connection.execute(statements.REMOVE_INVITATION, whom[:2])
            write_deed(connection, deed)

        await self._do(add)

    async def remove_sanction(self, room_id: int, account_id: int, kind: str, deed: Deed | None) -> bool:
        def remove(connection: sqlite3.Connection) -> bool:
            if not connection.execute(statements.REMOVE_SANCTION, (room_id, account_id, kind)).rowcount:
                return False
            write_deed(connection, deed)
            return True

        return await self._do(remove)

    async def add_invitation(self, room_id: int, account_id: int, by: str, deed: Deed | None) -> None:
        def add(connection: sqlite3.Connection) -> None:
            connection.execute(statements.ADD_INVITATION, (room_id, account_id, by, self._now()))
            write_deed(connection, deed)

        await self._do(add)

    async def room_deeds(self, room: str, before: int | None, most: int) -> Sequence[tuple[int, Deed]]:
        return await self._do(lambda connection: deeds_of(connection, room, before, most), reads=True)

    async def said(self, account_id: int, key: str) -> Stored | None:
        def find(connection: sqlite3.Connection) -> Stored | None:
            row = connection.execute(statements.SAID, (account_id, key)).fetchone()
            return None if row is None else as_stored(row)

        # Not with those that only read: they are done before what was asked for earlier.
        return await self._do(find)

    async def history(
        self,
        room_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
        most: int,
        reader_id: int | None = None,
    ) -> Sequence[Stored]:
        read = partial(history, room_id=room_id, after=after, before=before, most=most, reader_id=reader_id)
        return await self._do(read, reads=True)

    async def conversation_so_far(self, a: int, b: int) -> RoomRow | None:
        find = partial(_room, sql=statements.GET_ROOM_BY_NAME, value=_name_of(a, b))
        return await self._do(find, reads=True)

    async def conversation(self, a: int, b: int) -> RoomRow:
        if a == b:
            raise ValueError("nobody converses alone")
        found = await self.conversation_so_far(a, b)
        if found is not None:
            return found
        return await self._do(lambda connection: _converse(connection, (a, b), self._now()))

    async def conversations(self, account_id: int, most: int) -> Sequence[tuple[AccountRow, int, float]]:
        def find(connection: sqlite3.Connection) -> Sequence[tuple[AccountRow, int, float]]:
            rows = connection.execute(statements.CONVERSATIONS, (account_id, max(0, most)))
            return [(AccountRow(id_, name), seq, said_at / 1000) for id_, name, seq, said_at in rows]

        return await self._do(find, reads=True)


def room_state(connection: sqlite3.Connection, room_id: int, now: int) -> RoomState:
    """:param now: in milliseconds since 1970
    :raises NotStored: there is no such room
    """
    row = _room(connection, sql=statements.GET_ROOM_BY_ID, value=room_id)
    if row is None:
        raise NotStored("there is no such room")
    sanctions = [
        Sanction(account_id, kind, None if until is None else until / 1000, reason, by, at / 1000)
        for account_id, kind, until, reason, by, at in connection.execute(
            statements.GET_SANCTIONS, (room_id, now)
        )
    ]
    return RoomState(
        row,
        dict(connection.execute(statements.GET_ROLES, (room_id,)).fetchall()),
        dict(connection.execute(statements.NAMES_IN_ROOM, (room_id, now)).fetchall()),
        sanctions,
        {account_id for (account_id,) in connection.execute(statements.GET_INVITED, (room_id,))},
    )


def hand_over(
    connection: sqlite3.Connection, room_id: int, from_id: int, to_id: int, deed: Deed | None
) -> None:
    """See ``Storage``."""
    given, got = (
        connection.execute(statements.GET_ROLE, (room_id, one)).fetchone() for one in (from_id, to_id)
    )
    if given is None or got is None or from_id == to_id:
        raise NotStored("there is no such member")
    for account_id, role in ((from_id, got[0]), (to_id, given[0])):
        connection.execute(statements.SET_ROLE, (room_id, account_id, role, 0))
    write_deed(connection, deed)


def _close(connection: sqlite3.Connection, room: RoomRow, *, is_empty: bool) -> None:
    """The row of a room stays for the messages that refer to it, and goes where there are none."""
    connection.execute(statements.REMOVE_INVITATIONS, (room.id,))
    (name,) = connection.execute(statements.CLOSE_ROOM, (room.id,)).fetchone()
    if is_empty:
        connection.execute(statements.REMOVE_OWN_DEEDS, (room.name,))
        connection.execute(statements.REMOVE_SANCTIONS, (room.id,))
        connection.execute(statements.REMOVE_ROOM, (room.id,))
    connection.execute(statements.MOVE_DEEDS, (name, room.name))


def _name_of(a: int, b: int) -> str:
    return f"@{min(a, b)}:{max(a, b)}"


def _converse(connection: sqlite3.Connection, members: tuple[int, int], now: int) -> RoomRow:
    name = _name_of(*members)
    values = (name, *NO_KEYS, "", RoomKind.PRIVATE.value, None)
    found = connection.execute(statements.ADD_ROOM, values).fetchone()
    if found is not None:
        for account_id in members:
            connection.execute(statements.SET_ROLE, (found[0], account_id, Role.MEMBER, now))
    room = _room(connection, sql=statements.GET_ROOM_BY_NAME, value=name)
    assert room is not None
    return room


def _room(connection: sqlite3.Connection, *, sql: str, value: str | int) -> RoomRow | None:
    row = connection.execute(sql, (value,)).fetchone()
    return None if row is None else _as_room(row)


def _as_room(row: Sequence[Any]) -> RoomRow:
    id_, name, key, topic, kind, last, *_ = row
    return RoomRow(id_, name, key, topic, RoomKind(kind), last)
