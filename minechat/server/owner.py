"""What the owner does: ban, rename, renew tokens and passwords, appoint, announce; with a server or none."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from minechat.errors import InvalidInput, Refused
from minechat.server import addresses, names
from minechat.server.accounts import fresh_token
from minechat.server.appointing import appoint
from minechat.server.directory import Directory
from minechat.server.epithets import EPITHETS
from minechat.server.finishing import to_the_end
from minechat.server.hashing import Hashing
from minechat.server.hub import HERALD, Hub
from minechat.server.keys import keys_of
from minechat.server.logins import Logins
from minechat.server.own_account import OwnAccount
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.sessions import Sessions
from minechat.server.settings import Limits
from minechat.server.storage import AccountRow, Ban, Candidate, Deed, Storage
from minechat.server.usernames import is_official
from minechat.text import safe

#: Characters of an announcement.
ANNOUNCEMENT = 1000
#: Seconds after which somebody whose nickname was changed may log in again: at once, as clients count.
AGAIN = 1

#: An account by its number, as the list of accounts shows it; no nickname looks so.
_NUMBER = re.compile(r"#([0-9]{1,18})", re.ASCII)
_BUSY = "too many people are logging in at this moment; nothing was changed"
_TOKEN_REPLACED = Refused("your token was replaced", code="ended")


@dataclass(frozen=True, slots=True)
class Target:
    """Whom an order is about: an account, or an address as the limits count it."""

    account: AccountRow | None
    source: str | None

    @property
    def name(self) -> str:
        return self.account.name if self.account is not None else self.source or ""


class Owner:
    """The orders, each written to the audit table in the commit that carries it out.

    Live connections are closed in the same step of the loop in which the commit is known.

    :param hub: of the server that runs; None where only the database is open
    :param look: how the server that runs is at this moment; None where there is none
    :param clock: seconds since 1970
    :param user: who gives the orders, for the audit table; empty where that is not known
    """

    def __init__(
        self,
        storage: Storage,
        hub: Hub | None = None,
        look: Callable[[], dict[str, Any]] | None = None,
        clock: Callable[[], float] = time.time,
        user: str = "",
    ) -> None:
        self.storage = storage
        self.hub = hub
        self.look = look
        self._clock = clock
        self._user = user

    def ordered_by(self, user: str) -> "Owner":
        """The same, for orders that this user gives."""
        return Owner(self.storage, self.hub, self.look, self._clock, user)

    async def ban(self, whom: str, seconds: float | None, reason: str) -> tuple[Target, Ban, int]:
        """Shuts an account or an address out; None is for ever. Returns how many connections it closed.

        :raises InvalidInput: nobody is called so
        :raises NotStored: nothing was changed; so with all that follow
        """
        target = await self._target(whom)
        now = self._clock()
        until = None if seconds is None else now + seconds
        account_id = None if target.account is None else target.account.id
        ban = Ban(account_id, target.source, until, reason, now)
        await self.storage.add_ban(ban, self._deed("ban", target.name, _sentence(ban)))
        return target, ban, 0 if self.hub is None else self.hub.shut_out(ban)

    async def unban(self, whom: str) -> Target:
        """Lets an account or an address in again.

        :raises InvalidInput: nobody is called so, or there is no such ban
        """
        target = await self._target(whom)
        account_id = None if target.account is None else target.account.id
        deed = self._deed("unban", target.name)
        if not await self.storage.remove_ban(account_id, target.source, deed):
            raise InvalidInput(f"{target.name} is not banned")
        if self.hub is not None:
            self.hub.let_in(target.name if account_id is None else account_id)
        return target

    async def rename(self, nick: str, to: str) -> tuple[AccountRow, int]:
        """Gives an account exactly this nickname, without another epithet; the token stays.

        Whoever is logged in is told, and logs in again.

        :returns: the account as it was, and how many connections were closed
        :raises InvalidInput: nobody is called so, the new one cannot be a nickname, or looks like another's
        """
        account = await self._account(nick)
        candidate = await asyncio.to_thread(_candidate, to)
        deed = self._deed("rename", account.name, f"to {to}")
        if not await self.storage.rename(account.id, candidate, deed):
            assert candidate.keys is not None
            other = await self.storage.account_like(candidate.keys)
            raise InvalidInput(f"{to} is taken by {to if other is None else other.name}, or looks like it")
        if self.hub is None:
            return account, 0
        self.hub.renamed(account.id, to)
        return account, self.hub.end(account.id, Refused(f"your nickname is now {to}", AGAIN, "ended"))

    async def renew(self, nick: str) -> tuple[AccountRow, str, int]:
        """A new token for an account; the old one and all sessions end at once, and so do the connections.

        :raises InvalidInput: nobody is called so
        """
        account = await self._account(nick)
        token, token_hash = fresh_token()
        deed = self._deed("token", account.name)
        await self.storage.new_token(account.id, token_hash, deed, ends_sessions=True)
        return account, token, 0 if self.hub is None else self.hub.end(account.id, _TOKEN_REPLACED)

    async def reset_password(self, nick: str) -> tuple[AccountRow, str, int]:
        """A password made by chance for an account; the old one, all sessions and connections end at once.

        :returns: the account, the password, and how many connections were closed
        :raises InvalidInput: nobody is called so, or the account has no name to log in by
        :raises Refused: ``busy``: too many passwords are being looked at; nothing was changed
        """
        account = await self._account(nick)
        if await self.storage.login_by_id(account.id) is None:
            raise InvalidInput(
                f"{nick!r} has no name of its own to log in by; minechat server rename gives it one"
            )
        async with self._people() as people:
            try:
                deed = self._deed("password", account.name)
                return account, *await people.reset_password(account.id, deed)
            except Refused as refusal:
                if refusal.code != "busy":
                    raise
                raise Refused(_BUSY, refusal.retry_after, refusal.code) from None

    @asynccontextmanager
    async def _people(self) -> AsyncIterator[OwnAccount]:
        """Who changes passwords: the server that runs, or somebody made for this order alone."""
        if self.hub is not None:
            yield self.hub.people
            return
        limits = Limits()
        async with Hashing(limits) as hashing:
            yield OwnAccount(self.storage, hashing, Logins(limits), Sessions())

    async def appoint(self, nick: str, room: str, role: Role) -> tuple[AccountRow, str]:
        """Gives somebody a role in a room: how the rooms that are nobody's get their moderators.

        :param role: an owner takes the place of the one before
        :returns: the account, and the room's name as it is
        :raises InvalidInput: nobody is called so, there is no such room, or it cannot be there
        """
        account = await self._account(nick)
        directory = Directory(self.storage, self._clock) if self.hub is None else self.hub.directory
        try:
            found = await directory.open(room)
            await to_the_end(self._appoint(found, account, role))
        except Refused as refusal:
            raise InvalidInput(refusal.reason) from None
        return account, found.name

    async def _appoint(self, room: Room, account: AccountRow, role: Role) -> None:
        # The room's own audit has it in the same commit; the server's shows it to its owner.
        deed = self._deed("role", account.name, role.word)
        async with room.lock:
            changed = await appoint(self.storage, room, account, role, replace(deed, room=room.name))
            if self.hub is not None:
                self.hub.moderation.appointed(room, changed, None)
        await self.storage.write_deed(replace(deed, detail=f"{deed.detail} in {room.name}"))

    async def announce(self, text: str) -> str:
        """Says something to everybody who listens, as one line of the server's; it is not kept as a message.

        :returns: the line as it was said
        :raises InvalidInput: it is empty or too long, or no server runs
        """
        line = safe(" ".join(text.split()))
        if not line or len(line) > ANNOUNCEMENT:
            raise InvalidInput(f"an announcement has 1 to {ANNOUNCEMENT} characters")
        if self.hub is None:
            raise InvalidInput("nobody listens: no server runs on this database")
        await self.storage.write_deed(self._deed("announce", "", line))
        self.hub.speak(HERALD, line)
        return line

    def _deed(self, what: str, whom: str, detail: str = "") -> Deed:
        # In front: whatever else the detail holds cannot pass for it.
        by = f"by {self._user}" if self._user else ""
        return Deed(self._clock(), what, whom, ": ".join(filter(None, (by, detail))))

    async def _target(self, whom: str) -> Target:
        source = addresses.source(whom)
        if source is not None:
            return Target(None, source)
        if addresses.is_network(whom):
            raise InvalidInput(f"{whom!r} is a network; an order is about one address, or a /64 of IPv6")
        return Target(await self._account(whom), None)

    async def _account(self, nick: str) -> AccountRow:
        number = _NUMBER.fullmatch(nick)
        if number is not None:
            account = await self.storage.account(int(number[1]))
        else:
            keys = await asyncio.to_thread(keys_of, nick)
            account = await self.storage.account_by_name(nick, keys.small)
        if account is None:
            raise InvalidInput(f"nobody is called {nick!r}; minechat server list accounts shows who there is")
        return account


def _candidate(name: str) -> Candidate:
    """The name an account gets; in another thread, as it may load tables.

    :raises InvalidInput: it cannot be a nickname
    """
    mended = names.mend(name)
    if mended != name:
        better = f"; {mended!r} could be one" if mended else ""
        raise InvalidInput(f"{name!r} cannot be a nickname{better}")
    epithet, _, nick = name.partition(" ")
    if epithet not in EPITHETS or not nick:
        epithet, nick = "", name
    keys = keys_of(name)
    if not keys.small or _NUMBER.fullmatch(name) or addresses.source(name) is not None:
        raise InvalidInput(f"{name!r} would be taken for something else than a nickname")
    if is_official(name):
        raise InvalidInput(f"{name!r} sounds official, or is a character's name")
    return Candidate(epithet, nick, name, keys)


def _sentence(ban: Ban) -> str:
    """The end of a ban and its reason."""
    until = "for ever" if ban.until is None else f"until {_stamp(ban.until)}"
    return f"{until}: {ban.reason}" if ban.reason else until


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
