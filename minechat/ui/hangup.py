"""A terminal that is gone, noticed also where no signal tells of it: reading it would then cost a core."""

import asyncio
import select
import sys

#: Seconds between two looks.
EVERY = 1.0


async def gone() -> None:
    """Returns when the terminal of standard input has been closed; never where there is none."""
    poll = getattr(select, "poll", None)  # Windows has none
    terminal = sys.__stdin__
    if poll is None or terminal is None or not terminal.isatty():
        await asyncio.Event().wait()
        return
    looking = poll()
    looking.register(terminal.fileno(), 0)  # a hang-up is told always
    while not looking.poll(0):  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(EVERY)
