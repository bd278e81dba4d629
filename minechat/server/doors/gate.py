"""Who may come in: open connections counted in all and by source, below the descriptor limit."""

import asyncio
import ipaddress
from collections import Counter

#: Descriptors kept for the database, the logs and the listening sockets.
RESERVE = 128


class Gate:
    """Counts the open connections of every door together.

    :param connections: the most in all
    :param per_source: the most of one source; None is no limit
    """

    def __init__(self, connections: int, per_source: int | None) -> None:
        self._most = connections
        self._per_source = per_source
        self._sources: Counter[str] = Counter()
        self._doubtful: dict[str, dict[asyncio.Transport, None]] = {}  # by source, the oldest first
        self._open = 0
        self.refused = 0

    def __len__(self) -> int:
        return self._open

    def admit(self, source: str) -> bool:
        """Counts a connection in, or says no; whoever was admitted must ``leave``.

        Where no place is free, a doubtful connection gives way, of this source if that is crowded.
        """
        full = self._open >= self._most
        crowded = self._per_source is not None and self._sources[source] >= self._per_source
        if (full or crowded) and not self._make_way(source if crowded else next(iter(self._doubtful), "")):
            self.refused += 1
            return False
        self._open += 1
        self._sources[source] += 1
        return True

    def doubt(self, source: str, connection: asyncio.Transport) -> None:
        """This connection may be gone: its peer sends nothing more, and only a write would tell."""
        self._doubtful.setdefault(source, {})[connection] = None

    def _make_way(self, source: str) -> bool:
        doubtful = self._doubtful.get(source)
        if not doubtful:
            return False
        connection = next(iter(doubtful))
        self._forget(source, connection)
        connection.abort()
        return True

    def leave(self, source: str, connection: asyncio.Transport) -> None:
        self._forget(source, connection)
        self._open -= 1
        self._sources[source] -= 1
        if not self._sources[source]:
            del self._sources[source]

    def _forget(self, source: str, connection: asyncio.Transport) -> None:
        doubtful = self._doubtful.get(source)
        if doubtful is not None:
            doubtful.pop(connection, None)
            if not doubtful:
                del self._doubtful[source]


def capacity(connections: int | None, descriptors: int) -> int:
    """The most connections under both the setting and the descriptor limit, so that accept never fails."""
    below = max(1, descriptors - RESERVE)
    return below if connections is None else min(connections, below)


def source_of(peername: object) -> str:
    """The address a connection is counted under: IPv4 whole, IPv6 by its /64 (one household, one network).

    :param peername: what the socket says of its peer
    """
    if not isinstance(peername, tuple) or not peername:
        return "?"
    try:
        address = ipaddress.ip_address(str(peername[0]).partition("%")[0])
    except ValueError:
        return "?"
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
