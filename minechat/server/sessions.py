"""Who is connected: every live connection by its account and by its address, so that it can be ended."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from minechat.errors import Refused

#: Tells a client why, and closes its connection. Called at most once; must not wait.
Close = Callable[[Refused], None]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One live connection. ``person_id`` is None where nobody has logged in, as on the listen port."""

    person_id: int | None
    name: str
    source: str
    close: Close


class Sessions:
    """All live connections. Who attaches one detaches it; the doors bound how many there are."""

    def __init__(self) -> None:
        # By account (a number) and by source (a text); the oldest first.
        self._sessions: dict[int | str, dict[Session, None]] = {}

    def attach(self, session: Session) -> Callable[[], None]:
        """Adds a connection; what is returned takes it out again, and does no harm a second time."""
        keys = _keys(session)
        for key in keys:
            self._sessions.setdefault(key, {})[session] = None

        def detach() -> None:
            for key in keys:
                self._forget(key, session)

        return detach

    def end(self, whom: int | str, reason: Refused) -> int:
        """Closes every connection of an account or a source; returns how many there were."""
        ended = list(self._sessions.pop(whom, ()))
        for session in ended:
            session.close(reason)
        return len(ended)

    def people(self) -> Counter[tuple[int, str]]:
        """Connections of each account that is logged in, by its number and name."""
        return Counter((one.person_id, one.name) for one in self._everyone() if one.person_id is not None)

    def sources(self) -> Counter[str]:
        """Connections of each source, on all ports."""
        return Counter({key: len(those) for key, those in self._sessions.items() if isinstance(key, str)})

    def _everyone(self) -> Iterator[Session]:
        for key, those in self._sessions.items():
            if isinstance(key, int):
                yield from those

    def _forget(self, key: int | str, session: Session) -> None:
        those = self._sessions.get(key, {})
        those.pop(session, None)
        if not those:
            self._sessions.pop(key, None)


def _keys(session: Session) -> list[int | str]:
    account = [] if session.person_id is None else [session.person_id]
    return [*account, *([session.source] if session.source else [])]
