"""Who people are and how they prove it: names with passwords, sessions that stand for them, and tokens."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import TypeVar

from minechat.errors import NotStored, Refused, WrongPassword
from minechat.server import names, passwords, usernames
from minechat.server.accounts import Accounts, Person, fresh_token, hash_of
from minechat.server.bans import Bans
from minechat.server.hashing import Hashing
from minechat.server.keys import keys_of
from minechat.server.limits import RegistrationBudget, WrongTokenBudget
from minechat.server.logins import Logins
from minechat.server.own_account import OwnAccount, id_of
from minechat.server.sessions import Sessions
from minechat.server.storage import AccountRow, Candidate, LoginRow, Storage

Found = TypeVar("Found")

#: Random bytes of a session token.
TOKEN = 32
#: Sessions kept of one account; the oldest are forgotten.
KEPT = 20
#: Characters of a name that is looked for; no form of a good one has more.
LONGEST_NAME = 4 * names.CHARACTERS

_WRONG = "nobody has this name and this password"
_TAKEN = Refused("this name is taken, or looks like one that is: choose another", code="taken")
_MEANWHILE = Refused("your password or token was changed, log in again", code="ended")


class Credentials(OwnAccount):
    """Who is let in, by what.

    What is returned holds in the step of the loop in which it is returned: whoever goes on with it attaches
    the connection in the same step (``Hub.attach``), or a ban or a new password would miss it.

    All raise ``Refused``, which has a code for programs, and ``NotStored`` when the database cannot be asked.

    :ivar sessions: who is connected
    :ivar joined: called with the name of each new account
    """

    def __init__(
        self,
        storage: Storage,
        accounts: Accounts,
        *,
        hashing: Hashing,
        logins: Logins,
        registrations: RegistrationBudget,
        wrong_tokens: WrongTokenBudget,
        bans: Bans,
        sessions: Sessions,
    ) -> None:
        super().__init__(storage, hashing, logins, sessions)
        self._accounts = accounts
        self._registrations = registrations
        self._wrong_tokens = wrong_tokens
        self._bans = bans
        self.joined: Callable[[str], None] = lambda name: None

    async def register(self, username: str, password: str, source: str) -> Person:
        """A new account under exactly this name, on the disk.

        :param source: whose budget it is, for example an address
        :raises Refused: ``bad_name``, ``taken``, ``bad_password``, ``busy``, ``too_fast``
        """
        form = passwords.chosen(password)
        name, keys = await asyncio.to_thread(usernames.chosen, username)
        if await self._storage.account_like(keys) is not None:
            raise _TAKEN
        self._registrations.take(source)
        try:
            with self._logins.asking(source, keys.small) as asked:
                hashed = await self._hashing.hash(form, asked)
            row = await self._add(Candidate("", name, name, keys), hashed)
        except (Refused, NotStored):
            self._registrations.give_back(source)
            raise
        self.joined(name)
        return Person(row.id, row.name)

    async def _add(self, candidate: Candidate, hashed: str) -> AccountRow:
        # Nobody knows its token: who wants one asks for another.
        row = await self._storage.add_member_account(candidate, fresh_token()[1], hashed)
        if row is None:
            raise _TAKEN
        return row

    async def log_in(self, username: str, password: str, source: str) -> Person:
        """Whose name and password these are. An unknown name takes as long as a wrong password.

        :raises WrongPassword: nobody's
        :raises Refused: ``too_fast``, ``busy``, ``banned``
        """
        key = await self._key(username)
        with self._logins.attempt(source, key) as attempt:
            row = await self._proven(key, password, attempt.asked)
            attempt.right = row is not None
        if row is None:
            raise WrongPassword(_WRONG)
        self._refuse_banned(row.id)
        return Person(row.id, row.name, password=row.password)

    async def _proven(self, key: str, password: str, asked: int) -> LoginRow | None:
        form = passwords.prepared(password)
        if form is None:
            return None
        proven: LoginRow | None = None
        while True:
            row = await self._settled(lambda: self._storage.login(key))
            if row is not None and row == proven:
                return row
            hashed = None if row is None else row.password
            if not await self._hashing.verify(hashed, form, asked) or row is None:
                return None
            # It is asked again, as the password may have been changed while this one was looked at.
            proven = await self._renewed(row, form, asked)

    async def _renewed(self, row: LoginRow, form: str, asked: int) -> LoginRow:
        """The account with a hash of today's parameters, if it had one of older ones."""
        assert row.password is not None
        if not self._hashing.outdated(row.password):
            return row
        hashed = await self._hashing.hash(form, asked)
        await self._storage.rehash(row.id, row.password, hashed)
        return LoginRow(row.id, row.name, hashed)

    async def by_session(self, token: str, source: str) -> Person | None:
        """Whose session this is; None when it has ended, or never was.

        :raises Refused: ``banned``; ``too_fast``: the source tried too many that nobody has
        """
        self._wrong_tokens.check(source)
        row = await self._settled(lambda: self._storage.account_by_session(hash_of(token)))
        if row is None:
            self._wrong_tokens.add(source)
            return None
        self._refuse_banned(row.id)
        return Person(row.id, row.name)

    async def by_token(self, token: str, source: str) -> Person | None:
        """Whose token of the speak port this is; None when it is nobody's.

        :raises Refused: as ``by_session``
        """
        self._wrong_tokens.take(source)
        try:
            person = await self._settled(lambda: self._accounts.know(token))
        except NotStored:
            self._wrong_tokens.give_back(source)
            raise
        if person is None:
            return None
        self._wrong_tokens.give_back(source)
        assert person.id is not None
        self._refuse_banned(person.id)
        return person

    async def open_session(self, person: Person) -> str:
        """A token that is as good as what this person came in by, as ``log_in`` or ``by_token`` told it.

        :raises Refused: ``ended``: the password or the token was changed since; ``banned``
        """
        account_id, token = id_of(person), secrets.token_urlsafe(TOKEN)
        await self._storage.add_session(account_id, hash_of(token), KEPT)
        # After it: a change ends the sessions before it, and one that came between is seen here.
        if not await self._settled(lambda: self._still_proven(person)):
            await self._storage.remove_session(hash_of(token))
            raise _MEANWHILE
        self._refuse_banned(account_id)
        return token

    async def _still_proven(self, person: Person) -> bool:
        if person.password is None:
            row = await self._storage.account_by_token(person.token_hash)
            return row is not None and row.id == person.id
        login = await self._storage.login_by_id(id_of(person))
        return login is not None and login.password == person.password

    async def has_password(self, person: Person) -> bool:
        """Whether somebody can log in by password."""
        row = await self._storage.login_by_id(id_of(person))
        return row is not None and row.password is not None

    async def _settled(self, ask: Callable[[], Awaitable[Found]]) -> Found:
        """What the database says; what it said before connections were ended does not count after it."""
        orders = None
        while orders != self.sessions.orders:
            orders = self.sessions.orders
            found = await ask()
        return found

    async def _key(self, username: str) -> str:
        """The one key that a name is looked for by; that of no name where nobody can have it.

        By the others many writings would lead to one account, each with failures of its own.
        """
        name = username if len(username) <= LONGEST_NAME else ""
        return (await asyncio.to_thread(keys_of, name)).small

    def _refuse_banned(self, account_id: int) -> None:
        refusal = self._bans.refusal(account_id)
        if refusal is not None:
            raise refusal
