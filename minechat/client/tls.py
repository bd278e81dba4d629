"""How a client trusts a server: TLS by certificate authorities, or by the fingerprint of one certificate."""

import asyncio
import os
import re
import ssl
import stat
from functools import cached_property
from typing import Any

from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.errors import CertificateUnusable, ConnectionLost, InvalidInput, NetworkError, TlsNotTrusted

#: Hexadecimal digits of a fingerprint: SHA-256 has 32 bytes.
DIGITS = 64
_FINGERPRINT = rf"[0-9A-F]{{{DIGITS}}}|[0-9A-F]{{2}}(:[0-9A-F]{{2}}){{{DIGITS // 2 - 1}}}"
#: More than all authorities of a system together; a larger file is something else.
_MOST = 16 * 1024 * 1024
#: Seconds in which asyncio would give a handshake up; the connection's own deadline comes first.
_NEVER = 400 * 86400.0
#: Seconds for the peer's last word when a connection is closed.
_CLOSING = 1.0

_ASK = "ask the server's owner for its fingerprint and give that with --tls-fingerprint"
_SPEAKS = "; does it speak TLS at this port?"
_DOUBTFUL = "the certificate of {} cannot be trusted"
#: By OpenSSL's X509_V_ERR_ numbers: what is wrong with a certificate and what to do.
_VERDICTS = {
    9: "the certificate of {} is not valid yet; is the clock of this machine right?",
    10: "the certificate of {} has expired; its owner must renew it, or the clock of this machine is wrong",
    18: "the certificate of {} is self-signed; " + _ASK,
    62: "the certificate of {} is for another name; connect by the name it was made for, or " + _ASK,
    64: "the certificate of {} is for another address; connect by the name it was made for, or " + _ASK,
} | dict.fromkeys(
    (2, 19, 20, 21),
    "the certificate of {} is signed by nobody known here; name its authority with --tls-ca, or " + _ASK,
)
_PLAIN = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "UNEXPECTED_MESSAGE"}
_OLD = {"UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "WRONG_SSL_VERSION", "VERSION_TOO_LOW"}


class Tls:
    """TLS 1.2 or newer, with whom to trust: by default the authorities that this system knows.

    :param ca: a file of authorities (PEM) that are trusted in place of the system's
    :param fingerprint: SHA-256 of the server's certificate (DER): 64 hexadecimal digits, in pairs with
        colons between or without. It alone decides: no authority is asked, no name compared
    :raises InvalidInput: this cannot be a fingerprint, or both are given
    """

    # No dataclass: making one at import costs a plain post as much as all the rest of this file.
    def __init__(self, ca: str | None = None, fingerprint: str | None = None) -> None:
        if ca is not None and fingerprint is not None:
            raise InvalidInput("a fingerprint asks no authority; give it or a file of authorities, not both")
        self.ca = ca
        self.fingerprint = None if fingerprint is None else digits(fingerprint)

    @cached_property
    def context(self) -> ssl.SSLContext:
        """The rules of the handshake.

        :raises CertificateUnusable: the file of authorities cannot be read or holds none
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        # The certificate that was checked stays the one that counts.
        context.options |= ssl.OP_NO_RENEGOTIATION
        if self.fingerprint is not None:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif self.ca is not None:
            _load(context, self.ca)
        else:
            context.load_default_certs()
        return context

    def terms(self, address: Address) -> dict[str, Any]:
        """What ``loop.create_connection`` needs to know for a connection to this address."""
        host = address.wire_host.decode("ascii").partition("%")[0].removesuffix(".")
        return {
            "ssl": self.context,
            "server_hostname": host,
            "ssl_handshake_timeout": _NEVER,
            "ssl_shutdown_timeout": _CLOSING,
        }

    def check(self, transport: asyncio.WriteTransport, address: Address) -> None:
        """Compares the fingerprint, if there is one, after a handshake and before anything else.

        :raises TlsNotTrusted: the server has another certificate; the connection is aborted
        """
        if self.fingerprint is None:
            return
        from hashlib import sha256  # noqa: PLC0415 - most connections are plain

        certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True) or b""
        if sha256(certificate).hexdigest().upper() != self.fingerprint:
            transport.abort()
            raise TlsNotTrusted(
                f"{address} has another certificate than the one of the fingerprint; ask its owner whether "
                "it was replaced, and by which, before anything is sent there"
            )

    def failure(self, exc: OSError, address: Address) -> NetworkError:
        """The error of our tree for what kept a connection from being made."""
        if isinstance(exc, ssl.SSLCertVerificationError):
            verdict = _VERDICTS.get(exc.verify_code, f"{_DOUBTFUL} ({exc.verify_message}); {_ASK}")
            return TlsNotTrusted(verdict.format(address))
        if isinstance(exc, ConnectionResetError | ssl.SSLEOFError):
            return ConnectionLost(f"{address} broke the connection off before TLS was agreed on{_SPEAKS}")
        if isinstance(exc, ssl.SSLError):
            return TlsNotTrusted(_disagreement(exc.reason or "NO_REASON_GIVEN").format(address))
        return network_error(exc, address)


def digits(fingerprint: str) -> str:
    """The 64 hexadecimal digits of a fingerprint, in upper case.

    :raises InvalidInput: this cannot be one
    """
    if not re.fullmatch(_FINGERPRINT, fingerprint.upper()):
        raise InvalidInput(
            f"a fingerprint is {DIGITS} hexadecimal digits, in pairs with colons between or without"
        )
    return fingerprint.upper().replace(":", "")


def _disagreement(reason: str) -> str:
    if reason in _PLAIN:
        return "{} does not speak TLS at this port; is it the right port?"
    if reason in _OLD:
        return "{} speaks no TLS of version 1.2 or newer; its owner must renew it"
    return f"{{}} and this machine cannot agree on TLS: {reason.lower().replace('_', ' ')}"


def _load(context: ssl.SSLContext, path: str) -> None:
    try:
        context.load_verify_locations(cadata=_text(path))
    except (OSError, ValueError) as error:
        # OpenSSL's words on a file that is no PEM help nobody.
        reason = "it holds no certificate" if isinstance(error, ssl.SSLError) else _why(error)
        raise CertificateUnusable(f"the file of authorities {path!r} cannot be used: {reason}") from None


def _text(path: str) -> str:
    # Not by OpenSSL, which waits for ever for the writer of a named pipe.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "it is not a regular file")
        return file.read(_MOST).decode("ascii", "ignore")


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or "this cannot be the name of a file"
