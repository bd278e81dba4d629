"""Messages of one client that wait for their commits, answered in the order in which they were said."""

import asyncio
from collections import deque
from collections.abc import Callable

from minechat.server.storage import Stored

#: What to do with a message that is stored, or with the reason why it is not.
Answer = Callable[[Stored | BaseException], None]
#: Messages that may wait before nothing more of the client is taken.
MOST = 16


class Commits:
    """What each message that was said is due."""

    __slots__ = ("_due", "_waiter")

    def __init__(self) -> None:
        self._due: deque[tuple[asyncio.Future[Stored], Answer]] = deque()
        self._waiter: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._due)

    def add(self, commit: asyncio.Future[Stored], answer: Answer) -> None:
        self._due.append((commit, answer))
        commit.add_done_callback(self._known)

    async def settled(self, most: int = 0) -> None:
        """Returns when no more than so many wait. Commits end, or the server does."""
        while len(self._due) > most:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter

    def _known(self, commit: asyncio.Future[Stored]) -> None:
        while self._due and self._due[0][0].done():
            done, answer = self._due.popleft()
            answer(_outcome(done))
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _outcome(commit: asyncio.Future[Stored]) -> Stored | BaseException:
    if commit.cancelled():
        return asyncio.CancelledError()
    return commit.exception() or commit.result()
