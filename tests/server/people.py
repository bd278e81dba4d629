"""Those who let people in, as a hub of a test has them."""

from minechat.server.accounts import Accounts
from minechat.server.bans import Bans
from minechat.server.credentials import Credentials
from minechat.server.hashing import Hashing
from minechat.server.limits import RegistrationBudget, WrongTokenBudget
from minechat.server.logins import Logins
from minechat.server.sessions import Sessions
from minechat.server.settings import Limits
from minechat.server.storage import Storage


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
