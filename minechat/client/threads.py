"""One blocking call in a daemon thread: what hangs never holds up Ctrl-C or the end of the process."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Args = TypeVarTuple("Args")


async def in_daemon_thread(call: Callable[[*Args], T], *args: *Args) -> T:
    """The result of ``call(*args)``, or what it raises, out of a thread of its own.

    ``asyncio.to_thread`` waits for its threads when the loop ends. Here a cancelled caller leaves the
    thread behind, and so does the end of the process; what the thread brings then is dropped.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def run() -> None:
        settle: Callable[[], None]
        try:
            settle = partial(outcome.set_result, call(*args))
        except BaseException as exc:  # noqa: BLE001 - all of it belongs to the waiter, who raises it
            settle = partial(outcome.set_exception, exc)
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(_unless_done, outcome, settle)

    threading.Thread(target=run, daemon=True, name=f"minechat {getattr(call, '__name__', 'call')}").start()
    return await outcome


def _unless_done(outcome: asyncio.Future[T], settle: Callable[[], None]) -> None:
    if not outcome.done():
        settle()
