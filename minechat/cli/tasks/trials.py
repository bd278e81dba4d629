"""What a server would need, tried one by one and given back: limits, ports, certificate, admin socket."""

import os
from collections.abc import Iterator

from minechat import system
from minechat.errors import AddressUnusable, CertificateUnusable
from minechat.server import unix
from minechat.server.doors.gate import RESERVE, capacity
from minechat.server.lockfile import is_locked
from minechat.server.ports import bound, port_of, shown
from minechat.server.settings import Limits, Settings
from minechat.server.status import loopback
from minechat.server.storage.inspection import Finding, Weight
from minechat.server.tls import Certificate

#: Seconds for a server that runs to answer on its admin socket.
ANSWER = 5.0


def limits(limits: Limits) -> Iterator[Finding]:
    """Whether the limits fit each other and the descriptor limit."""
    descriptors = system.raise_descriptor_limit()
    most = capacity(limits.connections, descriptors)
    if limits.connections is None or most == limits.connections:
        yield Finding(Weight.GOOD, f"room for {most} connections")
    else:
        yield Finding(
            Weight.NOTE,
            f"room for {most} connections, not {limits.connections}: the limit of open files is {descriptors}"
            f" and {RESERVE} are kept; raise it with: ulimit -n {limits.connections + RESERVE}",
        )
    if limits.message > limits.send_queue:
        yield Finding(
            Weight.BAD,
            f"a message of {limits.message} bytes would drop every reader: {limits.send_queue} may wait",
        )
    if limits.send_queues < limits.send_queue:
        yield Finding(Weight.NOTE, "all queues together may hold less than one of them")


def port(host: str, number: int, *, served: bool) -> Iterator[Finding]:
    """Whether a port can be opened; it is closed at once.

    :param served: whether a server runs on the database, whose port it then may be
    :raises AddressUnusable: it cannot
    """
    try:
        with bound(host, number) as listening:
            found = port_of(listening)
    except AddressUnusable as error:
        if not served or error.port is None:
            raise
        yield Finding(
            Weight.GOOD, f"{shown(host)}, port {number} is in use, and a server runs on the database"
        )
    else:
        free = f"port {found} is free" if number else "a free port will do"
        yield Finding(Weight.GOOD, f"{shown(host)}, {free}")


def rift_port(settings: Settings, *, served: bool) -> Iterator[Finding]:
    """Whether the port of RIFT can be opened; see ``port``."""
    number = settings.rift_port
    if number is None:
        yield Finding(Weight.GOOD, "none is wanted")
        return
    try:
        yield from port(settings.host, number, served=served)
    except AddressUnusable as error:
        if error.port is None or not settings.rift_port_or_free:
            raise
        yield Finding(Weight.NOTE, f"{number} is taken; a server would take a free one")


def metrics_port(settings: Settings, *, served: bool) -> Iterator[Finding]:
    """Whether the port of the status pages can be opened; see ``port``."""
    number = settings.metrics_port
    if number is None:
        yield Finding(Weight.GOOD, "none is wanted")
        return
    try:
        loopback(number).close()
    except AddressUnusable:
        if served:
            yield Finding(Weight.GOOD, f"{number} is in use, and a server runs on the database")
        elif settings.metrics_port_or_free:
            yield Finding(Weight.NOTE, f"{number} is taken; a server would take a free one")
        else:
            raise
    else:
        yield Finding(Weight.GOOD, f"{number} is free" if number else "a free port will do")


def certificate(settings: Settings, *, self_signed: bool) -> Iterator[Finding]:
    """Whether the certificate and its key can be read, belong together and are still good.

    :raises CertificateUnusable: they cannot be used
    """
    cert, key = settings.certificate, settings.key
    if cert is None:
        yield Finding(Weight.GOOD, "none: both ports speak plainly")
        return
    missing = [path for path in (cert, key) if path is not None and not os.path.lexists(path)]
    if self_signed and missing:
        if len(missing) == 1:
            raise CertificateUnusable(
                f"{missing[0]!r} is missing; bring it back, or remove the other one too"
            )
        yield Finding(Weight.GOOD, f"{cert!r} will be made at the first start")
        return
    warning = Certificate(cert, key).warning
    yield Finding(Weight.GOOD if warning is None else Weight.NOTE, f"{cert!r}: {warning or 'it is good'}")


def admin_socket(path: str | None, *, served: bool) -> Iterator[Finding]:
    """Whether the admin socket can be opened where it is wanted, or the server that runs answers there.

    :raises AddressUnusable: it cannot
    """
    if path is None:
        yield Finding(Weight.NOTE, "unix sockets are not known on this system")
        return
    try:
        if served and is_locked(path):
            with unix.connected(path, ANSWER):
                yield Finding(Weight.GOOD, f"{path!r} is in use by the server that runs")
            return
    except OSError as error:
        reason = error.strerror or error
        raise AddressUnusable(f"the server that runs does not answer on {path!r}: {reason}") from None
    unix.attempt(path)
    yield Finding(Weight.GOOD, f"{path!r} can be opened")
