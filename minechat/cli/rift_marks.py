"""Keeps how far was read while somebody reads: a killed process or a closed laptop loses seconds of it."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from minechat.client.threads import in_daemon_thread
from minechat.errors import SessionsUnusable

#: Seconds between two writings of the file, which wait for the disk.
EVERY = 10.0

Save = Callable[[Mapping[str, int]], None]


@asynccontextmanager
async def marking(save: Save, marks: Callable[[], Mapping[str, int]]) -> AsyncIterator[None]:
    """Saves the marks now and then where they have changed, in a thread; the end is for the caller to save.

    A file that cannot be written is not told of here, where a screen may be open: the end will tell.

    :param save: may wait, and raise SessionsUnusable
    :param marks: the number of the last message read in each place, as they are now
    """
    saving = asyncio.create_task(_saved(save, marks, dict(marks())))
    try:
        yield
    finally:
        saving.cancel()
        await asyncio.wait([saving])
        if not saving.cancelled():
            saving.result()


async def _saved(save: Save, marks: Callable[[], Mapping[str, int]], kept: dict[str, int]) -> None:
    while True:
        await asyncio.sleep(EVERY)
        now = dict(marks())
        if now != kept:
            with suppress(SessionsUnusable):
                await in_daemon_thread(save, now)
                kept = now
