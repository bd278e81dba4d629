"""The answers that a client of the speak port is due: one for each message, in their order."""

import asyncio
import math
from collections.abc import Callable, Iterator

from minechat.errors import InvalidInput, MinechatError, NotStored, Refused
from minechat.protocol.speak import Acknowledged, NotSent
from minechat.server.storage import Stored

#: The yes to a message that is stored, and to a ping.
YES = Acknowledged()
Answer = Acknowledged | NotSent


class Answers:
    """What each message that was taken gets for an answer.

    :param news: called when the next answer is known that was not known when it was added
    """

    __slots__ = ("_due", "_news")

    def __init__(self, news: Callable[[], None]) -> None:
        self._news = news
        self._due: list[asyncio.Future[Stored] | Answer] = []

    def __len__(self) -> int:
        """How many are due."""
        return len(self._due)

    def add(self, answer: Answer) -> None:
        self._due.append(answer)

    def await_commit(self, commit: asyncio.Future[Stored]) -> None:
        """The answer is known when this future is done: a yes, or why not."""
        self._due.append(commit)
        commit.add_done_callback(self._committed)

    def known(self) -> Iterator[Answer]:
        """Takes out the answers that are known, up to the first that is not.

        :raises BaseException: a bug, or a commit whose outcome nobody knows: there is no answer to that
        """
        while self._due:
            answer = self._due[0]
            if isinstance(answer, asyncio.Future):
                if not answer.done():
                    return
                answer = _of_commit(answer)
            del self._due[0]
            yield answer

    def _committed(self, commit: asyncio.Future[Stored]) -> None:
        if self._due and self._due[0] is commit:
            self._news()


def refusal(reason: MinechatError) -> NotSent:
    """A refusal in the words of this port."""
    seconds = reason.retry_after if isinstance(reason, Refused) else None
    return NotSent(str(reason), None if seconds is None else math.ceil(seconds))


def _of_commit(commit: asyncio.Future[Stored]) -> Answer:
    reason = commit.exception()
    if reason is None:
        return YES
    if isinstance(reason, NotStored | Refused | InvalidInput):
        return refusal(reason)
    raise reason
