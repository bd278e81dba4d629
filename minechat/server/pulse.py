"""The pulse of the event loop: how late it turns, and the bugs in its callbacks, which end the server."""

import asyncio
import logging
from typing import Any, Never

from minechat.errors import MinechatError
from minechat.server.figures import Figures
from minechat.server.log import event

#: Seconds between two beats: a loop held up for longer than BLOCKED and one beat is always noticed, and
#: an idle server pays less than a thousandth of a core.
BEAT = 0.1
#: Seconds that no callback may take.
BLOCKED = 0.1


async def beat(figures: Figures) -> Never:
    """Measures how late the loop is, beat after beat, and logs when it was held up."""
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + BEAT
        await asyncio.sleep(BEAT)
        late = loop.time() - due
        figures.loop_lag.add(late)
        if late > BLOCKED:
            event("loop_blocked", logging.WARNING, seconds=late)


async def first_bug() -> Never:
    """Waits for an exception that asyncio would only log: one in a callback, or in a task nobody awaits.

    What the network and the disk do, and what is meant for people, is no bug; it is logged as asyncio would.

    :raises Exception: the bug
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[Never] = loop.create_future()

    def noticed(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if error is None or isinstance(error, OSError | MinechatError | asyncio.CancelledError):
            # The rest of the context shows arguments, and with them what people wrote.
            event("loop_warning", logging.WARNING, text=context["message"], error=type(error).__name__)
        elif not found.done():
            found.set_exception(error)

    before = loop.get_exception_handler()
    loop.set_exception_handler(noticed)
    try:
        await found
    finally:
        loop.set_exception_handler(before)
