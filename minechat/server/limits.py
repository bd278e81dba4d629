"""Budgets: how much an account, a connection or a source may take of the server in a given time."""

import math
from collections import Counter, OrderedDict
from collections.abc import Callable
from time import monotonic

from minechat.errors import Refused
from minechat.server.log import event
from minechat.server.settings import Limits
from minechat.server.tally import Tally

#: Seconds in which registrations are counted, and wrong tokens.
WINDOW = 600.0
MINUTE = 60.0
#: Bytes a message left behind counts at least, or 16 KiB would be thousands of short ones.
LEFT_BEHIND_LEAST = 64
#: Seconds that rounding may add to a wait: who keeps to a budget exactly must not be over it by chance.
ROUNDING = 1e-6


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
        wait = self._due - now - self._burst / self._rate
        return wait if wait > ROUNDING else 0.0

    def allows(self, units: float) -> bool:
        """Charges the units if they may pass at once; leaves the budget alone if not."""
        if self._rate is None:
            return True
        now = self._clock()
        due = max(self._due, now) + units / self._rate
        if due - now > self._burst / self._rate + ROUNDING:
            return False
        self._due = due
        return True


class AccountBudget:
    """What one account may say and read: messages, bytes, pages of history, what a dead connection leaves."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = monotonic) -> None:
        self._messages = Pace(limits.message_rate, limits.message_burst, clock)
        # A burst of as many full messages as may come at once.
        self._bytes = Pace(limits.byte_rate, limits.message_burst * limits.message, clock)
        self._pages = Pace(limits.history_rate, limits.history_burst, clock)
        # What is left by dead connections refills slowly: dying again and again must not pay.
        self._left_behind = Pace(
            None if limits.dump is None else limits.dump / WINDOW, limits.dump or 0, clock
        )

    @property
    def fresh(self) -> bool:
        paces = (self._messages, self._bytes, self._left_behind, self._pages)
        return all(pace.fresh for pace in paces)

    def wait(self, size: int) -> float:
        """Seconds until a message of ``size`` bytes may pass."""
        return max(self._messages.take(), self._bytes.take(size))

    def wait_for_page(self) -> float:
        """Seconds until another page of history may be asked for."""
        return self._pages.take()

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


class MinuteBudget:
    """How often each account did one thing in the last minute.

    :param most: times; None: no limit
    :param words: of the refusal
    """

    def __init__(self, most: int | None, words: str, clock: Callable[[], float] = monotonic) -> None:
        self._most = most
        self._words = words
        self._done = Tally(MINUTE, clock)

    def wait(self, account_id: int) -> float:
        """Seconds until it may be done once more; counts nothing."""
        return 0.0 if self._most is None else self._done.wait(str(account_id), self._most)

    def refusal(self, wait: float) -> Refused:
        return Refused(self._words, math.ceil(wait), "too_fast")

    def take(self, account_id: int) -> None:
        """Counts once.

        :raises Refused: ``too_fast``: the account used up the budget; ``retry_after`` says until when
        """
        wait = self.wait(account_id)
        if wait:
            raise self.refusal(wait)
        self.add(account_id)

    def add(self, account_id: int) -> None:
        """Counts once, whatever was done before."""
        if self._most is not None:
            self._done.add(str(account_id))

    def give_back(self, account_id: int) -> None:
        """It came to nothing: it does not count."""
        self._done.take_back(str(account_id))


class RegistrationBudget:
    """Named registrations of each source, and of all, in the last ten minutes.

    :param refused: counts what was refused, by the name of the limit
    """

    def __init__(
        self,
        limits: Limits,
        refused: Counter[str] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._limits = limits
        self._refused = Counter() if refused is None else refused
        self._sources = Tally(WINDOW, clock)
        self._all = Tally(WINDOW, clock)

    def take(self, source: str) -> None:
        """Counts one registration.

        :raises Refused: the source, or all together, used up the budget; ``retry_after`` says until when
        """
        self._check("registrations", self._sources, source, self._limits.registrations)
        self._check("registrations_in_all", self._all, "", self._limits.registrations_in_all)
        self._sources.add(source)
        self._all.add("")

    def give_back(self, source: str) -> None:
        """No account was made: it does not count."""
        self._sources.take_back(source)
        self._all.take_back("")

    def _check(self, limit: str, tally: Tally, source: str, most: int | None) -> None:
        wait = 0.0 if most is None else tally.wait(source, most)
        if wait:
            self._refused[limit] += 1
            event("registration_refused", limit=limit, source=source or "all")
            raise Refused("too many new accounts", math.ceil(wait), "too_fast")


class WrongTokenBudget:
    """Tokens nobody has that each source tried in the last minute.

    Charged before the token is looked up, so that trying many at once is no way round it, and given back
    when somebody has it.

    :param refused: counts what was refused, by the name of the limit
    """

    def __init__(
        self,
        limits: Limits,
        refused: Counter[str] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._most = limits.wrong_tokens
        self._refused = Counter() if refused is None else refused
        self._sources = Tally(MINUTE, clock)

    def check(self, source: str) -> None:
        """Counts nothing.

        :raises Refused: the source used up the budget; ``retry_after`` says until when
        """
        wait = 0.0 if self._most is None else self._sources.wait(source, self._most)
        if wait:
            self._refused["wrong_tokens"] += 1
            event("token_refused", limit="wrong_tokens", source=source)
            raise Refused("too many unknown tokens", math.ceil(wait), "too_fast")

    def add(self, source: str) -> None:
        """Counts a wrong token."""
        if self._most is not None:
            self._sources.add(source)

    def take(self, source: str) -> None:
        """Counts a token that may be wrong.

        :raises Refused: as ``check``
        """
        self.check(source)
        self.add(source)

    def give_back(self, source: str) -> None:
        """The token was somebody's: it does not count."""
        if self._most is not None:
            self._sources.take_back(source)
