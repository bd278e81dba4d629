"""What failed logins cost the source they come from, and the account they were meant for."""

from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import TypeVar

from minechat.server.settings import Limits
from minechat.server.tally import CAPACITY, Tally

HOUR = 3600.0
#: Failed logins of an account in a row that cost it nothing; as many more from where it has come in before.
FREE = 10
#: Seconds of delay after the next one, doubled with each that follows, and the most: no hard lock, but
#: one guess a minute.
DELAY, LONGEST_DELAY = 1.0, 60.0
#: Seconds after which to try again when others of the same are being checked at this moment.
SOON = 1.0

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(OrderedDict[Key, Value]):
    """So many values at most: the one that was put in the longest ago is forgotten."""

    def __init__(self, capacity: int) -> None:
        super().__init__()
        self._capacity = capacity

    def put(self, key: Key, value: Value) -> None:
        self[key] = value
        self.move_to_end(key)
        if len(self) > self._capacity:
            self.popitem(last=False)


class SourcePenalties:
    """What each source owes: ``login_penalty`` more with a failure, and a second less each second.

    As OpenSSH's ``PerSourcePenalties`` (sshd_config(5)), but for sessions that go on.
    """

    def __init__(
        self, limits: Limits, clock: Callable[[], float] = monotonic, capacity: int = CAPACITY
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._paid_off: Recent[str, float] = Recent(capacity)

    def wait(self, source: str, checking: int) -> float:
        """Seconds until the source may try again; 0 when it may now.

        :param checking: tries of it that are under way, which may all fail
        """
        if self._limits.login_penalty is None:
            return 0.0
        over = self._owes(source) - self._limits.login_penalty_from
        if over > 0:
            return over
        return SOON if over + checking * self._limits.login_penalty > 0 else 0.0

    def failed(self, source: str) -> None:
        owes = self._owes(source) + (self._limits.login_penalty or 0.0)
        self._paid_off.put(source, self._clock() + min(owes, self._limits.login_penalty_most))

    def _owes(self, source: str) -> float:
        return max(0.0, self._paid_off.get(source, 0.0) - self._clock())


class AccountDelays:
    """What each account bears: a growing delay after ``FREE`` failures in a row, and so many in an hour.

    Whoever made them, and whether or not there is such an account: it is told by the canonical key of its
    name. Where it has come in before it is trusted, so that its owner still comes in while others guess.
    """

    def __init__(
        self, limits: Limits, clock: Callable[[], float] = monotonic, capacity: int = CAPACITY
    ) -> None:
        self._most = limits.account_failures
        self._clock = clock
        self._failed: Recent[str, tuple[int, float]] = Recent(capacity)  # in a row, next try when
        self._hourly = Tally(HOUR, clock, capacity)
        # Failures from where it has come in, since it did.
        self._trusted: Recent[tuple[str, str], int] = Recent(capacity)

    def trusts(self, key: str, source: str) -> bool:
        return (key, source) in self._trusted

    def wait(self, key: str, checking: int) -> float:
        """Seconds until somebody may try again; 0 when they may now.

        :param checking: tries of it that are under way, which may all fail
        """
        if self._most is None:
            return 0.0
        failures, next_at = self._failed.get(key, (0, 0.0))
        wait = max(next_at - self._clock(), self._hourly.wait(key, self._most))
        if wait > 0:
            return wait
        return SOON if checking and failures + checking >= FREE else 0.0

    def charge(self, key: str) -> None:
        """A try begins from where it is not trusted."""
        self._hourly.add(key)

    def give_back(self, key: str) -> None:
        """The try was none that failed."""
        self._hourly.take_back(key)

    def failed(self, key: str) -> None:
        """A try failed from where it is not trusted."""
        failures = self._failed.get(key, (0, 0.0))[0] + 1
        doublings = min(failures - FREE, 10)
        delay = 0.0 if doublings < 0 else min(DELAY * 2**doublings, LONGEST_DELAY)
        self._failed.put(key, (failures, self._clock() + delay))

    def failed_trusted(self, key: str, source: str) -> None:
        """A try failed from where it is trusted: with the last of ``FREE`` in a row it is no longer."""
        failures = self._trusted.pop((key, source), 0) + 1
        if failures < FREE:
            self._trusted.put((key, source), failures)

    def succeeded(self, key: str, source: str) -> None:
        self._failed.pop(key, None)
        self._trusted.put((key, source), 0)
