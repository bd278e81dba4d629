"""Where a server is: a host and a port, checked before anything is looked up."""

import re
import socket
from dataclasses import dataclass

from minechat.errors import InvalidInput

#: A network interface: its name on Unix (IFNAMSIZ is 16), its number on Windows.
_ZONE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,14}")
_NOT_IN_A_NAME = frozenset(" /\\@?#%[]<>\"'`,;|(){}*!&=+$^~:")


@dataclass(frozen=True)
class Address:
    """A host name or an IP address, and a TCP port from 1 to 65535.

    An IPv6 address may stand in brackets and may carry a zone (``fe80::1%eth0``, RFC 4007).

    :raises InvalidInput: it cannot be an address; the message names the value
    """

    host: str
    port: int

    def __post_init__(self) -> None:
        host = self.host
        if host.startswith("[") and host.endswith("]") and ":" in host:
            object.__setattr__(self, "host", host[1:-1])
        problem = _problem(self.host)
        if problem:
            raise InvalidInput(f"the host {_shown(host)} cannot be one: {problem}")
        if not 1 <= self.port <= 65535:
            raise InvalidInput(f"the port {self.port} is not between 1 and 65535")

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def wire_host(self) -> bytes:
        """The host as name servers know it: ASCII, other letters by IDNA (RFC 3490).

        As bytes, so that the socket module loads no IDNA tables for a plain name.
        """
        return self.host.encode("ascii" if self.host.isascii() else "idna")


def _problem(host: str) -> str | None:
    if not 1 <= len(host) <= 255:
        return "it is empty" if not host else "it is longer than 255 characters"
    if host.count(":") > 1:
        return _problem_of_ipv6(host)
    if ":" in host:
        return "a port is a setting of its own"
    bad = next((c for c in host if c in _NOT_IN_A_NAME or not c.isprintable()), None)
    if bad is not None:
        return f"it holds {bad!r}"
    return None if host.isascii() else _problem_of_idna(host)


def _problem_of_idna(host: str) -> str | None:
    try:
        host.encode("idna")
    except UnicodeError:
        return "no internet name is written so"
    return None


def _problem_of_ipv6(host: str) -> str | None:
    literal, percent, zone = host.partition("%")
    try:
        socket.inet_pton(socket.AF_INET6, literal)
    except (OSError, ValueError):
        return "it is no IPv6 address"
    if percent and not _ZONE.fullmatch(zone):
        return "the zone behind % is no network interface"
    return None


def _shown(host: str) -> str:
    return repr(host if len(host) <= 80 else host[:80] + "...")
