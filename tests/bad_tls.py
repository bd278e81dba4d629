"""Servers that no client may trust, each on a port of loopback, with all that ever reaches them on record."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.certificates import Issued, issue

GREETING = b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n"
#: Seconds after which a server gives a client up that does not leave.
PATIENCE = 30.0
_BLOCK = 1 << 16

Behaviour = Callable[["Recorded", socket.socket], None]


@dataclass
class Recorded:
    """A listening port: each connection goes through ``behave`` in a thread of its own.

    :ivar raw: all bytes that clients sent
    :ivar read: what was encrypted in them
    :ivar accepted: each connection so far
    """

    behave: Behaviour
    raw: bytes = b""
    read: bytes = b""
    accepted: list[socket.socket] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def _start(self, work: Callable[[], None]) -> None:
        self._threads.append(threading.Thread(target=work, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.accepted.append(connection)
            connection.settimeout(PATIENCE)
            self._start(lambda connection=connection: self._serve(connection))  # type: ignore[misc]

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # the client has left, as it should
            self.behave(self, connection)

    def receive(self, connection: socket.socket) -> bytes:
        """The client's next bytes, b"" when it has left."""
        data = connection.recv(_BLOCK)
        self.raw += data
        return data

    def until_gone(self, connection: socket.socket) -> None:
        while self.receive(connection):
            pass

    def close(self) -> None:
        for sock in (self._listener, *self.accepted):
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(PATIENCE)


def speaking_tls(context: ssl.SSLContext) -> Behaviour:
    """Shakes hands, greets, and reads whatever comes."""

    def behave(server: Recorded, connection: socket.socket) -> None:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(incoming, outgoing, server_side=True)
        greeted = False
        while True:
            try:
                if not greeted:
                    tls.do_handshake()
                    tls.write(GREETING)
                    greeted = True
                if not (data := tls.read()):
                    tls.unwrap()  # the client has said its last word
                    return
                server.read += data
                continue
            except ssl.SSLWantReadError:
                pass
            finally:
                connection.sendall(outgoing.read())
            data = server.receive(connection)
            if not data:
                return
            incoming.write(data)

    return behave


def saying(data: bytes) -> Behaviour:
    """Says this at once, in plain text."""

    def behave(server: Recorded, connection: socket.socket) -> None:
        connection.sendall(data)
        server.until_gone(connection)

    return behave


def stalling(server: Recorded, connection: socket.socket) -> None:
    server.until_gone(connection)


def dripping(server: Recorded, connection: socket.socket) -> None:
    """Begins a record of TLS and sends a byte of it now and then: no single wait is long."""
    connection.sendall(b"\x16\x03\x03\x10\x00")
    connection.settimeout(0.2)
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        connection.sendall(b"\x02")
        with suppress(TimeoutError):
            if not server.receive(connection):
                return


def leaving(server: Recorded, connection: socket.socket) -> None:
    server.receive(connection)


@dataclass(frozen=True)
class Case:
    """One server that must not be trusted.

    :param trust: the client's options, by which it would be trusted were it not for its fault
    :param told: a part of the line that the client ends with
    :param name: the host by which the client goes there
    """

    server: Recorded
    trust: tuple[str, ...]
    told: str
    name: str = "127.0.0.1"


@contextmanager
def bad_servers(folder: Path) -> Iterator[dict[str, Case]]:
    """Every kind, by its name; they end with the block."""
    made = _Made(folder)
    cases = made.certificates() | made.versions() | made.behaviours()
    try:
        yield cases
    finally:
        for case in cases.values():
            case.server.close()


class _Made:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._authority = issue("Authority of the tests", authority=True)
        self._ca = ("--tls-ca", str(self._authority.save(folder, "authority")[0]))
        self._good = issue("127.0.0.1", by=self._authority)

    def _serving(self, name: str, issued: Issued, newest: ssl.TLSVersion | None = None) -> Recorded:
        return Recorded(speaking_tls(issued.context(self._folder, name, newest)))

    def certificates(self) -> dict[str, Case]:
        ours = self._authority
        stranger = issue("Authority of nobody", authority=True)
        no_authority = issue("127.0.0.1", by=ours)
        weak = rsa.generate_private_key(65537, 1024)
        issued = {
            "expired": (issue("127.0.0.1", by=ours, begins=-9, ends=-1), self._ca, "has expired"),
            "not yet valid": (issue("127.0.0.1", by=ours, begins=1), self._ca, "not valid yet"),
            "for another name": (issue("chat.example", by=ours), self._ca, "for another address"),
            "self-signed": (issue("127.0.0.1"), ("--tls",), "is self-signed"),
            "of an unknown authority": (issue("127.0.0.1", by=stranger), ("--tls",), "by nobody known here"),
            "signed by no authority": (issue("127.0.0.1", by=no_authority), self._ca, "cannot be trusted"),
            "for clients only": (
                issue("127.0.0.1", by=ours, usage=ExtendedKeyUsageOID.CLIENT_AUTH),
                self._ca,
                "cannot be trusted",
            ),
            "with a weak key": (issue("127.0.0.1", by=ours, key=weak), self._ca, "cannot be trusted"),
            "not the pinned one": (
                self._good,
                ("--tls-fingerprint", issue("127.0.0.1").fingerprint),
                "another certificate than the one of the fingerprint",
            ),
        }
        cases = {
            name: Case(self._serving(name, which), trust, told)
            for name, (which, trust, told) in issued.items()
        }
        elsewhere = self._serving("elsewhere", issue("127.0.0.1", by=ours))
        return cases | {"for an address only": Case(elsewhere, self._ca, "for another name", "localhost")}

    def versions(self) -> dict[str, Case]:
        old = {"TLS 1.0": ssl.TLSVersion.TLSv1, "TLS 1.1": ssl.TLSVersion.TLSv1_1}
        return {
            name: Case(self._serving(name, self._good, version), self._ca, "no TLS of version 1.2")
            for name, version in old.items()
        }

    def behaviours(self) -> dict[str, Case]:
        by_name: dict[str, tuple[Behaviour, str]] = {
            "plain text": (saying(GREETING), "does not speak TLS at this port"),
            "noise": (saying(b"\x16\x03\x03\x00\x40" + b"\xff" * 64), "does not speak TLS at this port"),
            "no cipher in common": (saying(b"\x15\x03\x03\x00\x02\x02\x28"), "cannot agree on TLS"),
            "a stalled handshake": (stalling, "does this port speak TLS?"),
            "a dripping handshake": (dripping, "does this port speak TLS?"),
            "gone in the handshake": (leaving, "before TLS was agreed on"),
        }
        return {name: Case(Recorded(how), self._ca, told) for name, (how, told) in by_name.items()}
