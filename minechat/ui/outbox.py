"""What was written and is not in the chat yet: sent in order, once, as soon as the server takes it."""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from math import ceil
from time import monotonic, time
from uuid import uuid4

from minechat.client.rift_messages import key
from minechat.client.session import Session
from minechat.errors import MinechatError, NetworkError, OutcomeUnknown, Refused
from minechat.text import safe, safe_nick
from minechat.ui import reasons
from minechat.ui.conversation import Conversation
from minechat.ui.entry import Entry, Kind, Sending
from minechat.ui.moves import Move
from minechat.ui.told import refusal
from minechat.ui.words import Words

#: The most messages that wait.
MOST = 100
#: Seconds after which a message that could not be sent is tried again, if no new connection came first.
PATIENCE = 5.0
#: How often a message is tried that a server has no time for, and the seconds it waits for that in all:
#: budgets of our server are by the minute, and free again a few seconds later.
TRIES, LONGEST = 5, 90.0
#: What a server says that will have time; "refused" is the word of a wire without words for programs.
_NOT_NOW = frozenset({"too_fast", "busy", "not_stored", "refused"})


@dataclass(slots=True, eq=False)
class _Letter:
    """A message on its way.

    :param key: by which a server knows that it is the same one
    :param due: when it may be tried again, by the monotonic clock
    :param waited: the seconds it was told to wait so far
    :param behind: the way to the room it is meant for, while that is not known to lead there
    """

    place: Conversation
    entry: Entry
    key: str
    due: float = 0.0
    tries: int = 0
    waited: float = 0.0
    refusal: str = ""
    behind: Move | None = None


class Outbox:
    """Sends one message after another; one that has to wait holds up its own place only.

    :param changed: called when what is shown of a message has changed
    """

    def __init__(self, session: Session, words: Words, changed: Callable[[], None]) -> None:
        self._session, self._words, self._changed = session, words, changed
        self._waiting: deque[_Letter] = deque()
        self._news = asyncio.Event()
        self._online = asyncio.Event()
        self._asked: float | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def silence(self) -> float:
        """Seconds for which an answer has been owed to us on this connection; 0 where none is."""
        return 0.0 if self._asked is None else monotonic() - self._asked

    def put(self, place: Conversation, text: str, nick: str, behind: Move | None = None) -> bool:
        """Takes a message; False when too many wait already.

        :param behind: waits until this has ``arrived``, and is said where it led; until then it is shown in
            ``place``
        """
        if len(self._waiting) >= MOST:
            return False
        letter = _Letter(place, Entry(Kind.SAID, text, time(), nick, mine=True), uuid4().hex, behind=behind)
        self._show_way(letter)
        place.pending.append(letter.entry)
        self._waiting.append(letter)
        self._news.set()
        return True

    def arrived(self, move: Move, place: Conversation) -> None:
        """What waits behind this way is said in the room it led to."""
        for letter in self._behind(move):
            letter.place.was_meant_for(letter.entry, place)
            letter.place, letter.behind = place, None
            self._show_way(letter)
        self._news.set()

    def strayed(self, move: Move, place: Conversation, reason: str) -> None:
        """It led nowhere: what waits behind it is said to nobody, and stays with the reason.

        :param place: where that is shown: where its person looks
        """
        for letter in self._behind(move):
            letter.place.was_meant_for(letter.entry, place)
            letter.place = place
            self._fail(letter, reason)
            self._waiting.remove(letter)
        self._news.set()

    def set_online(self, online: bool) -> None:
        """Tells whether there is a connection."""
        if self._asked is not None:
            self._asked = monotonic()
        if online:
            self._online.set()
        else:
            self._online.clear()
            self._show_waiting()

    async def work(self) -> None:
        """Sends, until it is cancelled."""
        while True:
            await self._online.wait()
            self._news.clear()
            now = monotonic()
            letter = self._next(now)
            if letter is None:
                await self._until_due(now)
            else:
                await self._send(letter)
                self._changed()

    def _next(self, now: float) -> _Letter | None:
        """The first message whose time has come; what is behind one of its own place waits with it."""
        held: set[str] = set()
        for letter in self._waiting:
            move = letter.behind
            name = key(letter.place.name if move is None else move.room)
            if move is None and name not in held and letter.due <= now:
                return letter
            held.add(name)
        return None

    async def _until_due(self, now: float) -> None:
        """Waits for a message, or for the time of one; the seconds that are left go down meanwhile."""
        delayed = [letter for letter in self._waiting if letter.due > now]
        for letter in delayed:
            letter.entry.sending = Sending.WAITING
            letter.entry.reason = self._words(
                "waiting_turn", seconds=ceil(letter.due - now), reason=letter.refusal
            )
        if delayed:
            self._changed()
        step = min((min(1.0, letter.due - now) for letter in delayed), default=None)
        with suppress(TimeoutError):
            async with asyncio.timeout(step):
                await self._news.wait()

    async def _send(self, letter: _Letter) -> None:
        place, entry = letter.place, letter.entry
        entry.sending, entry.reason = Sending.SENDING, ""
        self._asked = monotonic()
        try:
            message = await self._session.say(place.name, entry.text, key=letter.key)
        except OutcomeUnknown:
            self._fail(letter, self._words("unknown_outcome"))
        except NetworkError:
            self._show_waiting()
            await self._another_connection()
            return
        except Refused as error:
            if self._postponed(letter, error):
                return
            self._fail(letter, safe(refusal(error, self._words.language)))
        except MinechatError as error:
            self._fail(letter, safe(reasons.reason(error, self._words.language)))
        else:
            place.was_sent(entry, message.seq)
        finally:
            self._asked = None
        self._waiting.remove(letter)

    def _postponed(self, letter: _Letter, error: Refused) -> bool:
        """Whether it will be tried again: when the server says that it makes sense soon."""
        pause = error.retry_after
        if pause is None or error.code not in _NOT_NOW:
            return False
        letter.tries += 1
        letter.waited += pause
        if letter.tries >= TRIES or letter.waited > LONGEST:
            return False
        letter.due = monotonic() + pause
        letter.refusal = safe(reasons.reason(error, self._words.language))
        return True

    async def _another_connection(self) -> None:
        """Waits until there is one, or for a while: it may not have been the connection's fault."""
        self._changed()
        self._online.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                await self._online.wait()
        except TimeoutError:
            self._online.set()

    def _fail(self, letter: _Letter, reason: str) -> None:
        letter.entry.sending, letter.entry.reason = Sending.FAILED, reason
        letter.place.was_not_sent(letter.entry)

    def _behind(self, move: Move) -> list[_Letter]:
        return [letter for letter in self._waiting if letter.behind is move]

    def _show_waiting(self) -> None:
        for letter in self._waiting:
            if letter.behind is None:
                letter.entry.sending, letter.entry.reason = Sending.WAITING, ""

    def _show_way(self, letter: _Letter) -> None:
        entry, move = letter.entry, letter.behind
        ready = move is None and self._online.is_set()
        entry.sending = Sending.SENDING if ready else Sending.WAITING
        entry.reason = "" if move is None else self._words("waiting_room", room=safe_nick(move.room))
