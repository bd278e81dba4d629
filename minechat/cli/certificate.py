"""A server's certificate as its options want it: which files, made where they must be, told to friends."""

import os
import sys
from ipaddress import ip_address

from minechat.cli import report, sentences
from minechat.cli.checks import loopback
from minechat.cli.typed_server import ServerOptions
from minechat.server.selfsigned import fingerprint
from minechat.server.storage import file_of


def files(options: ServerOptions) -> tuple[str | None, str | None]:
    """The files of the certificate and of its key; None where the server has none, or both are in one file.

    :raises DatabaseUnusable: they lie beside a database of no known kind
    """
    if not options.tls_self_signed:
        return options.tls_cert, options.tls_key
    database = file_of(options.database)
    return options.tls_cert or f"{database}.crt", options.tls_key or f"{database}.key"


def will_be_made(options: ServerOptions) -> bool:
    """Whether --tls-self-signed wants a certificate and there is none yet."""
    certificate, _ = files(options)
    return options.tls_self_signed and certificate is not None and not os.path.lexists(certificate)


def tell_friends(options: ServerOptions, read_port: int, write_port: int, *, new: bool) -> None:
    """The command by which friends reach a server whose certificate nobody else vouches for.

    :param new: the certificate was made at this start, which is told too
    """
    certificate, key = files(options)
    if not options.tls_self_signed or certificate is None or options.quiet or options.json:
        return
    if new:
        report.write(sys.stderr, sentences.certificate_made(certificate, str(key)) + "\n")
    told = sentences.for_this_machine if loopback(options.host) else sentences.for_friends
    line = told(_name(options.host), read_port, write_port, fingerprint(certificate))
    report.write(sys.stderr, line + "\n")


def _name(host: str) -> str:
    """How friends call this host; a word for them to replace where it listens on all addresses."""
    try:
        return "HOST" if ip_address(host.strip("[]").partition("%")[0]).is_unspecified else host
    except ValueError:
        return host
