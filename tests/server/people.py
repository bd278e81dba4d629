"""Those who let people in, as a hub of a test has them; hashes that cost little, and a clock."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from minechat.errors import Refused
from minechat.server import hashing as hashing_module
from minechat.server.accounts import Accounts, Person
from minechat.server.bans import Bans
from minechat.server.credentials import Credentials
from minechat.server.hashing import Hashing
from minechat.server.limits import RegistrationBudget, WrongTokenBudget
from minechat.server.logins import Logins
from minechat.server.sessions import Close, Session, Sessions
from minechat.server.settings import Limits
from minechat.server.storage import Storage, open_storage


class Clock:
    """Stands still until a test sets it."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@contextmanager
def cheap_hashes() -> Iterator[None]:
    """Hashes with the least memory there can be: some 100 us in place of 20 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hashing_module, "MEMORY", 8)
        patch.setattr(hashing_module, "PASSES", 1)
        hashing_module._hasher.cache_clear()
        yield
    hashing_module._hasher.cache_clear()


def people(
    storage: Storage,
    accounts: Accounts,
    limits: Limits,
    *,
    bans: Bans | None = None,
    hashing: Hashing | None = None,
    logins: Logins | None = None,
) -> Credentials:
    """Without ``hashing`` nobody can come in by password."""
    return Credentials(
        storage,
        accounts,
        hashing=hashing or Hashing(limits),
        logins=logins or Logins(limits),
        registrations=RegistrationBudget(limits),
        wrong_tokens=WrongTokenBudget(limits),
        bans=Bans() if bans is None else bans,
        sessions=Sessions(),
    )


class House:
    """Credentials on a real database, and how to come in as a visit does.

    :ivar closed: what connections that were ended were told, by the name they attached with
    """

    def __init__(self, credentials: Credentials, storage: Storage, bans: Bans, folder: Path) -> None:
        self.people = credentials
        self.storage = storage
        self.bans = bans
        self.folder = folder
        self.closed: dict[str, Refused] = {}

    def close_of(self, label: str) -> Close:
        """How the connection of this label is closed; equal to itself alone."""
        return _Closing(self.closed, label)

    def attach(
        self, person: Person, label: str, session: str | None = None, *, by_token: bool = False
    ) -> None:
        live = Session(person.id, person.name, "here", self.close_of(label), session, by_token)
        self.people.sessions.attach(live)


@dataclass(frozen=True)
class _Closing:
    closed: dict[str, Refused]
    label: str

    def __call__(self, reason: Refused) -> None:
        self.closed[self.label] = reason


@asynccontextmanager
async def open_house(
    folder: Path, limits: Limits, refused: Counter[str] | None = None
) -> AsyncIterator[House]:
    """With cheap hashes."""
    bans = Bans()
    with cheap_hashes():
        async with (
            open_storage(f"sqlite:///{folder}/a.db", on_committed=lambda _: None) as storage,
            Hashing(limits, refused) as hashing,
        ):
            accounts = Accounts(storage, registrations=lambda _: None, random=Random(7))
            logins = Logins(limits, refused)
            those = people(storage, accounts, limits, bans=bans, hashing=hashing, logins=logins)
            yield House(those, storage, bans, folder)
