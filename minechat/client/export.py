"""Writes a room, a conversation or all that a server keeps of oneself to a file: whole, or not at all."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

from minechat.client.own_data import entry_text
from minechat.client.private import write_all, written
from minechat.client.session import Message, Session
from minechat.client.threads import in_daemon_thread
from minechat.client.transcript import STAMP, json_line, object_line, text_line
from minechat.errors import ExportUnusable, NotMinechat, Refused
from minechat.protocol.rift.replies import MyData

#: Messages in one page.
PAGE = 100
#: The longest pause that a busy server may ask for, in seconds.
_PAUSE = 60.0
#: Seconds without one page, after which a server that goes on asking for pauses is given up.
PATIENCE = 600.0
_JSON_NAMES = (".jsonl", ".json", ".ndjson")


async def export(
    session: Session, place: str, path: str, *, as_json: bool | None = None, form: str = STAMP
) -> int:
    """Writes every message of a room, or of a conversation (``@name``), to a new file of mode 0600.

    :param as_json: JSON lines in place of text; by the name of the file (``.jsonl``) when None
    :param form: the stamps of the text, as strftime takes it
    :returns: how many messages
    :raises ExportUnusable: there is such a file already, or it cannot be written; nothing of it was
    :raises Refused: the server says no, or gave no page within ``PATIENCE``; nothing was written
    :raises MinechatError: as ``Session.history``; nothing was written
    """
    line = _lines(path, as_json, form)
    return await _write(path, ([line(message) for message in page] async for page in pages(session, place)))


async def export_mine(session: Session, path: str, *, as_json: bool | None = None, form: str = STAMP) -> int:
    """Writes all that the server keeps of oneself to a new file of mode 0600.

    :param as_json, form: as ``export``
    :returns: how many entries
    :raises ExportUnusable, MinechatError: as ``export``
    """
    line = entry_line(_is_json(path, as_json), form)
    return await _write(path, ([line(entry) for entry in page] async for page in own_pages(session)))


async def pages(session: Session, place: str) -> AsyncIterator[tuple[Message, ...]]:
    """All messages of a place from the first on, page by page.

    :raises NotMinechat: the server repeats itself
    """
    last, more = 0, True
    while more:
        page = await _patiently(partial(session.history, place, after=last, limit=PAGE))
        if page.messages:
            yield page.messages
        more = page.more
        newest = max((message.seq or 0 for message in page.messages), default=0)
        if more and newest <= last:
            raise NotMinechat("the server gives the same page of history again and again")
        last = newest


async def own_pages(session: Session) -> AsyncIterator[tuple[dict[str, object], ...]]:
    """All that the server keeps of oneself, page by page: objects with a ``kind``.

    :raises NotMinechat: the server repeats itself
    """
    seen: set[str] = set()
    after: str | None = ""
    while after is not None:
        if after in seen:
            raise NotMinechat("the server gives the same page of data again and again")
        seen.add(after)
        page: MyData = await _patiently(partial(session.order, "get_my_data", after=after))
        yield page.entries
        after = page.after


def entry_line(as_json: bool, form: str = STAMP) -> Callable[[dict[str, object]], str]:
    """How one entry of one's own data is written: as it came, or as a sentence with such a stamp."""
    return object_line if as_json else lambda entry: entry_text(entry, form)


def _lines(path: str, as_json: bool | None, form: str) -> Callable[[Message], str]:
    if _is_json(path, as_json):
        return json_line
    return lambda message: text_line(message, form, with_place=False)


def _is_json(path: str, as_json: bool | None) -> bool:
    return path.endswith(_JSON_NAMES) if as_json is None else as_json


async def _patiently(ask: Callable[[], Any]) -> Any:
    """The answer of a server that may ask us to wait, as often as it likes within ``PATIENCE``.

    :raises Refused: for good, or once more when the time is over
    """
    clock = asyncio.get_running_loop().time
    end = clock() + PATIENCE
    while True:
        try:
            return await ask()
        except Refused as error:
            left = end - clock()
            if error.retry_after is None or left <= 0:
                raise
            await asyncio.sleep(min(max(error.retry_after, 0.1), _PAUSE, left))


async def _write(path: str, pages_of_lines: AsyncIterator[list[str]]) -> int:
    count = 0
    try:
        with written(path, replace=False) as fd:
            async for lines in pages_of_lines:
                # Here and not in a thread: one that was left behind would write to whatever gets this number.
                write_all(fd, "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))
                count += len(lines)
            await in_daemon_thread(os.fsync, fd)
    except FileExistsError:
        raise ExportUnusable(f"the file {path!r} exists and is kept; name another") from None
    except OSError as error:
        raise ExportUnusable(f"the file {path!r} cannot be written: {error.strerror or error}") from None
    return count
