"""Who may try a password now: each try is charged before the password is looked at."""

import math
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

from minechat.errors import Refused
from minechat.server.log import event
from minechat.server.penalties import AccountDelays, Recent, SourcePenalties
from minechat.server.settings import Limits
from minechat.server.tally import CAPACITY, Tally

MINUTE = 60.0
#: Seconds in which it is counted how often somebody asks.
WINDOW = 600.0
#: Seconds that somebody lets pass who was told to try again; ``hashing.AGAIN`` is a little more.
PATIENT = 0.4


@dataclass(slots=True)
class Attempt:
    """One try of a password.

    :param asked: how often whoever tries did so before
    :param right: to be set when that is known; None gives the charge back
    """

    asked: int
    right: bool | None = None


class Logins:
    """The budgets of tries: of each source and of each account, in bounded memory.

    Charged at the beginning, so that many at once are no way round, and given back when the password was
    right or was never looked at. How often somebody asked is counted be it right or wrong: it decides whose
    turn is next when many wait for a hash.

    :param limits: ``login_penalty`` and what begins so, and ``account_failures``
    :param refused: counts what was refused, by the name of the limit
    """

    def __init__(
        self,
        limits: Limits,
        refused: Counter[str] | None = None,
        clock: Callable[[], float] = monotonic,
        capacity: int = CAPACITY,
    ) -> None:
        self._refused = Counter() if refused is None else refused
        self._clock = clock
        self._penalties = SourcePenalties(limits, clock, capacity)
        self._delays = AccountDelays(limits, clock, capacity)
        self._asked = Tally(WINDOW, clock, capacity)
        self._told: Recent[str, float] = Recent(capacity)  # refused when
        # Tries under way, by source and by account.
        self._sources: Counter[str] = Counter()
        self._accounts: Counter[str] = Counter()

    @contextmanager
    def asking(self, source: str, key: str) -> Iterator[int]:
        """Somebody asks for a hash, which is made in the block; how often they did so before.

        Whoever asks for an account where it has come in before is counted apart from others of that source.
        To be refused in the block costs nothing, but for who was told so a moment ago and did not wait.
        """
        who = f"{source} {key}" if self._delays.trusts(key, source) else source
        asked = self._asked.count(who)
        self._asked.add(who)
        try:
            yield asked
        except Refused:
            now = self._clock()
            if now - self._told.get(who, -math.inf) >= PATIENT:
                self._asked.take_back(who)
            self._told.put(who, now)
            raise

    @contextmanager
    def attempt(self, source: str, key: str) -> Iterator[Attempt]:
        """A try, under way as long as the block; its ``right`` is to be set in it.

        :param key: the canonical key of the account's name, whether or not anybody has it
        :raises Refused: ``too_fast``: the source or the account must wait, ``retry_after`` says how long
        """
        trusted = self._delays.trusts(key, source)
        self._allow("login_penalty", self._penalties.wait(source, self._sources[source]))
        if not trusted:
            self._allow("account_failures", self._delays.wait(key, self._accounts[key]))
            self._delays.charge(key)
        counted = _counted(self._sources, source), _counted(self._accounts, key)
        with counted[0], counted[1], self.asking(source, key) as asked:
            attempt = Attempt(asked)
            try:
                yield attempt
            finally:
                self._settle(source, key, attempt.right, trusted=trusted)

    def _settle(self, source: str, key: str, right: bool | None, *, trusted: bool) -> None:
        if right is not False and not trusted:
            self._delays.give_back(key)
        if right:
            self._delays.succeeded(key, source)
        elif right is False:
            event("login_failed", source=source)
            self._penalties.failed(source)
            if trusted:
                self._delays.failed_trusted(key, source)
            else:
                self._delays.failed(key)

    def _allow(self, limit: str, wait: float) -> None:
        if wait <= 0:
            return
        self._refused[limit] += 1
        event("login_refused", limit=limit)
        seconds = math.ceil(wait)
        raise Refused(f"{_WORDS[limit]}, try again in {seconds} s", seconds, "too_fast")


_WORDS = {
    "login_penalty": "too many logins from your address failed",
    "account_failures": "too many wrong passwords",
}


@contextmanager
def _counted(under_way: Counter[str], key: str) -> Iterator[None]:
    under_way[key] += 1
    try:
        yield
    finally:
        under_way[key] -= 1
        if not under_way[key]:
            del under_way[key]


class ConnectionLogins:
    """How often one connection may name an account, old or new: ``limits.logins`` a minute."""

    __slots__ = ("_clock", "_last")

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        # A limit may have been given with a fraction.
        most = None if limits.logins is None else max(1, int(limits.logins))
        self._last: deque[float] | None = None if most is None else deque(maxlen=most)

    def take(self) -> None:
        """Charges one.

        :raises Refused: ``too_fast``: there were too many in the last minute
        """
        if self._last is None:
            return
        now = self._clock()
        if len(self._last) == self._last.maxlen and now - self._last[0] < MINUTE:
            wait = math.ceil(MINUTE - (now - self._last[0]))
            raise Refused(f"too many logins on one connection, try again in {wait} s", wait, "too_fast")
        self._last.append(now)
