"""The command ``server check``: tries what a server would need, changes nothing, tells what it found."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from minechat.cli import exits, program
from minechat.cli.checks import loopback
from minechat.cli.results import put
from minechat.cli.server import blaming, settings
from minechat.cli.tasks.output import printable, put_object
from minechat.cli.tasks.thread import in_thread
from minechat.cli.tasks.trials import admin_socket, certificate, limits, metrics_port, port, rift_port
from minechat.cli.typed_server import ServerOptions
from minechat.errors import AddressUnusable, DatabaseUnusable, MinechatError
from minechat.server.lockfile import is_locked
from minechat.server.storage import file_of
from minechat.server.storage.database import file_path
from minechat.server.storage.inspection import Finding, Weight, inspect
from minechat.text import safe

WORDS = {Weight.GOOD: "ok", Weight.NOTE: "warning", Weight.BAD: "error"}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("server check", argv, check)


async def check(options: ServerOptions) -> int:
    """Prints a line for each finding; 2 when one of them would keep a server from starting."""
    findings = await in_thread(lambda given_up: list(_findings(options)))
    for name, finding in findings:
        if finding.weight is not Weight.GOOD or not options.quiet:
            _print(options, name, finding)
    return exits.USAGE if any(finding.weight is Weight.BAD for _, finding in findings) else exits.DONE


def _print(options: ServerOptions, name: str, finding: Finding) -> None:
    if options.json:
        put_object({"check": name, "result": WORDS[finding.weight], "text": finding.text})
    else:
        put(printable(safe(f"{WORDS[finding.weight]:<7} {name}: {finding.text}")))


def _findings(options: ServerOptions) -> Iterator[tuple[str, Finding]]:
    wanted = settings(options)
    for finding in limits(wanted.limits):
        yield "limits", finding
    for finding in inspect(options.database):
        yield "database", _blamed(finding, options.origin("database"))
    served = _served(options.database)
    places: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("read port", lambda: port(wanted.host, wanted.read_port, served=served)),
        ("write port", lambda: port(wanted.host, wanted.write_port, served=served)),
        ("rift port", lambda: rift_port(wanted, served=served)),
        ("metrics port", lambda: metrics_port(wanted, served=served)),
        ("certificate", lambda: certificate(wanted, self_signed=options.tls_self_signed)),
        ("admin socket", lambda: admin_socket(wanted.admin_socket, served=served)),
    )
    for name, look in places:
        try:
            yield from ((name, finding) for finding in look())
        except MinechatError as error:
            yield name, Finding(Weight.BAD, _told(error, options))
    if not loopback(wanted.host) and wanted.certificate is None:
        yield "address", Finding(Weight.NOTE, f"tokens travel unencrypted to {wanted.host}")


def _served(url: str) -> bool:
    with suppress(DatabaseUnusable):
        return is_locked(file_path(file_of(url)))
    return False


def _told(error: MinechatError, options: ServerOptions) -> str:
    return str(blaming(error, options)) if isinstance(error, AddressUnusable) else str(error)


def _blamed(finding: Finding, origin: str) -> Finding:
    if finding.weight is not Weight.BAD:
        return finding
    what, semicolon, remedy = finding.text.partition("; ")
    return finding._replace(text=f"{what} ({origin}){semicolon}{remedy}")
