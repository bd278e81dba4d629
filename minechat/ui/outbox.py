"""What was written and is not in the chat yet: sent in order, once, as soon as there is a connection."""

import asyncio
from collections import deque
from collections.abc import Callable
from time import time

from minechat.client.session import Session
from minechat.errors import MinechatError, NetworkError, OutcomeUnknown, Refused
from minechat.text import safe
from minechat.ui.conversation import Conversation
from minechat.ui.entry import Entry, Kind, Sending
from minechat.ui.words import Words

#: The most messages that wait.
MOST = 100
#: Seconds after which a message that could not be sent is tried again, if no new connection came first.
PATIENCE = 5.0


class Outbox:
    """Sends one message after another.

    :param changed: called when what is shown of a message has changed
    """

    def __init__(self, session: Session, words: Words, changed: Callable[[], None]) -> None:
        self._session, self._words, self._changed = session, words, changed
        self._waiting: deque[tuple[Conversation, Entry]] = deque()
        self._ready = asyncio.Event()
        self._online = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, place: Conversation, text: str, nick: str) -> bool:
        """Takes a message; False when too many wait already."""
        if len(self._waiting) >= MOST:
            return False
        sending = Sending.SENDING if self._online.is_set() else Sending.WAITING
        entry = Entry(Kind.SAID, text, time(), nick, mine=True, sending=sending)
        place.pending.append(entry)
        self._waiting.append((place, entry))
        self._ready.set()
        return True

    def set_online(self, online: bool) -> None:
        """Tells whether there is a connection."""
        if online:
            self._online.set()
        else:
            self._online.clear()
            self._show_all(Sending.WAITING)

    async def work(self) -> None:
        """Sends, until it is cancelled."""
        while True:
            await self._ready.wait()
            if not self._waiting:
                self._ready.clear()
                continue
            await self._online.wait()
            await self._send(*self._waiting[0])
            self._changed()

    async def _send(self, place: Conversation, entry: Entry) -> None:
        entry.sending = Sending.SENDING
        try:
            message = await self._session.say(place.name, entry.text)
        except OutcomeUnknown:
            self._fail(place, entry, self._words("unknown_outcome"))
        except NetworkError:
            self._show_all(Sending.WAITING)
            await self._another_connection()
            return
        except Refused as error:
            self._fail(place, entry, safe(error.reason))
        except MinechatError as error:
            self._fail(place, entry, safe(str(error)))
        else:
            place.was_sent(entry, message.seq)
        self._waiting.popleft()

    async def _another_connection(self) -> None:
        """Waits until there is one, or for a while: it may not have been the connection's fault."""
        self._changed()
        self._online.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._online.wait()
        except TimeoutError:
            self._online.set()

    def _fail(self, place: Conversation, entry: Entry, reason: str) -> None:
        entry.sending, entry.reason = Sending.FAILED, reason
        place.was_not_sent(entry)

    def _show_all(self, sending: Sending) -> None:
        for _, entry in self._waiting:
            entry.sending = sending
