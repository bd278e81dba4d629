"""What a server would need, tried one by one and given back: limits, ports, certificate, admin socket."""

import os
import stat
from collections.abc import Iterator

from minechat import system
from minechat.errors import AddressUnusable, CertificateUnusable
from minechat.server.doors.gate import RESERVE, capacity
from minechat.server.ports import bound, port_of, shown
from minechat.server.settings import Limits, Settings
from minechat.server.status import loopback
from minechat.server.storage.inspection import Finding, Weight
from minechat.server.tls import Certificate


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
        yield Finding(Weight.GOOD, f"{shown(host)}, port {found if number else 'any'} is free")


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
        yield Finding(Weight.GOOD, f"{number if number else 'any'} is free")


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
    """Whether the admin socket can be made where it is wanted.

    :raises AddressUnusable: it cannot
    """
    if path is None:
        yield Finding(Weight.NOTE, "unix sockets are not known on this system")
        return
    folder = os.path.dirname(path) or os.curdir
    if not os.path.isdir(folder) or not os.access(folder, os.W_OK | os.X_OK):
        raise AddressUnusable(
            f"cannot make the admin socket {path!r}: its folder is missing or not ours to write"
        )
    if os.path.lexists(path) and not stat.S_ISSOCK(os.lstat(path).st_mode):
        raise AddressUnusable(f"cannot make the admin socket {path!r}: something else is there")
    in_use = served and os.path.lexists(path)
    yield Finding(Weight.GOOD, f"{path!r} {'is in use by the server that runs' if in_use else 'can be made'}")
