"""The last records of a history file, read from its end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

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
    return (await records_before(path, None, count))[1]


async def records_before(path: str, end: int | None, count: int) -> tuple[int, bytes]:
    """The last ``count`` whole lines before a place in a file, and where they begin; see ``last_records``.

    :param end: the first byte behind them, where a line begins; None is the end of the file
    """
    with _named(path):
        try:
            return await _last_lines(path, end, count) if count > 0 else (0, b"")
        except FileNotFoundError:
            return 0, b""


async def records_after(path: str, start: int, count: int) -> bytes:
    """The first ``count`` whole lines from a place in a file on; at most 8 MiB are read."""
    with _named(path):
        try:
            async with aiofiles.open(path, "rb", buffering=0, opener=open_private) as file:
                await file.seek(start)
                head, newlines = b"", 0
                while newlines < count and len(head) < MOST and (block := await file.read(_BLOCK)):
                    head += block
                    newlines += block.count(b"\n")
        except FileNotFoundError:
            return b""
    return b"".join(line + b"\n" for line in head.split(b"\n")[:-1][:count])


async def end_of(path: str) -> int:
    """Bytes of a file that is read so; 0 where there is none."""
    with _named(path):
        try:
            async with aiofiles.open(path, "rb", buffering=0, opener=open_private) as file:
                return await file.seek(0, os.SEEK_END)
        except FileNotFoundError:
            return 0


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "this cannot be the name of a file"
        raise HistoryUnusable(f"the history {path!r} cannot be read: {reason}") from None


async def _last_lines(path: str, end: int | None, count: int) -> tuple[int, bytes]:
    async with aiofiles.open(path, "rb", buffering=0, opener=open_private) as file:
        size = await file.seek(0, os.SEEK_END)
        start = size = size if end is None else min(end, size)
        blocks: list[bytes] = []
        newlines = 0
        # One newline more than lines: the one before the first of them.
        while newlines <= count and start > 0 and size - start < MOST:
            block = min(_BLOCK, start)
            start = await file.seek(start - block)
            blocks.append(await file.read(block))
            newlines += blocks[-1].count(b"\n")
    tail = b"".join(reversed(blocks))
    cut = 0 if start == 0 else tail.find(b"\n") + 1 or len(tail)
    first = _first_of(tail, cut, count)
    return start + first, tail[first : tail.rfind(b"\n", first) + 1]


def _first_of(tail: bytes, cut: int, count: int) -> int:
    """Where the last ``count`` whole lines of what lies behind ``cut`` begin."""
    start = tail.rfind(b"\n", cut) + 1
    for _ in range(count):
        if start <= cut:
            break
        start = tail.rfind(b"\n", cut, start - 1) + 1 or cut
    return max(start, cut)
