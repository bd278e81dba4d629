"""Whose turn is next when many wait for a scarce thing: who behaved first, then each source by turns."""

from collections import Counter
from dataclasses import dataclass
from enum import IntEnum


class Standing(IntEnum):
    """How somebody who asks has behaved so far; a lesser one is served first and gives way last."""

    KNOWN = 0
    """This account has come in from there before."""
    NEW = 1
    FAILED = 2
    """Logins from there failed a short while ago."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks.

    :param source: for example an address; those of one source take turns with all others as one
    """

    source: str
    standing: Standing = Standing.NEW


class Waiting:
    """Those who wait, and where those are from who are served.

    Whoever has a better standing is served first. Of one standing the next is from the source that has the
    fewest served or waiting before it, of those from the one whose turn was the longest ago, and of those the
    one that came first: a source that asks a hundred times at once waits for itself, and nobody else for it.

    :param most: so many may wait; with one more the last in order is shed, be it the newcomer
    :param places: so many are served at once; those who failed never take the last free place of several, so
        that nobody else waits for them and the machine is not busy with them alone
    """

    def __init__(self, most: int, places: int) -> None:
        self._most = most
        self._places = places
        self._waiting: dict[object, Asker] = {}  # in the order they came
        self._served: dict[object, Asker] = {}
        self._turns: dict[str, int] = {}  # the last one of each source that is here
        self._turn = 0

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def served(self) -> int:
        """How many are served."""
        return len(self._served)

    def add(self, ticket: object, asker: Asker) -> None:
        """Lets somebody wait; ``take`` and then ``shed`` are to follow.

        :param ticket: stands for this request; any object, equal to no other
        """
        self._waiting[ticket] = asker

    def shed(self) -> object | None:
        """The ticket that gives way, as too many wait, and waits no longer; None when there is room."""
        if len(self._waiting) <= self._most:
            return None
        last = self._order()[-1]
        del self._waiting[last]
        return last

    def leave(self, ticket: object) -> None:
        """This one waits no more; no harm when it is served or gone."""
        self._waiting.pop(ticket, None)

    def take(self) -> object | None:
        """The ticket that is served from now on; None when nobody waits who may be served now."""
        if not self._waiting or len(self._served) >= self._places:
            return None
        first = self._order()[0]
        if self._waiting[first].standing is Standing.FAILED and self._takes_last_place():
            return None
        asker = self._served[first] = self._waiting.pop(first)
        self._turn += 1
        self._turns[asker.source] = self._turn
        return first

    def done(self, ticket: object) -> None:
        """This one is served no more."""
        self._served.pop(ticket, None)
        here = {asker.source for asker in (*self._waiting.values(), *self._served.values())}
        self._turns = {source: turn for source, turn in self._turns.items() if source in here}

    def _takes_last_place(self) -> bool:
        return self._places > 1 and len(self._served) == self._places - 1

    def _order(self) -> list[object]:
        ahead = Counter(asker.source for asker in self._served.values())
        ranks: dict[object, tuple[int, int, int]] = {}
        for ticket, asker in self._waiting.items():
            ranks[ticket] = (asker.standing, ahead[asker.source], self._turns.get(asker.source, 0))
            ahead[asker.source] += 1
        return sorted(ranks, key=ranks.__getitem__)  # stable: who came first is first
