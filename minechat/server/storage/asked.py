"""How the parts of a storage have their work done: in the writer's thread, or beside it."""

import asyncio
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TypeVar

from minechat.errors import NotStored
from minechat.server.storage.database import reason
from minechat.server.storage.reading import LONGEST, overdue, reading

Result = TypeVar("Result")


class Asked(ABC):
    """What every part of a ``Storage`` stands on: each method one function, in the writer's thread.

    :param path: the file, for what takes long: a look at every message must not hold up those who post
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._own_turn = asyncio.Semaphore(1)

    @abstractmethod
    async def _do(self, work: Callable[[sqlite3.Connection], Result], *, reads: bool = False) -> Result:
        """Has the thread of the writer do something; ``reads`` where it writes nothing."""

    @abstractmethod
    def _now(self) -> int:
        """Milliseconds since 1970."""

    async def _look_in_turn(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """The same for what anybody may ask for as often as they like: one at a time, however many ask.

        The threads are those that logins need too, and the processor is everybody's.

        :raises NotStored: as ``_look``, or others are before it for too long
        """
        try:
            async with asyncio.timeout(LONGEST):
                await self._own_turn.acquire()
        except TimeoutError:
            raise NotStored("too many ask the database at once") from None
        try:
            return await self._look(work)
        finally:
            self._own_turn.release()

    async def _look(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Has something read beside the writer, in a thread of its own and for a few seconds at most.

        :raises NotStored: it takes longer, or the database cannot be read
        """
        return await asyncio.to_thread(_looked, self._path, work)


def _looked(path: str, work: Callable[[sqlite3.Connection], Result]) -> Result:
    try:
        with reading(path, overdue(LONGEST)) as connection:
            return work(connection)
    except sqlite3.Error as error:
        raise NotStored(f"the database cannot be asked now: {_why(error)}") from error


def _why(error: sqlite3.Error) -> str:
    if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
        return f"it takes longer than {LONGEST:g} s"
    return reason(error)


def milliseconds(seconds: float) -> int:
    """As the tables keep time."""
    return round(seconds * 1000)


def seconds(milliseconds: int | None) -> float | None:
    """As everybody else counts it."""
    return None if milliseconds is None else milliseconds / 1000
