"""A certificate that signs itself: made once, its key private from the first system call; fingerprints."""

import datetime
import ipaddress
import os
import ssl
from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from typing import Any

from minechat.errors import CertificateUnusable
from minechat.server.atomic import making
from minechat.system import open_private

#: By what names a server is reached on its own machine.
LOCAL = ("localhost", "127.0.0.1", "::1")
#: Days it is good for: ten years. Whoever pins its fingerprint would have to be told of each new one.
DAYS = 3653
#: More than any certificate with its chain; a larger file is something else.
_MOST = 1024 * 1024
_BEGIN, _END = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"


def ensure(cert_path: str, key_path: str, names: Iterable[str]) -> bool:
    """Makes a certificate and its key where both are missing; returns whether it did.

    An elliptic key on the curve P-256, a certificate in the profile of RFC 5280 that serves TLS. Each file
    has mode 0600 and is there whole or not at all; neither is ever overwritten.

    :param names: host names and addresses to be reached by, for clients that compare the name
    :raises CertificateUnusable: only one of the two is there, a file cannot be written, or the library
        that makes certificates is not installed
    """
    there = [os.path.lexists(path) for path in (key_path, cert_path)]
    if all(there):
        return False
    if any(there):
        found, missing = (key_path, cert_path) if there[0] else (cert_path, key_path)
        raise CertificateUnusable(
            f"{found!r} is there without {missing!r}; bring that back, or remove the one to make both anew"
        )
    certificate, key = _made(names)
    _publish(key_path, key)
    try:
        _publish(cert_path, certificate)
    except BaseException:
        os.unlink(key_path)
        raise
    return True


def remove(cert_path: str, key_path: str) -> None:
    """Takes back what ``ensure`` has just made and nobody has seen."""
    for path in (cert_path, key_path):
        with suppress(FileNotFoundError):
            os.unlink(path)


def fingerprint(cert_path: str) -> str:
    """SHA-256 of the first certificate in a file (PEM), in upper-case pairs with colons between.

    :raises CertificateUnusable: it cannot be read, or holds none
    """
    try:
        with open(cert_path, "rb") as file:
            text = file.read(_MOST).decode("ascii", "ignore")
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"cannot read the certificate {cert_path!r}: {_why(error)}") from None
    body, end, _ = text.partition(_BEGIN)[2].partition(_END)
    try:
        der = ssl.PEM_cert_to_DER_cert(f"{_BEGIN}{body}{_END}") if end else b""
    except ValueError:
        der = b""
    if not der:
        raise CertificateUnusable(f"{cert_path!r} holds no certificate in PEM form")
    return sha256(der).digest().hex(":").upper()


def _made(names: Iterable[str]) -> tuple[bytes, bytes]:
    """A certificate and its key, both PEM."""
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - the extra "tls"
        from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    except ImportError:
        raise CertificateUnusable(
            "making a certificate takes the library cryptography; install it: uv sync --extra tls, "
            "or pip install 'minechat[tls]'"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    plain = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return _certificate(key, names).public_bytes(serialization.Encoding.PEM), plain


def _certificate(key: Any, names: Iterable[str]) -> Any:
    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.x509.oid import ExtendedKeyUsageOID  # noqa: PLC0415

    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "minechat")])
    now = datetime.datetime.now(datetime.UTC)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A day early, for clients whose clocks are behind.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signs_handshakes(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(identifier, critical=False)
    )
    return builder.sign(key, SHA256())


def _signs_handshakes() -> Any:
    from cryptography import x509  # noqa: PLC0415

    others = "content_commitment key_encipherment data_encipherment key_agreement key_cert_sign crl_sign"
    no = dict.fromkeys([*others.split(), "encipher_only", "decipher_only"], False)
    return x509.KeyUsage(digital_signature=True, **no)


def _alternatives(names: Iterable[str]) -> list[Any]:
    """The names as a certificate holds them, each once; an address that stands for all addresses is none."""
    from cryptography import x509  # noqa: PLC0415

    found: dict[Any, None] = {}
    for name in names:
        bare = name.strip("[]").partition("%")[0].removesuffix(".")
        try:
            address = ipaddress.ip_address(bare)
        except ValueError:
            found[x509.DNSName(bare.encode("idna").decode("ascii"))] = None
        else:
            if not address.is_unspecified:
                found[x509.IPAddress(address)] = None
    return list(found)


def _publish(path: str, data: bytes) -> None:
    """Writes a new private file whole under its name, or raises and leaves no trace of it."""
    try:
        with making(path) as new, open(open_private(new, os.O_WRONLY), "wb") as file:
            file.write(data)
    except (OSError, ValueError) as error:
        raise CertificateUnusable(f"cannot write {path!r}: {_why(error)}") from None


def _why(error: Exception) -> str:
    return getattr(error, "strerror", None) or "this cannot be the name of a file"
