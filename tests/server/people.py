"""Those who let people in, as a hub of a test has them; hashes that cost little, and a clock."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from minechat.server import hashing as hashing_module
from minechat.server.accounts import Accounts
from minechat.server.bans import Bans
from minechat.server.credentials import Credentials
from minechat.server.hashing import Hashing
from minechat.server.limits import RegistrationBudget, WrongTokenBudget
from minechat.server.logins import Logins
from minechat.server.sessions import Sessions
from minechat.server.settings import Limits
from minechat.server.storage import Storage


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
