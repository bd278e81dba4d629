"""The append-only history file: one record a message, whole lines whatever happens."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial

from aiofiles.threadpool import wrap
from aiofiles.threadpool.binary import AsyncFileIO

from minechat.client.append import LineFile
from minechat.errors import HistoryUnusable
from minechat.protocol.lines import on_one_line
from minechat.text import safe

#: Begins a record that is not a message; no message can imitate it, they begin with a stamp.
GAP = "---"
#: Seconds between two warnings.
WARN_EVERY = 60.0


class History:
    """An open history file, made by ``history``: all file work is done by its one thread, in order."""

    def __init__(
        self,
        file: LineFile,
        thread: ThreadPoolExecutor,
        stamp: Callable[[], str],
        warn: Callable[[str], None],
        clock: Callable[[], float],
    ) -> None:
        self._file = file
        self._in_thread: AsyncFileIO = wrap(file, executor=thread)
        self._stamp = stamp
        self._warn = warn
        self._clock = clock
        self._warned_at = float("-inf")

    async def append(self, records: bytes) -> None:
        """Adds a batch of whole lines: when this returns they are in the file or counted as missing.

        Never raises for the disk. Cancelling it gives up the wait and not the batch.
        """
        await asyncio.shield(self._in_thread.write(records))
        if self._file.trouble and self._clock() - self._warned_at >= WARN_EVERY:
            self._warned_at = self._clock()
            self._warn(
                f"the history {self._file.path!r} cannot be written: {self._file.trouble}; "
                f"missing records so far: {self._file.missing}"
            )

    async def gap(self, text: str) -> None:
        """Adds one record that is not a message: ``--- <stamp> <text>``."""
        await self.append(_gap_record(self._stamp(), text))

    async def close(self) -> None:
        """Ends what is under way; missing records get their last chance to be mentioned."""
        if self._file.trouble:
            await self.append(b"")
        await self._in_thread.close()


@asynccontextmanager
async def history(
    path: str,
    *,
    warn: Callable[[str], None],
    stamp: Callable[[], str],
    fsync: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> AsyncIterator[History]:
    """Opens the history file, mode 0600 where it is new, and mends its end; closes it after use.

    :param warn: takes one line, at most once a minute, while records find no place
    :param stamp: the time as it begins a record; also called in the thread of the file
    :param fsync: wait for the disk itself with each batch
    :param clock: seconds, for the pause between warnings
    :raises HistoryUnusable: it is not a regular file that we may write
    """
    with ThreadPoolExecutor(1, "history") as thread:
        open_file = partial(LineFile, path, fsync=fsync, missing_record=partial(_missing_record, stamp))
        try:
            file = await asyncio.get_running_loop().run_in_executor(thread, open_file)
        except OSError as error:
            raise HistoryUnusable(f"the history {path!r} cannot be used: {error.strerror}") from None
        opened = History(file, thread, stamp, warn, clock)
        try:
            yield opened
        finally:
            await opened.close()


def _missing_record(stamp: Callable[[], str], count: int, reason: str) -> bytes:
    words = "1 record is" if count == 1 else f"{count} records are"
    return _gap_record(stamp(), f"{words} missing here: {reason}")


def _gap_record(stamp: str, text: str) -> bytes:
    return f"{GAP} {stamp} {safe(on_one_line(text))}\n".encode("utf-8", "replace")
