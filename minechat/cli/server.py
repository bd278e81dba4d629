"""The server command: opens the doors and serves until a signal."""

import asyncio
import errno
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

from minechat.cli import certificate, exits, limits, program, report, sentences
from minechat.cli.helptext import version
from minechat.cli.service import Service
from minechat.cli.tasks.orders import socket_path
from minechat.cli.typed_server import ServerOptions
from minechat.errors import AddressUnusable, MinechatError
from minechat.server.app import running
from minechat.server.figures import Figures
from minechat.server.handle import Server
from minechat.server.keys import keys_of
from minechat.server.log import JsonFormatter, TextFormatter, bug, event
from minechat.server.names import mend
from minechat.server.outflow import Outflow, outflow
from minechat.server.ports import shown
from minechat.server.settings import Settings

#: The log goes to stderr, past Python's own buffer, which a pipe nobody reads could lock.
STDERR = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("server", argv, serve)


async def serve(options: ServerOptions) -> int:
    """Serves for ever; a signal ends it, clients get their answers first."""
    figures = Figures()
    formatter = JsonFormatter() if options.json else TextFormatter()
    with outflow(STDERR, formatter, logging.WARNING if options.quiet else logging.INFO, figures) as log:
        try:
            await _serve(options, figures, log)
        except AddressUnusable as error:
            raise blaming(error, options) from None
        except Exception as error:
            if _is_bug(error):
                bug(error)
            raise
    return exits.DONE


async def _serve(options: ServerOptions, figures: Figures, log: Outflow) -> None:
    service = Service.of(os.environ)
    started = time.monotonic()
    is_new = certificate.will_be_made(options)
    # Loads Unicode's tables of look-alikes: the first to register would hold up everybody for that long.
    keys_of(mend("Вася"))
    async with running(settings(options), figures) as server:
        reason = "failure"
        _reload_on_hangup(server, service)
        _tell(options, server, new_certificate=is_new)
        log.start()
        try:
            await service.watch(lambda: _status(server))
        except asyncio.CancelledError:
            reason = "asked"
            raise
        finally:
            service.stopping()
            event("stopping", reason=reason, seconds=time.monotonic() - started, messages=figures.messages)


def settings(options: ServerOptions) -> Settings:
    """What the options tell a server."""
    cert, key = certificate.files(options)
    return Settings(
        host=options.host,
        read_port=options.read_port,
        write_port=options.write_port,
        rift_port=options.rift_port,
        rift_port_or_free=options.is_default("rift_port"),
        origins=options.origin_allowed,
        database=options.database,
        characters=options.characters,
        limits=limits.chosen(options),
        announce_joins=options.announce_joins,
        certificate=cert,
        key=key,
        self_signed=options.tls_self_signed,
        metrics_port=options.metrics_port,
        metrics_port_or_free=options.is_default("metrics_port"),
        admin_socket=socket_path(options.database, options.admin_socket),
    )


def _tell(options: ServerOptions, server: Server, *, new_certificate: bool) -> None:
    if not (options.quiet or options.json):
        host = shown(server.host)
        line = sentences.serving(host, server.read_port, server.write_port, server.rift_port)
        report.write(sys.stderr, line + "\n")
    certificate.tell_friends(options, server.read_port, server.write_port, new=new_certificate)
    if not options.json:
        _tell_moved(options, server)
    event(
        "started",
        host=server.host,
        read_port=server.read_port,
        write_port=server.write_port,
        rift_port=server.rift_port or "none",
        metrics_port=server.metrics_port or "none",
        version=version().split()[-1],
        limits=options.limits,
        tls="off" if certificate.files(options)[0] is None else "on",
        database=options.database,
        process=os.getpid(),
    )


def _tell_moved(options: ServerOptions, server: Server) -> None:
    """Default ports that were taken, and where those are that took their place."""
    for wanted, port, told in (
        (options.rift_port, server.rift_port, sentences.rift_elsewhere),
        (options.metrics_port, server.metrics_port, sentences.metrics_elsewhere),
    ):
        if wanted and port is not None and port != wanted:
            report.warn(options.program, told(wanted, port))


def _reload_on_hangup(server: Server, service: Service) -> None:
    """With a certificate, or under a service manager, SIGHUP asks to read the files again.

    Without either it ends the server: somebody closed the terminal it ran in.
    """

    def reload() -> None:
        if server.reload():  # else the log has said what was refused, and nothing has changed
            service.reloading()
            event("reloaded")
            service.ready()

    if hasattr(signal, "SIGHUP") and (service or server.certificate is not None):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, reload)


def _status(server: Server) -> str:
    there = server.connections()
    return sentences.connected(there["read"], there["write"], there.get("rift"))


def blaming(error: AddressUnusable, options: ServerOptions) -> AddressUnusable:
    """The error with the name of the setting that is to blame, and where its value came from."""
    ports = ("read_port", "write_port", "rift_port", "metrics_port")
    if error.port is not None:
        field = next((name for name in ports if getattr(options, name) == error.port), "host")
    else:
        field = "host" if error.host is not None else "admin_socket"
    what, semicolon, remedy = str(error).partition("; ")
    told = f"{what} ({options.origin(field)}){semicolon}{remedy}"
    return AddressUnusable(told, host=error.host, port=error.port)


def _is_bug(error: Exception) -> bool:
    full = isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE)
    return not (full or isinstance(error, MinechatError))
