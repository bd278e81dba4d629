"""Work that blocks, done in a thread, and given up when a signal ends the program."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from minechat.errors import LocalError

Result = TypeVar("Result")


async def in_thread(work: Callable[[Callable[[], bool]], Result]) -> Result:
    """Runs ``work`` to its result.

    When this is cancelled the work is told so and awaited: it removes what it has begun.

    :param work: gets a function that says whether it has been given up, and then raises a ``LocalError``
    """
    given_up = threading.Event()
    running = asyncio.ensure_future(asyncio.to_thread(work, given_up.is_set))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        given_up.set()
        with suppress(LocalError):
            await running
        raise
