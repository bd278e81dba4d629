"""The chat command: what is said goes stamped and safe into the history and to the screen."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from functools import partial

from minechat.cli import program
from minechat.cli.records import first_lines
from minechat.cli.screen import StdoutClosed
from minechat.cli.settings import ChatOptions
from minechat.cli.trust import trusted
from minechat.cli.view import View
from minechat.client import backoff, listen
from minechat.client.history import History, history
from minechat.client.stamping import stamped
from minechat.client.tail import last_records


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("chat", argv, watch)


async def watch(options: ChatOptions) -> int:
    """Watches until the options, the reader of our output or a signal end it; returns the exit code."""
    if options.tui:
        from minechat.cli.tui import tui

        return await tui(options)
    view = View(options)
    async with AsyncExitStack() as stack:
        kept = None
        if options.history is not None:
            kept = await stack.enter_async_context(
                history(options.history, fsync=options.fsync, warn=view.warn, stamp=view.stamp)
            )
        host, port = options.host or "", options.port
        if options.embedded:
            from minechat.cli.embedded import embedded

            host, port, _ = await stack.enter_async_context(embedded(options, view))
        blocks = await stack.enter_async_context(
            listen.blocks(
                host,
                port,
                timeout=options.timeout,
                keepalive=options.keepalive,
                retry=options.retry,
                delays=partial(backoff.scaled, options.retry_delay),
                stable_after=6 * options.retry_delay,
                tls=trusted(options),
            )
        )
        try:
            async with asyncio.timeout(options.for_seconds) as limit:
                if options.history is not None and options.last:
                    await view.past(await last_records(options.history, options.last))
                await _show(blocks, kept, view, options.count)
        except StdoutClosed:
            return 0
        except TimeoutError:
            if not limit.expired():
                raise
    return 0


async def _show(
    blocks: AsyncIterator[bytes | listen.State], kept: History | None, view: View, count: int | None
) -> None:
    left = count
    async for item in blocks:
        if not isinstance(item, bytes):
            await view.state(item)
            if kept is not None and (gap := view.gap(item)):
                await kept.gap(gap)
            continue
        block = item if left is None else first_lines(item, left)
        stamp = view.stamp().encode()
        records = stamped(block, stamp)
        if kept is not None:
            await kept.append(records)
        await view.show(block, records, stamp)
        if left is not None:
            left -= block.count(b"\n")
            if not left:
                return
