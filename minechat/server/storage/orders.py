"""What the owner asks of the database: find an account, change it, ban, and know what was done."""

import sqlite3
from collections.abc import Sequence

from minechat.errors import NotStored
from minechat.server.keys import Keys
from minechat.server.storage import statements
from minechat.server.storage.asked import Asked, milliseconds
from minechat.server.storage.deeds import deeds, write_deed
from minechat.server.storage.rows import AccountInfo, AccountRow, Ban, Candidate, Deed

#: As the tables have those of a name that is shared.
NO_KEYS = (None, None, None)


class Orders(Asked):
    """The owner's part of a ``Storage``."""

    async def accounts(self, after: int, most: int) -> Sequence[AccountInfo]:
        return await self._look(lambda connection: accounts(connection, after, most))

    async def account(self, account_id: int) -> AccountRow | None:
        return await self._do(lambda connection: account(connection, account_id), reads=True)

    async def account_by_name(self, name: str, key: str) -> AccountRow | None:
        return await self._do(lambda connection: account_by_name(connection, name, key), reads=True)

    async def account_like(self, keys: Keys) -> AccountRow | None:
        def find(connection: sqlite3.Connection) -> AccountRow | None:
            return one_account(connection.execute(statements.GET_ACCOUNT_LIKE, keys))

        return await self._do(find, reads=True)

    async def new_token(
        self, account_id: int, token_hash: bytes, deed: Deed | None, *, ends_sessions: bool = False
    ) -> None:
        def set_it(connection: sqlite3.Connection) -> None:
            if ends_sessions:
                connection.execute(statements.REMOVE_SESSIONS, (account_id, None))
            new_token(connection, account_id, token_hash, deed)

        await self._do(set_it)

    async def rename(self, account_id: int, candidate: Candidate, deed: Deed) -> bool:
        return await self._do(lambda connection: rename(connection, account_id, candidate, deed))

    async def add_ban(self, ban: Ban, deed: Deed) -> None:
        await self._do(lambda connection: add_ban(connection, ban, deed))

    async def remove_ban(self, account_id: int | None, source: str | None, deed: Deed) -> bool:
        return await self._do(lambda connection: remove_ban(connection, account_id, source, deed))

    async def bans(self) -> Sequence[Ban]:
        return await self._do(lambda connection: bans(connection, self._now()), reads=True)

    async def write_deed(self, deed: Deed) -> None:
        await self._do(lambda connection: write_deed(connection, deed))

    async def deeds(self, most: int) -> Sequence[Deed]:
        return await self._do(lambda connection: deeds(connection, most), reads=True)


def accounts(connection: sqlite3.Connection, after: int, most: int) -> Sequence[AccountInfo]:
    """One look at all messages, however many accounts: an index of them would slow every post."""
    return [
        AccountInfo(id_, name, created_at / 1000, None if last is None else last / 1000, messages)
        for id_, name, created_at, last, messages in connection.execute(
            statements.LIST_ACCOUNTS, (after, most)
        )
    ]


def account(connection: sqlite3.Connection, account_id: int) -> AccountRow | None:
    return one_account(connection.execute(statements.GET_ACCOUNT_BY_ID, (account_id,)))


def account_by_name(connection: sqlite3.Connection, name: str, key: str) -> AccountRow | None:
    # The key has an index. It misses names whose key was made by other tables of Unicode, or went to another.
    found = one_account(connection.execute(statements.GET_ACCOUNT_BY_KEY, (key,)))
    return found or one_account(connection.execute(statements.GET_ACCOUNT_BY_NAME, (name,)))


def new_token(connection: sqlite3.Connection, account_id: int, token_hash: bytes, deed: Deed | None) -> None:
    ensure_account(connection, account_id)
    connection.execute(statements.SET_TOKEN, (token_hash, account_id))
    write_deed(connection, deed)


def rename(connection: sqlite3.Connection, account_id: int, to: Candidate, deed: Deed) -> bool:
    ensure_account(connection, account_id)
    values = (to.epithet, to.nick, to.name, *(to.keys or NO_KEYS), account_id)
    if not connection.execute(statements.SET_NAME, values).rowcount:
        return False
    write_deed(connection, deed)
    return True


def add_ban(connection: sqlite3.Connection, ban: Ban, deed: Deed) -> None:
    if (ban.account_id is None) == (ban.source is None):
        raise ValueError("a ban is of an account or of a source")
    until = None if ban.until is None else milliseconds(ban.until)
    values = (ban.account_id, ban.source, until, ban.reason, milliseconds(ban.at))
    connection.execute(statements.ADD_BAN, values)
    write_deed(connection, deed)


def remove_ban(
    connection: sqlite3.Connection, account_id: int | None, source: str | None, deed: Deed
) -> bool:
    if not connection.execute(statements.REMOVE_BAN, (account_id, source)).rowcount:
        return False
    write_deed(connection, deed)
    return True


def bans(connection: sqlite3.Connection, now: int) -> Sequence[Ban]:
    """:param now: in milliseconds since 1970"""
    return [
        Ban(account_id, source, None if until is None else until / 1000, reason, at / 1000)
        for account_id, source, until, reason, at in connection.execute(statements.GET_BANS, (now,))
    ]


def ensure_account(connection: sqlite3.Connection, account_id: int) -> None:
    if account(connection, account_id) is None:
        raise NotStored("there is no such account")


def one_account(rows: sqlite3.Cursor) -> AccountRow | None:
    row = rows.fetchone()
    return None if row is None else AccountRow(*row)
