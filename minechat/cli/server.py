"""The server command: opens the doors and serves until a signal."""

import asyncio
import logging
import sys
from collections.abc import Sequence

from minechat.cli import limits, program, sentences
from minechat.cli.settings import ServerOptions
from minechat.server.app import running
from minechat.server.log import SafeFormatter
from minechat.server.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("server", argv, serve)


async def serve(options: ServerOptions) -> int:
    """Serves for ever; a signal ends it, clients get their answers first."""
    _log(logging.WARNING if options.quiet else logging.INFO)
    async with running(_settings(options)) as server:
        if not options.quiet:
            where = sentences.serving(server.host, server.read_port, server.write_port)
            print(where, file=sys.stderr, flush=True)
        await asyncio.Event().wait()
    return 0


def _settings(options: ServerOptions) -> Settings:
    return Settings(
        host=options.host,
        read_port=options.read_port,
        write_port=options.write_port,
        database=options.database,
        characters=options.characters,
        limits=limits.chosen(options),
        announce_joins=options.announce_joins,
    )


def _log(level: int) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter())
    logging.basicConfig(level=level, handlers=[handler])
