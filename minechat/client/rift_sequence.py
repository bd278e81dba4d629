"""The messages of one place in one order, each once, out of what is heard live and what history brings."""

from collections.abc import Iterable

from minechat.client.session import Message, Skipped
from minechat.errors import ProtocolViolation

#: Live messages of one place that wait for the history before them, and their characters; what is over
#: either comes by history as well.
HELD, HELD_TEXT = 100, 64 * 1024


class Sequence:
    """One place: what was told of it, and what waits.

    On a new connection nothing is known: messages wait until the place is ``listed``. Is it ``behind`` then,
    the pages of history after ``told`` must be given to ``page`` until it is not.

    :param told: the number of the last message that was told; None for a place never seen before
    :param gapless: whether the numbers of this place have no gaps
    :ivar behind: whether history after ``told`` must be asked for
    """

    __slots__ = ("_gapless", "_held", "_last", "_listed", "_overflown", "_weight", "behind", "told")

    def __init__(self, told: int | None, *, gapless: bool) -> None:
        self.told = told
        self._gapless = gapless
        self.disconnected()

    def disconnected(self) -> None:
        """The connection is lost: what waits comes again, by history."""
        self._held: list[Message] = []
        self._last = self._weight = 0
        self._listed = self._overflown = self.behind = False

    def hear(self, message: Message) -> tuple[Message, ...]:
        """A live message with a number; returns what is to be told now."""
        seq = _number(message)
        if self._listed and self.told is not None:
            if seq <= self.told:
                return ()
            if not self.behind and not self._is_gap(seq):
                self.told = seq
                return (message,)
            self.behind = True
        if not self._overflown and len(self._held) < HELD and self._weight + len(message.text) <= HELD_TEXT:
            self._held.append(message)
            self._weight += len(message.text)
        else:
            self._overflown = True
        return ()

    def listed(self, last: int) -> tuple[Message, ...]:
        """The server's word on the number of the last message; returns what is to be told now.

        A place never seen before begins here. Where the server has fewer messages than were told, its
        database is another one: told begins anew there.
        """
        if self._listed:
            return ()
        self._listed = True
        self._last = last
        anew = self.told is None or last < self.told
        if anew:
            self.told = min(last, min(map(_number, self._held), default=last + 1) - 1)
        # Where numbers may be missing, only history knows whether one is.
        free = self._release(final=False) if anew or self._gapless else ()
        self.behind = self.behind or last > (self.told or 0)
        return free

    def shorten(self, most: int, place: str) -> Skipped | None:
        """Passes over all but the last ``most`` messages that are missing, if there are more."""
        told = self.told or 0
        end = max(self._last, min(map(_number, self._held), default=0) - 1)
        if end - told <= most:
            return None
        self.told = end - most
        return Skipped(place=place, after=told, before=self.told + 1)

    def page(self, messages: Iterable[Message], *, more: bool) -> tuple[Message, ...]:
        """History after ``told``; returns what is to be told now.

        :raises ProtocolViolation: there shall be more, and it brings nothing new
        """
        new = []
        for message in messages:
            if _number(message) > (self.told or 0):
                self.told = _number(message)
                new.append(message)
        if more:
            if not new:
                raise ProtocolViolation("a page of history that promises more and holds nothing new")
            return tuple(new)
        self.behind = False
        # Where history has nothing, numbers are missing for good.
        return (*new, *self._release(final=not new))

    def _release(self, *, final: bool) -> tuple[Message, ...]:
        free: list[Message] = []
        waiting: list[Message] = []
        for message in self._held:
            seq = _number(message)
            if waiting or (self._is_gap(seq) and not final):
                waiting.append(message)
            elif seq > (self.told or 0):
                self.told = seq
                free.append(message)
        self._held = waiting
        self._weight = sum(len(message.text) for message in waiting)
        self.behind = bool(waiting) or self._overflown
        self._overflown = False
        return tuple(free)

    def _is_gap(self, seq: int) -> bool:
        return self._gapless and seq > (self.told or 0) + 1


def _number(message: Message) -> int:
    return message.seq or 0
