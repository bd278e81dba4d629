"""Accounts with a password: their names, their sessions, and whom they block."""

import sqlite3
from functools import partial

from minechat.server.storage import statements
from minechat.server.storage.asked import Asked
from minechat.server.storage.deeds import write_deed
from minechat.server.storage.orders import one_account
from minechat.server.storage.rows import AccountRow, Candidate, Deed, LoginRow


class Members(Asked):
    """The part of a ``Storage`` that keeps who logs in."""

    async def add_member_account(
        self, candidate: Candidate, token_hash: bytes, password: str
    ) -> AccountRow | None:
        one = candidate
        if one.keys is None:
            raise ValueError("an account with a password has its name alone")
        values = (one.epithet, one.nick, one.name, *one.keys, token_hash, self._now(), password)

        def add(connection: sqlite3.Connection) -> AccountRow | None:
            found = connection.execute(statements.ADD_MEMBER_ACCOUNT, values).fetchone()
            return None if found is None else AccountRow(found[0], candidate.name)

        return await self._do(add)

    async def login(self, key: str) -> LoginRow | None:
        return await self._do(partial(_login, sql=statements.LOGIN_BY_KEY, value=key), reads=True)

    async def login_by_id(self, account_id: int) -> LoginRow | None:
        return await self._do(partial(_login, sql=statements.LOGIN_BY_ID, value=account_id), reads=True)

    async def set_password(
        self, account_id: int, old: str | None, new: str, keep_session: bytes | None, deed: Deed | None
    ) -> bool:
        def change(connection: sqlite3.Connection) -> bool:
            if not connection.execute(statements.SET_PASSWORD, (new, account_id, old)).rowcount:
                return False
            connection.execute(statements.REMOVE_SESSIONS, (account_id, keep_session))
            write_deed(connection, deed)
            return True

        return await self._do(change)

    async def rehash(self, account_id: int, old: str, new: str) -> bool:
        def change(connection: sqlite3.Connection) -> bool:
            return connection.execute(statements.SET_PASSWORD, (new, account_id, old)).rowcount == 1

        return await self._do(change)

    async def add_session(self, account_id: int, session_hash: bytes, most: int) -> None:
        def add(connection: sqlite3.Connection) -> None:
            connection.execute(statements.ADD_SESSION, (account_id, session_hash, self._now()))
            connection.execute(statements.FORGET_OLD_SESSIONS, (account_id, max(0, most)))

        await self._do(add)

    async def account_by_session(self, session_hash: bytes) -> AccountRow | None:
        def find(connection: sqlite3.Connection) -> AccountRow | None:
            return one_account(connection.execute(statements.GET_ACCOUNT_BY_SESSION, (session_hash,)))

        return await self._do(find, reads=True)

    async def remove_session(self, session_hash: bytes) -> None:
        await self._run(statements.REMOVE_SESSION, session_hash)

    async def remove_sessions(self, account_id: int) -> None:
        await self._run(statements.REMOVE_SESSIONS, account_id, None)

    async def has_session(self, account_id: int) -> bool:
        def find(connection: sqlite3.Connection) -> bool:
            return connection.execute(statements.HAS_SESSION, (account_id,)).fetchone() is not None

        return await self._do(find, reads=True)

    async def set_block(self, account_id: int, blocked_id: int, on: bool) -> None:
        if on:
            await self._run(statements.ADD_BLOCK, account_id, blocked_id, self._now())
        else:
            await self._run(statements.REMOVE_BLOCK, account_id, blocked_id)

    async def blocked(self, account_id: int) -> set[int]:
        def find(connection: sqlite3.Connection) -> set[int]:
            return {id_ for (id_,) in connection.execute(statements.GET_BLOCKED, (account_id,))}

        return await self._do(find, reads=True)

    async def _run(self, sql: str, *values: object) -> None:
        def run(connection: sqlite3.Connection) -> None:
            connection.execute(sql, values)

        await self._do(run)


def _login(connection: sqlite3.Connection, *, sql: str, value: str | int) -> LoginRow | None:
    row = connection.execute(sql, (value,)).fetchone()
    return None if row is None else LoginRow(*row)
