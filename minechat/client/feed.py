"""Events on their way to a screen: bounded, however slow the screen is."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable

from minechat.client.session import (
    Heard,
    Message,
    PeopleChanged,
    PlacesChanged,
    SessionEvent,
    Skipped,
    StateChanged,
)

#: Events that wait, each message one, and the characters of the messages among them.
MOST, MOST_TEXT = 10_000, 8_000_000
#: The most messages of one ``Heard``: what a screen takes before it looks at its keys.
AT_ONCE = 200

_Snapshot = PlacesChanged | PeopleChanged


class Feed:
    """A queue with one reader, which never makes a teller wait.

    Past the limit the older half goes: its messages with a ``Skipped`` in their place. Of what is a
    whole picture of now (places, people) only the last one is kept, of states the last.
    """

    def __init__(self, most: int = MOST, most_text: int = MOST_TEXT) -> None:
        self._most, self._most_text = most, most_text
        self._waiting: deque[Message | SessionEvent | type[_Snapshot]] = deque()
        self._snapshots: dict[type[_Snapshot], _Snapshot] = {}
        self._weight = 0
        self._ready = asyncio.Event()
        self._ended = False
        self._failure: Exception | None = None

    def tell(self, event: StateChanged | Skipped | _Snapshot | SessionEvent) -> None:
        """Puts one event behind the others."""
        if isinstance(event, Heard):
            self.tell_messages(event.messages)
            return
        if isinstance(event, PlacesChanged | PeopleChanged):
            kind = type(event)
            if kind not in self._snapshots:
                self._waiting.append(kind)
            self._snapshots[kind] = event
        else:
            self._waiting.append(event)
        self._added()

    def tell_messages(self, messages: Iterable[Message]) -> None:
        """Puts messages behind the others."""
        for message in messages:
            self._waiting.append(message)
            self._weight += len(message.text)
        self._added()

    def end(self, failure: Exception | None = None) -> None:
        """Nothing comes any more; the reader gets the rest, and then the failure if there is one."""
        if not self._ended:
            self._ended, self._failure = True, failure
            self._ready.set()

    async def events(self) -> AsyncIterator[SessionEvent]:
        """All events, messages that wait together as one ``Heard``, until the end.

        :raises Exception: the failure that ended it
        """
        while True:
            if self._waiting:
                yield self._next()
            elif not self._ended:
                self._ready.clear()
                await self._ready.wait()
            elif self._failure is not None:
                raise self._failure
            else:
                return

    def _next(self) -> SessionEvent:
        item = self._waiting.popleft()
        if isinstance(item, type):
            return self._snapshots.pop(item)
        if not isinstance(item, Message):
            return item
        messages = [item]
        while self._waiting and len(messages) < AT_ONCE and isinstance(self._waiting[0], Message):
            following = self._waiting.popleft()
            assert isinstance(following, Message)
            messages.append(following)
        self._weight -= sum(len(message.text) for message in messages)
        return Heard(messages=tuple(messages))

    def _added(self) -> None:
        while len(self._waiting) > self._most or self._weight > self._most_text:
            if not self._shed():
                break
        self._ready.set()

    def _shed(self) -> int:
        """Lets about the older half go; holes, widened by it, and the last state stay.

        :returns: how many went
        """
        holes: dict[str, Skipped] = {}
        state: list[StateChanged] = []
        snapshots: list[type[_Snapshot]] = []
        half, gone = len(self._waiting) // 2, 0
        # What stays is met again the next time, so that at least one more must go then.
        while self._waiting and (len(self._waiting) > half or not gone):
            item = self._waiting.popleft()
            if isinstance(item, Skipped):
                _widen(holes, item)
            elif isinstance(item, type):
                snapshots.append(item)
            elif isinstance(item, StateChanged):
                gone += len(state)
                state = [item]
            else:
                gone += 1
                if isinstance(item, Message):
                    self._weight -= len(item.text)
                    if item.seq is not None:
                        _widen(holes, Skipped(place=item.place, after=item.seq - 1, before=item.seq + 1))
        self._waiting.extendleft([*snapshots, *holes.values(), *state])
        return gone


def _widen(holes: dict[str, Skipped], hole: Skipped) -> None:
    earlier = holes.get(hole.place)
    after = hole.after if earlier is None else earlier.after
    holes[hole.place] = Skipped(place=hole.place, after=after, before=hole.before)
