"""What is changed of an account: the password, the token of the speak port, who is logged in."""

import asyncio
import time
from collections.abc import Callable, Coroutine

from minechat.errors import Refused, WrongPassword
from minechat.server import passwords
from minechat.server.accounts import Person, fresh_token, hash_of
from minechat.server.finishing import to_the_end
from minechat.server.hashing import Hashing
from minechat.server.keys import keys_of
from minechat.server.log import event
from minechat.server.logins import Logins
from minechat.server.sessions import Close, Session, Sessions
from minechat.server.storage import Deed, LoginRow, Storage

_WRONG = "the old password is wrong"
_NAMELESS = Refused("an account without a name of its own can have no password", code="not_allowed")
_MEANWHILE = Refused("your password was changed meanwhile, log in again", code="ended")
_PASSWORD_CHANGED = Refused("your password was changed, log in again", code="ended")
_TOKEN_REPLACED = Refused("your token was replaced", code="ended")
_LOGGED_OUT = Refused("you logged out from another connection", code="ended")


class OwnAccount:
    """What somebody who is in may do with their account, and the server's owner for one who is not.

    What is changed ends what lived by it at once.
    """

    def __init__(self, storage: Storage, hashing: Hashing, logins: Logins, sessions: Sessions) -> None:
        self._storage = storage
        self._hashing = hashing
        self._logins = logins
        self.sessions = sessions

    async def change_password(
        self,
        person: Person,
        new: str,
        old: str | None,
        source: str,
        *,
        keep: str | None = None,
        but: Close | None = None,
    ) -> None:
        """Sets the password; ends all other sessions and all other live connections of the account.

        :param old: the one it has; not looked at where it has none
        :param source: from where it is asked for: a wrong ``old`` is a failed login
        :param keep: the session that stays
        :param but: the connection that stays, by what it gave to ``Hub.attach``
        :raises WrongPassword: ``old`` is not the password
        :raises Refused: ``bad_password``, ``too_fast``, ``busy``; ``ended``: it was changed meanwhile
        """
        form = passwords.chosen(new)
        row = await self._storage.login_by_id(id_of(person))
        if row is None:
            raise _NAMELESS
        key = (await asyncio.to_thread(keys_of, row.name)).small
        if row.password is not None:
            await self._prove(row, key, old, source)
        with self._logins.asking(source, key) as asked:
            hashed = await self._hashing.hash(form, asked)
        kept = None if keep is None else hash_of(keep)
        change = self._set_password(row, hashed, kept)
        await self._and_end(change, row.id, _PASSWORD_CHANGED, lambda one: one.close != but)
        event("password_changed", account=row.id)

    async def _prove(self, row: LoginRow, key: str, old: str | None, source: str) -> None:
        form = None if old is None else passwords.prepared(old)
        with self._logins.attempt(source, key) as attempt:
            right = form is not None and await self._hashing.verify(row.password, form, attempt.asked)
            attempt.right = right
        if not right:
            raise WrongPassword(_WRONG)

    async def _set_password(self, row: LoginRow, hashed: str, kept: bytes | None) -> None:
        if not await self._storage.set_password(row.id, row.password, hashed, kept, None):
            raise _MEANWHILE

    async def reset_password(self, account_id: int, deed: Deed) -> tuple[str, int]:
        """A password made by chance, for somebody who lost theirs or never had one.

        It ends all sessions and all live connections of the account, as any change does.

        :param deed: written in the commit that sets it
        :returns: the password, which is kept as a hash only, and how many connections were closed
        :raises Refused: ``not_allowed``: without a name of its own it can have none; ``busy``
        """
        password = passwords.fresh()
        # Nobody who has asked for a hash goes before the owner.
        hashed = await self._hashing.hash(passwords.chosen(password))
        change = self._replace_password(account_id, hashed, deed)
        closed = await self._and_end(change, account_id, _PASSWORD_CHANGED)
        event("password_changed", account=account_id)
        return password, closed

    async def _replace_password(self, account_id: int, hashed: str, deed: Deed) -> None:
        """Whatever it was before: who changes it meanwhile has the old one no longer."""
        while (row := await self._storage.login_by_id(account_id)) is not None:
            if await self._storage.set_password(row.id, row.password, hashed, None, deed):
                return
        raise _NAMELESS

    async def renew_token(self, person: Person, *, but: Close | None = None) -> str:
        """A new token for the speak port; the old one ends at once, and so do the visits that live by it.

        :param but: the connection that asks, which is to be told the new one
        """
        token, token_hash = fresh_token()
        deed = Deed(time.time(), "token", person.name, "asked for by themselves", by=person.name)
        change = self._storage.new_token(id_of(person), token_hash, deed)
        await self._and_end(
            change, id_of(person), _TOKEN_REPLACED, lambda one: one.by_token and one.close != but
        )
        return token

    async def log_out(
        self, person: Person, session: str | None, *, everywhere: bool = False, but: Close | None = None
    ) -> None:
        """Ends a session, or all of the account, and every live connection that lives by them.

        The visits of the speak port live by the token and stay.

        :param but: the connection that asks, which its door closes itself
        """

        def is_meant(one: Session) -> bool:
            same = session is not None and one.session == session
            return one.close != but and not one.by_token and (everywhere or same)

        if everywhere:
            change = self._storage.remove_sessions(id_of(person))
        elif session is not None:
            change = self._storage.remove_session(hash_of(session))
        else:
            return
        await self._and_end(change, id_of(person), _LOGGED_OUT, is_meant)

    async def _and_end(
        self,
        change: Coroutine[object, object, None],
        account_id: int,
        reason: Refused,
        which: Callable[[Session], bool] = lambda _: True,
    ) -> int:
        """Carries out a change and ends the connections that it is about, whoever asked has gone or not.

        :returns: how many connections it ended
        """

        async def work() -> int:
            await change
            return self.sessions.end_account(account_id, reason, which)

        return await to_the_end(work())


def id_of(person: Person) -> int:
    """The number of an account that is in the database."""
    if person.id is None:
        raise ValueError("an account without a name must be kept first")
    return person.id
