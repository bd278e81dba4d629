"""Watches a running server in the terminal: who is connected, rates and delays."""

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.results import put
from minechat.cli.tasks.orders import to_a_server
from minechat.cli.tasks.output import printable, put_object
from minechat.cli.tasks.rates import Look
from minechat.cli.typed_server import TopOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server top", argv, top)


async def top(options: TopOptions) -> int:
    """Looks again and again, until it has looked often enough or is interrupted.

    :raises UsageError: no server runs, or it does not take orders from this user
    :raises NetworkError: the server went away
    """
    looks = _looks(options)
    if options.json or not sys.stdout.isatty():
        await _print(options, looks)
    else:
        await _draw(options, looks)
    return DONE


async def _looks(options: TopOptions) -> AsyncIterator[tuple[Look, Look | None]]:
    """Each look and the one before it."""
    give = await to_a_server(options)
    before, count = None, 0
    while True:
        now = await give("figures")
        yield now, before
        before, count = now, count + 1
        if count == options.count:
            return
        await asyncio.sleep(options.every)


async def _print(options: TopOptions, looks: AsyncIterator[tuple[Look, Look | None]]) -> None:
    from minechat.cli.tasks.panel import line, record  # noqa: PLC0415 - Rich takes a while, an error comes first

    async for now, before in looks:
        if options.json:
            put_object(record(now, before))
        else:
            put(printable(line(now, before)))


async def _draw(options: TopOptions, looks: AsyncIterator[tuple[Look, Look | None]]) -> None:
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.live import Live  # noqa: PLC0415

    from minechat.cli.tasks.panel import Panel  # noqa: PLC0415

    console = Console(no_color=options.color == "never", highlight=False)
    live = None
    try:
        async for now, before in looks:
            if live is None:
                # The alternate screen, as top has it: what was there before comes back.
                live = Live(console=console, screen=True, auto_refresh=False)
                live.start()
            live.update(Panel(now, before), refresh=True)
    finally:
        if live is not None:
            live.stop()
