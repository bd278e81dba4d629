"""Budgets: how much an account, a connection or a source may take of the server in a given time."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic

from minechat.errors import Refused
from minechat.server.settings import Limits

WINDOW = 600.0
#: Bytes a message left behind counts at least, or 16 KiB would be thousands of short ones.
LEFT_BEHIND_LEAST = 64


class Pace:
    """A budget that delays: the generic cell rate algorithm (ITU-T I.371, annex A).

    :param rate: units a second in the long run; None is no limit
    :param burst: units that may come at once
    """

    def __init__(self, rate: float | None, burst: float, clock: Callable[[], float] = monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._due = 0.0

    @property
    def fresh(self) -> bool:
        """True when nothing is owed: forgetting this budget changes nothing."""
        return self._due <= self._clock()

    def take(self, units: float = 1.0) -> float:
        """Seconds to wait before these units may pass; they are charged now."""
        if self._rate is None:
            return 0.0
        now = self._clock()
        self._due = max(self._due, now) + units / self._rate
        return max(0.0, self._due - now - self._burst / self._rate)

    def allows(self, units: float) -> bool:
        """Charges the units if they may pass at once; leaves the budget alone if not."""
        if self._rate is None:
            return True
        now = self._clock()
        due = max(self._due, now) + units / self._rate
        if due - now > self._burst / self._rate:
            return False
        self._due = due
        return True


class AccountBudget:
    """What one account may say: messages and bytes a second, and what a dead connection leaves."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._messages = Pace(limits.message_rate, limits.message_burst, clock)
        # A burst of as many full messages as may come at once.
        self._bytes = Pace(limits.byte_rate, limits.message_burst * 4096, clock)
        # What is left by dead connections refills slowly: dying again and again must not pay.
        self._left_behind = Pace(
            None if limits.dump is None else limits.dump / WINDOW, limits.dump or 0, clock
        )

    @property
    def fresh(self) -> bool:
        return self._messages.fresh and self._bytes.fresh and self._left_behind.fresh

    def wait(self, size: int) -> float:
        """Seconds until a message of ``size`` bytes may pass."""
        return max(self._messages.take(), self._bytes.take(size))

    def takes_left_behind(self, size: int) -> bool:
        """Whether a message read from a dead connection, which cannot wait, is still taken.

        It counts as any other where that may pass at once: who always closes at once may talk all day.
        """
        if self._messages.allows(1) and self._bytes.allows(size):
            return True
        return self._left_behind.allows(max(size, LEFT_BEHIND_LEAST))


class AccountBudgets:
    """One budget for each account, kept over its connections so that reconnecting does not refill it."""

    #: Accounts remembered; beyond it the ones that owe nothing are forgotten, then the oldest.
    CAPACITY = 10_000

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._budgets: OrderedDict[int, AccountBudget] = OrderedDict()

    def of(self, account_id: int) -> AccountBudget:
        budget = self._budgets.get(account_id)
        if budget is None:
            if len(self._budgets) >= self.CAPACITY:
                self._forget()
            budget = self._budgets[account_id] = AccountBudget(self._limits, self._clock)
        return budget

    def _forget(self) -> None:
        for account_id in [key for key, budget in self._budgets.items() if budget.fresh]:
            del self._budgets[account_id]
        while len(self._budgets) >= self.CAPACITY:
            self._budgets.popitem(last=False)


class RegistrationBudget:
    """Named registrations of each source, and of all, in the last ten minutes."""

    #: Sources remembered; the oldest is forgotten first.
    CAPACITY = 10_000

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._limits = limits
        self._clock = clock
        self._all: deque[float] = deque()
        self._sources: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, source: str) -> None:
        """Counts one registration.

        :raises Refused: the source, or all together, used up the budget; ``retry_after`` says until when
        """
        if self._limits.registrations is None or self._limits.registrations_in_all is None:
            return
        own = self._sources.get(source) or deque()
        self._check(own, self._limits.registrations)
        self._check(self._all, self._limits.registrations_in_all)
        now = self._clock()
        own.append(now)
        self._all.append(now)
        self._sources[source] = own
        self._sources.move_to_end(source)
        if len(self._sources) > self.CAPACITY:
            self._sources.popitem(last=False)

    def _check(self, times: deque[float], most: int) -> None:
        now = self._clock()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= most:
            raise Refused("too many new accounts", math.ceil(times[0] + WINDOW - now))
