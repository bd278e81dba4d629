"""Who is connected: every live connection by its address and its account, so that an order can end it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from minechat.errors import Refused

Key = TypeVar("Key")

#: Tells a client why, and closes its connection. Called at most once; must not wait.
Close = Callable[[Refused], None]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One live connection, or one visit on it: of an account, from an address, or both.

    :param session: the session token it came by or was given, where there is one
    :param by_token: whether it goes on by the token of the speak port, and ends with it
    """

    person_id: int | None
    name: str
    source: str
    close: Close
    session: str | None = field(default=None, repr=False)
    by_token: bool = True


class Sessions:
    """All that is live. Who attaches something detaches it; the doors bound how much there is.

    :ivar orders: how often connections of an account were ended: what the database said of it before does
        not count after
    """

    def __init__(self) -> None:
        self.orders = 0
        self._accounts: dict[int, dict[Session, None]] = {}  # the oldest first
        self._addresses: dict[str, dict[Session, None]] = {}

    def attach(self, session: Session) -> Callable[[], None]:
        """Adds a visit by its account, a connection without one by its address.

        :returns: takes it out again, and does no harm a second time
        """
        if session.person_id is not None:
            return _added(self._accounts, session.person_id, session)
        return _added(self._addresses, session.source, session)

    def end_account(
        self, person_id: int, reason: Refused, which: Callable[[Session], bool] = lambda _: True
    ) -> int:
        """Closes the visits of an account, or those of them that are meant; returns how many there were."""
        self.orders += 1
        those = {one: None for one in self._accounts.get(person_id, {}) if which(one)}
        for one in those:
            _forget(self._accounts, person_id, one)
        return _ended(those, reason)

    def end_address(self, source: str, reason: Refused) -> int:
        """Closes every connection of an address; returns how many there were."""
        return _ended(self._addresses.pop(source, {}), reason)

    def people(self) -> Counter[tuple[int, str, str]]:
        """How many visits there are of each account: its number, name and address."""
        everyone = (session for those in self._accounts.values() for session in those)
        return Counter((one.person_id, one.name, one.source) for one in everyone if one.person_id is not None)

    def addresses(self) -> Counter[str]:
        """How many connections there are of each address, on all ports."""
        return Counter({source: len(those) for source, those in self._addresses.items()})


def _added(sessions: dict[Key, dict[Session, None]], key: Key, session: Session) -> Callable[[], None]:
    sessions.setdefault(key, {})[session] = None
    return lambda: _forget(sessions, key, session)


def _forget(sessions: dict[Key, dict[Session, None]], key: Key, session: Session) -> None:
    those = sessions.get(key, {})
    those.pop(session, None)
    if not those:
        sessions.pop(key, None)


def _ended(sessions: dict[Session, None], reason: Refused) -> int:
    for session in sessions:
        session.close(reason)
    return len(sessions)
