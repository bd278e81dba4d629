"""The last records of a history file, read from its end."""

import os

import aiofiles

from minechat.errors import HistoryUnusable
from minechat.system import open_private

_BLOCK = 64 * 1024
#: The most bytes that are read, whatever the file holds.
MOST = 8 * 1024 * 1024


async def last_records(path: str, count: int) -> bytes:
    """The last ``count`` whole lines of a file, not yet safe for a terminal; b"" where there is no file.

    At most 8 MiB are read, and the lines that lie wholly in them are returned; a last line without
    its end is left out.

    :raises HistoryUnusable: there is something else than a regular file that we may read
    """
    try:
        return await _last_lines(path, count) if count > 0 else b""
    except FileNotFoundError:
        return b""
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this cannot be the name of a file"
        raise HistoryUnusable(f"the history {path!r} cannot be read: {reason}") from None


async def _last_lines(path: str, count: int) -> bytes:
    async with aiofiles.open(path, "rb", buffering=0, opener=open_private) as file:
        start = size = await file.seek(0, os.SEEK_END)
        blocks: list[bytes] = []
        newlines = 0
        # One newline more than lines: the one before the first of them.
        while newlines <= count and start > 0 and size - start < MOST:
            block = min(_BLOCK, start)
            start = await file.seek(start - block)
            blocks.append(await file.read(block))
            newlines += blocks[-1].count(b"\n")
    tail = b"".join(reversed(blocks))
    return _last_of(tail if start == 0 else tail.partition(b"\n")[2], count)


def _last_of(tail: bytes, count: int) -> bytes:
    end = tail.rfind(b"\n") + 1
    start = end
    for _ in range(count):
        if not start:
            break
        start = tail.rfind(b"\n", 0, start - 1) + 1
    return tail[start:end]
