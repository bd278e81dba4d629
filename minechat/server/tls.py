"""The server's TLS certificate: its files checked with one clear line each, loaded, and loaded anew."""

import errno
import logging
import os
import shlex
import ssl
import stat
import time
from contextlib import suppress

from minechat.errors import CertificateUnusable
from minechat.server.log import event

#: Seconds before its end at which a certificate is called soon over: two weeks.
SOON = 14 * 24 * 3600.0
#: X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED of OpenSSL's x509_vfy.h.
_OUT_OF_DATE = {9: "it is not valid yet", 10: "it has expired"}


class Certificate:
    """A certificate chain and its key, as the context for the next handshake.

    :param cert: file of the chain, the server's own certificate first, PEM
    :param key: file of the private key, PEM; None where the first file holds it too
    :ivar warning: what clients will not like about its dates, in words; None when nothing
    :raises CertificateUnusable: one line that names the file and what is wrong with it
    """

    def __init__(self, cert: str, key: str | None = None) -> None:
        self._cert = cert
        self._key = key
        self._load()

    def reload(self) -> bool:
        """Reads the files again, for handshakes from now on; who is connected stays connected.

        :returns: False when they cannot be used: the log says why, and what was loaded stays in use
        """
        try:
            self._load()
        except CertificateUnusable as error:
            event("certificate_kept", level=logging.ERROR, reason=str(error))
            return False
        event("certificate_loaded", file=self._cert)
        return True

    def _load(self) -> None:
        context = _context(self._cert, self._key)
        self.warning = _warning(context, self._cert)
        self.context = context
        if self.warning is not None:
            event("certificate_out_of_date", level=logging.WARNING, file=self._cert, reason=self.warning)


def _warning(context: ssl.SSLContext, cert: str) -> str | None:
    """What clients will not like about its dates, found by asking a client of our own, without a network.

    :raises CertificateUnusable: that client and this server cannot agree on TLS, or the file is gone
    """
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trust.check_hostname = False
    trust.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the certificate itself is the anchor
    try:
        trust.load_verify_locations(cert)
        ends = _shown(context, trust)
    except ssl.SSLCertVerificationError as error:
        return _OUT_OF_DATE.get(error.verify_code)
    except OSError as error:  # those of OpenSSL too
        raise CertificateUnusable(f"no client could use the certificate in {cert}: {_why(error)}") from None
    left = ssl.cert_time_to_seconds(ends) - time.time()
    return f"it ends in {left / 86400:.0f} days" if left < SOON else None


def _why(error: OSError) -> str:
    reason = getattr(error, "reason", None)
    return reason.lower().replace("_", " ") if reason else str(error.strerror)


def _context(cert: str, key: str | None) -> ssl.SSLContext:
    _check_readable(cert, "certificate")
    if key is not None:
        _check_readable(key, "key")
    _check_private(key or cert)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without tickets a client that posts and closes at once leaves nothing of ours unread, for which its
    # kernel would reset the connection; without renegotiation writing never waits for reading.
    context.num_tickets = 0
    context.options |= ssl.OP_NO_TICKET | ssl.OP_NO_RENEGOTIATION
    try:
        context.load_cert_chain(cert, key, password=_no_password)
    except CertificateUnusable:
        raise CertificateUnusable(f"the key in {key or cert} is locked by a password; take it off") from None
    except ssl.SSLError as error:
        raise CertificateUnusable(_problem(cert, key, error)) from None
    return context


def _no_password() -> str:
    # Without this OpenSSL would ask on the terminal and wait.
    raise CertificateUnusable("locked")


def _problem(cert: str, key: str | None, error: ssl.SSLError) -> str:
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"the key in {key or cert} does not belong to the certificate in {cert}"
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cert)
    except ssl.SSLError:
        return f"{cert} holds no certificate in PEM form"
    if error.reason in (None, "NO_START_LINE", "PEM_LIB", "UNSUPPORTED"):
        return f"{key or cert} holds no private key in PEM form"
    return f"the certificate in {cert} cannot be used: {_why(error)}"


def _check_readable(path: str, what: str) -> None:
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise OSError(errno.EINVAL, "it is not a file")
        with open(path, "rb"):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this cannot be the name of a file"
        raise CertificateUnusable(f"cannot read the {what} {path!r}: {reason}") from None


def _check_private(path: str) -> None:
    """Refuses a key that others may read, by PostgreSQL's rule: ours 0600 or less, root's 0640 or less."""
    if not hasattr(os, "geteuid"):
        return
    status = os.stat(path)
    open_to = 0o077 if status.st_uid == os.geteuid() else 0o037
    if status.st_mode & open_to:
        mode = stat.S_IMODE(status.st_mode)
        mend = f"chmod 600 {shlex.quote(path)}"
        raise CertificateUnusable(f"other users may read the key {path!r} (mode {mode:04o}); run: {mend}")


def _shown(server: ssl.SSLContext, client: ssl.SSLContext) -> str:
    """The end of the certificate that a server of this context shows a client of that one, in memory.

    :raises ssl.SSLCertVerificationError: the client does not take it
    """
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there)
    answering = server.wrap_bio(there, back, server_side=True)
    for side in (asking, answering) * 3:  # TLS 1.2, where the system allows no more, takes that many
        with suppress(ssl.SSLWantReadError):
            side.do_handshake()
    shown = asking.getpeercert() or {}
    return str(shown["notAfter"])
