"""Work that is carried to its end: what is on the disk is known in memory too, whoever has gone meanwhile."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from minechat.errors import MinechatError

Result = TypeVar("Result")

#: The loop itself holds its tasks weakly.
_working: set[asyncio.Task[Any]] = set()


async def to_the_end(work: Coroutine[Any, Any, Result]) -> Result:
    """Waits for the work; where the wait is cancelled, the work goes on.

    An error for people then has nobody to be told to; any other ends the server, as it does anywhere.
    """
    task = asyncio.get_running_loop().create_task(work)
    _working.add(task)
    task.add_done_callback(_working.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        task.add_done_callback(_unheard)
        raise


def _unheard(task: asyncio.Task[Any]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None and not isinstance(error, MinechatError):
        raise error
