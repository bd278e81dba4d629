"""Accounts: register, know by token, and keep those without a name only when they speak or return."""

import asyncio
import hashlib
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from random import Random

from minechat.server import names
from minechat.server.epithets import EPITHETS
from minechat.server.keys import Known, keys_of
from minechat.server.storage import AccountRow, Candidate, Storage


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may speak. ``id`` is None until the account is in the database.

    :param token_hash: of the token they came by, if they did
    :param password: the hash of the password they came by, if they did
    """

    id: int | None
    name: str
    token_hash: bytes = field(default=b"", repr=False)
    password: str | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """A new account, and the token that proves it: the only time that it is in clear."""

    person: Person
    token: str = field(repr=False)


class Accounts:
    """Who is who.

    :param registrations: called with the source before an account with a name is made; raises
        ``Refused`` when that source has made too many
    :param reserved: names besides ``names.RESERVED`` that nobody may bear without a number
    :param nameless_per_source, nameless_in_all: how many accounts without a name are remembered;
        the oldest are forgotten
    """

    def __init__(
        self,
        storage: Storage,
        *,
        registrations: Callable[[str], None],
        random: Random | None = None,
        reserved: Iterable[str] = (),
        nameless_per_source: int = 100,
        nameless_in_all: int = 10_000,
    ) -> None:
        self._storage = storage
        self._registrations = registrations
        self._random = random or Random()
        self._reserved = names.RESERVED.union(reserved)
        self._nameless = Nameless(nameless_per_source, nameless_in_all)

    async def register(self, nickname: str, source: str) -> Registered:
        """A new account. With a name it is in the database; without one it is kept in memory only.

        :param nickname: as it was asked for; mended, decorated, and numbered where that must be
        :param source: whose budget it is, for example an address
        :raises Refused: this source registers too much
        :raises NotStored: the database could not keep it
        """
        token, token_hash = fresh_token()
        # The tables of letters take a while to load the first time.
        nick = await asyncio.to_thread(names.mend, nickname)
        if not nick:
            return Registered(self._add_nameless(token_hash, source), token)
        self._registrations(source)
        official = await asyncio.to_thread(self._is_reserved, nick)
        row = await self._storage.add_account(
            lambda: _candidates(nick, self._random, numbers_only=official), token_hash
        )
        return Registered(_person(row, token_hash), token)

    async def know(self, token: str) -> Person | None:
        """Whose token this is, or None. An account without a name that comes back is kept.

        :raises NotStored: the database cannot be asked now
        """
        token_hash = hash_of(token)
        nameless = self._nameless.get(token_hash)
        if nameless is not None:
            return await self.keep(nameless)
        row = await self._storage.account_by_token(token_hash)
        return None if row is None else _person(row, token_hash)

    async def keep(self, person: Person) -> Person:
        """The person with an account in the database; one without a name gets it now.

        :raises NotStored: the database could not keep it
        """
        if person.id is not None:
            return person
        epithet = person.name.strip()
        row = await self._storage.add_account(
            lambda: iter([Candidate(epithet, "", person.name, None)]), person.token_hash
        )
        self._nameless.forget(person.token_hash)
        return replace(person, id=row.id)

    def _add_nameless(self, token_hash: bytes, source: str) -> Person:
        person = Person(None, f"{self._random.choice(EPITHETS)} ", token_hash)
        self._nameless.add(person, source)
        return person

    def _is_reserved(self, nick: str) -> bool:
        return self._official.has_like(nick)

    @cached_property
    def _official(self) -> Known:
        return Known(self._reserved)


class Nameless:
    """Accounts without a name, in memory: bounded for each source and in all, the oldest forgotten."""

    def __init__(self, per_source: int, in_all: int) -> None:
        self._per_source = per_source
        self._in_all = in_all
        self._people: OrderedDict[bytes, tuple[Person, str]] = OrderedDict()
        self._sources: dict[str, OrderedDict[bytes, None]] = {}

    def __len__(self) -> int:
        return len(self._people)

    def add(self, person: Person, source: str) -> None:
        if len(self._sources.get(source, ())) >= self._per_source:
            self.forget(next(iter(self._sources[source])))
        if len(self._people) >= self._in_all:
            self.forget(next(iter(self._people)))
        self._people[person.token_hash] = (person, source)
        self._sources.setdefault(source, OrderedDict())[person.token_hash] = None

    def get(self, token_hash: bytes) -> Person | None:
        found = self._people.get(token_hash)
        return None if found is None else found[0]

    def forget(self, token_hash: bytes) -> None:
        """No harm when it is not there."""
        found = self._people.pop(token_hash, None)
        if found is None:
            return
        source = self._sources[found[1]]
        del source[token_hash]
        if not source:
            del self._sources[found[1]]


def fresh_token() -> tuple[str, bytes]:
    """A token that nobody can guess (a UUID of version 4, RFC 9562), and the hash that the database keeps."""
    token = str(uuid.uuid4())
    return token, hash_of(token)


def hash_of(token: str) -> bytes:
    """What the database keeps of a token."""
    # 122 random bits need no slow hash; a lone surrogate is in no token of ours.
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _person(row: AccountRow, token_hash: bytes) -> Person:
    return Person(row.id, row.name, token_hash)


def _candidates(nick: str, random: Random, *, numbers_only: bool) -> Iterator[Candidate]:
    """Names to try: each epithet once, then numbers out of ever wider ranges."""
    if not numbers_only:
        for epithet in random.sample(EPITHETS, len(EPITHETS)):
            yield _candidate(epithet, nick)
    for digits in range(1, 10):
        for _ in range(4):
            number = random.randrange(10 ** (digits - 1), 10**digits)
            yield _candidate(random.choice(EPITHETS), names.numbered(nick, number))


def _candidate(epithet: str, nick: str) -> Candidate:
    name = f"{epithet} {nick}"
    return Candidate(epithet, nick, name, keys_of(name))
