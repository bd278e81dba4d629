"""Who is shut out: bans of accounts and of addresses, in memory, each until its time on the wall clock."""

import math
import time
from collections.abc import Callable, Iterable

from minechat.errors import Refused
from minechat.server.storage import Ban


class Bans:
    """The bans that hold, looked up at every login and at every entrance.

    :param clock: seconds since 1970: a ban outlives the process, so no other clock can end it
    """

    def __init__(self, bans: Iterable[Ban] = (), clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._bans = {subject(ban): ban for ban in bans}

    def put(self, ban: Ban) -> None:
        """Shuts out from now on, in place of a ban of the same account or address."""
        self._bans[subject(ban)] = ban

    def lift(self, whom: int | str) -> None:
        """No harm when it is not there."""
        self._bans.pop(whom, None)

    def refusal(self, whom: int | str) -> Refused | None:
        """What to tell an account (its number) or an address that is banned; None when it is not.

        ``retry_after`` is None for a ban without an end.
        """
        ban = self._bans.get(whom)
        if ban is None:
            return None
        left = math.inf if ban.until is None else ban.until - self._clock()
        if left <= 0:
            del self._bans[whom]
            return None
        return Refused(words(ban.reason), None if ban.until is None else left, "banned")


def subject(ban: Ban) -> int | str:
    """The account's number or the address that a ban is about."""
    if ban.account_id is not None:
        return ban.account_id
    assert ban.source is not None
    return ban.source


def words(reason: str) -> str:
    """What the banned are told."""
    return f"you are banned: {reason}" if reason else "you are banned"
