"""Who may come in: open connections counted in all and by source, and who gives way when it gets full."""

import math
from collections import Counter
from collections.abc import Callable
from enum import Enum
from random import Random
from time import monotonic
from typing import Protocol

from minechat.errors import Refused
from minechat.server import addresses
from minechat.server.figures import Figures
from minechat.server.limits import WINDOW
from minechat.server.log import event
from minechat.server.settings import Limits
from minechat.server.tally import Tally

#: Descriptors kept for the database, the logs and the listening sockets.
RESERVE = 128
#: Seconds in which a stranger is never sent away: enough for a login over any network.
PATIENCE = 1.0
#: Seconds after which to try again where nobody can know when a place will be free.
LATER = 30.0


class Guest(Protocol):
    """One connection, of either port: "read" or "write"."""

    PORT: str

    def give_way(self, reason: Refused) -> None:
        """Says why where its wire has words for it, and closes at once."""

    def expel(self, reason: Refused) -> None:
        """The same by an order of the owner, after the answers that are due."""


class Verdict(Enum):
    ENTERS = "the newcomer takes a free place"
    DOUBTFUL_GIVES_WAY = "the newcomer takes the place of a connection that may be gone already"
    STRANGER_GIVES_WAY = "the newcomer takes the place of the stranger that has been here the longest"
    REFUSED = "nobody gives way"


def judge(filled: float, early: float, chance: float, *, doubtful: bool, waited: float) -> Verdict:
    """Who gives way to a newcomer: the whole rule of a server that fills up.

    From ``early`` on someone is asked to give way, with a probability that rises to certainty when the server
    is full (random early drop, as ``MaxStartups`` of sshd_config(5)): first who may be gone already,
    then the stranger that has been here the longest, but nobody gets less than ``PATIENCE``. So a flood of
    silent connections drives out itself, and who logs in has the time for it. Where nobody can give way the
    newcomer takes a free place while there is one.

    A stranger is a connection that has not said who it is: on the speak port until it is introduced, on
    both during the TLS handshake. A reader is none from the moment it may listen: it has no way to prove
    itself, and if young readers gave way a flood of them would be exchanged for itself. Members and readers
    never give way.

    :param filled: the share of all places that is taken
    :param early: the share from which on strangers give way
    :param chance: drawn at random, 0 <= chance < 1
    :param doubtful: whether anyone inside may be gone already
    :param waited: seconds that the longest waiting stranger has been here; negative where there is none
    """
    pressure = 1.0 if filled >= 1 else (filled - early) / (1 - early) if filled > early else 0.0
    if chance >= pressure:
        return Verdict.ENTERS
    if doubtful:
        return Verdict.DOUBTFUL_GIVES_WAY
    if waited >= PATIENCE:
        return Verdict.STRANGER_GIVES_WAY
    return Verdict.REFUSED if filled >= 1 else Verdict.ENTERS


class Gate:
    """Counts the open connections of every door together.

    :param most: places in all, as ``capacity`` tells
    :param limits: ``connections_per_source``, ``new_connections``, ``boot_wait`` and ``early_drop`` are its
    :param barred: what to tell a source that the owner shut out
    :param attach: called with who enters and its source, so that an order of the owner can end it; what it
        returns is called when it leaves
    """

    def __init__(
        self,
        most: int,
        limits: Limits,
        figures: Figures | None = None,
        *,
        barred: Callable[[str], Refused | None] = lambda source: None,
        attach: Callable[[Guest, str], Callable[[], None]] = lambda guest, source: lambda: None,
        clock: Callable[[], float] = monotonic,
        random: Random | None = None,
    ) -> None:
        self._most = most
        self._limits = limits
        self._figures = figures or Figures()
        self._barred = barred
        self._attach = attach
        self._clock = clock
        self._random = random or Random()
        self._counted_from = clock() + limits.boot_wait
        self._begun = Tally(WINDOW, clock)
        self._guests: dict[Guest, tuple[str, Callable[[], None]]] = {}  # its source, how to detach it
        self._sources: Counter[str] = Counter()
        self._strangers: dict[Guest, float] = {}  # since when, the longest first
        self._doubtful: dict[str, dict[Guest, None]] = {}  # by source, the oldest first

    def __len__(self) -> int:
        """Connections inside."""
        return len(self._guests)

    def ports(self) -> Counter[str]:
        """Connections inside by port, those in the TLS handshake too."""
        return Counter(guest.PORT for guest in self._guests)

    def admit(self, source: str, guest: Guest, *, stranger: bool = False) -> Refused | None:
        """Counts a connection in, which must ``leave``, or returns what to tell it.

        :param stranger: it gives way until it is ``known``
        """
        refusal = self._refusal(source)
        if refusal is not None:
            return refusal
        self._guests[guest] = source, self._attach(guest, source)
        self._sources[source] += 1
        if stranger:
            self._strangers[guest] = self._clock()
        if self._limits.new_connections is not None and self._clock() >= self._counted_from:
            self._begun.add(source)
        return None

    def known(self, guest: Guest) -> None:
        """This stranger is none any more; no harm where it was none."""
        self._strangers.pop(guest, None)

    def doubt(self, guest: Guest) -> None:
        """This connection may be gone: its peer sends nothing more, and only a write would tell."""
        if guest in self._guests:
            self._doubtful.setdefault(self._guests[guest][0], {})[guest] = None

    def leave(self, guest: Guest) -> None:
        source, detach = self._guests.pop(guest)
        detach()
        self.known(guest)
        self._trust(guest, source)
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]

    def _refusal(self, source: str) -> Refused | None:
        barred = self._barred(source)
        if barred is not None:
            return self._refuse("banned", source, barred)
        crowded = self._limits.connections_per_source
        if crowded is not None and self._sources[source] >= crowded and not self._doubtful_left(source):
            reason = "too many connections from your address"
            return self._refuse("connections_per_source", source, Refused(reason, LATER))
        wait = 0.0
        if self._limits.new_connections is not None:
            wait = self._begun.wait(source, self._limits.new_connections)
        if wait:
            reason = "too many new connections from your address"
            return self._refuse("new_connections", source, Refused(reason, math.ceil(wait)))
        if not self._room():
            return self._refuse("connections", source, Refused("the server is full", LATER))
        return None

    def _refuse(self, limit: str, source: str, refusal: Refused) -> Refused:
        self._figures.refused[limit] += 1
        event("connection_refused", limit=limit, source=source)
        return refusal

    def _room(self) -> bool:
        """Whether there is a place for one more; whoever must give way does."""
        stranger, since = next(iter(self._strangers.items()), (None, math.inf))
        filled = len(self._guests) / self._most
        verdict = judge(
            filled,
            self._limits.early_drop,
            self._random.random(),
            doubtful=bool(self._doubtful),
            waited=self._clock() - since,
        )
        if verdict is Verdict.DOUBTFUL_GIVES_WAY:
            return self._doubtful_left(next(iter(self._doubtful)))
        if verdict is Verdict.STRANGER_GIVES_WAY:
            assert stranger is not None
            self._send_away(stranger)
        return verdict is not Verdict.REFUSED

    def _doubtful_left(self, source: str) -> bool:
        """Closes the oldest doubtful connection of a source; False where there is none."""
        guest = next(iter(self._doubtful.get(source, ())), None)
        if guest is None:
            return False
        self._trust(guest, source)
        self._figures.dropped["half_closed"] += 1
        event("half_closed_connection_dropped", source=source)
        guest.give_way(Refused("the server is full", LATER))
        return True

    def _send_away(self, stranger: Guest) -> None:
        self.known(stranger)
        reason = Refused("too many are here who have not said who they are", LATER)
        self._refuse("early_drop", self._guests[stranger][0], reason)
        stranger.give_way(reason)

    def _trust(self, guest: Guest, source: str) -> None:
        doubtful = self._doubtful.get(source)
        if doubtful is not None:
            doubtful.pop(guest, None)
            if not doubtful:
                del self._doubtful[source]


def capacity(connections: int | None, descriptors: int) -> int:
    """The most connections under both the setting and the descriptor limit, so that accept never fails."""
    below = max(1, descriptors - RESERVE)
    return below if connections is None else min(connections, below)


def source_of(peername: object) -> str:
    """What a connection is counted under: its address as ``addresses.source`` has it, "?" where it has none.

    :param peername: what the socket says of its peer
    """
    if not isinstance(peername, tuple) or not peername:
        return "?"
    return addresses.source(str(peername[0])) or "?"
