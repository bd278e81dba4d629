"""The speak port: one visit of one client, from the greeting to the last acknowledgement."""

import asyncio
import logging
import math
from collections import deque
from collections.abc import Callable

from minechat.errors import InvalidInput, MinechatError, NotStored, ProtocolViolation, Refused
from minechat.events import Account
from minechat.protocol.speak import (
    Acknowledged,
    Event,
    Greeting,
    Introduced,
    Message,
    Nickname,
    NicknameAsked,
    NoToken,
    NotSent,
    Side,
    State,
    Talk,
    Token,
    TokenUnknown,
    Welcome,
)
from minechat.server.accounts import Person
from minechat.server.hub import Hub
from minechat.server.limits import Pace
from minechat.server.settings import Limits

logger = logging.getLogger(__name__)

#: Seconds between the account line and the line after it: clients in the wild read the account
#: with one read() and parse all of it as JSON. Measured: 40 of 40 such logins work with this gap.
GAP = 0.02
#: Bytes of input that may wait unread before the connection's reading is paused.
INPUT_WAITING = 16 * 1024
_STOPPING = Refused("the server is stopping", 5)


class Ended(Exception):
    """The client's side of the talk is over and everything complete in it was read."""


class Visit:
    """One client's talk with the hub. The connection feeds it; it writes back through ``write``.

    A message counts whether or not its answer can be delivered, so everything that has arrived
    is read and acted on even after the connection is gone.

    :param write: takes bytes for the client; on a lost connection it drops them
    :param hush: called with True when no more input can be taken for now, with False when it can again
    :param known: called when the client has said who it is
    """

    def __init__(
        self,
        hub: Hub,
        limits: Limits,
        source: str,
        write: Callable[[bytes], None],
        hush: Callable[[bool], None],
        *,
        known: Callable[[], None],
    ) -> None:
        self._hub = hub
        self._source = source
        self._write = write
        self._hush = hush
        self._known = known
        self._talk = Talk(Side.SERVER)
        self._news = asyncio.Event()
        self._answers: deque[asyncio.Future[int]] = deque()
        self._pings = Pace(limits.ping_rate, limits.ping_rate or 0)
        self._ended = False
        self._clogged = False
        self._bug: BaseException | None = None
        self._lost = asyncio.Event()
        self._stopping = False

    # What the connection tells.

    def received(self, data: bytes) -> None:
        self._talk.receive(data)
        if self._talk.buffered > INPUT_WAITING:
            self._hush(True)
        self._news.set()

    def clogged(self, clogged: bool) -> None:
        """The client does not read its answers: nothing more is taken until it does."""
        self._clogged = clogged
        self._news.set()

    def ended(self) -> None:
        """The client will send nothing more, or is heard no more; answers can still reach it."""
        self._ended = True
        self._hush(True)
        self._news.set()

    def lost(self) -> None:
        """The connection is gone; what it brought still counts."""
        self._lost.set()
        self.ended()

    def stop(self) -> None:
        """The server is stopping: nothing more is taken, each message is told so, until ``ended``."""
        self._stopping = True
        self._lost.set()
        self._news.set()

    # The talk.

    async def run(self) -> None:
        """Talks until the client is done, the protocol is broken or the server stops."""
        self._say(Greeting())
        try:
            await self._chat(await self._meet())
        except Ended:
            pass
        except (ProtocolViolation, Refused, NotStored) as reason:
            await self._answered()
            self._say(refusal(reason))
        await self._answered()

    async def _meet(self) -> Person:
        event = await self._next()
        if isinstance(event, Token):
            person = await self._hub.know(event.value, self._source)
            if person is not None:
                return self._introduce(person, event.value)
            self._say(TokenUnknown())
            await asyncio.sleep(GAP)
        else:
            assert isinstance(event, NoToken)
        self._say(NicknameAsked())
        nickname = await self._next()
        assert isinstance(nickname, Nickname)
        registered = await self._hub.register(nickname.value, self._source)
        return self._introduce(registered.person, registered.token)

    def _introduce(self, person: Person, token: str) -> Person:
        self._known()
        self._say(Introduced(Account(person.name, token)))
        asyncio.get_running_loop().call_later(GAP, self._welcome)
        return person

    def _welcome(self) -> None:
        if self._talk.state is State.INTRODUCED:
            self._say(Welcome())
            self._news.set()
            self._answer()

    async def _chat(self, person: Person) -> None:
        while True:
            event = await self._next()
            assert isinstance(event, Message)
            if not event.text:
                await self._delay(self._pings.take())
                self._owe(_done())
                continue
            person = await self._hub.keep(person)
            if await self._may_say(person, event.text):
                self._owe(self._hub.say(person, event.text))

    async def _may_say(self, person: Person, text: str) -> bool:
        size = len(text.encode())
        await self._delay(0 if self._lost.is_set() else self._hub.wait(person, size))
        if not self._lost.is_set():
            return True
        if self._stopping:
            self._owe(_failed(_STOPPING))
            return False
        if self._hub.takes_left_behind(person, size):
            return True
        logger.warning("what a dead connection left was dropped: its account is over its budget")
        raise Ended

    async def _delay(self, seconds: float) -> None:
        if seconds <= 0 or self._lost.is_set():
            await asyncio.sleep(0)  # thousands of events may lie here: others have their turn between two
            return
        try:
            async with asyncio.timeout(seconds):
                await self._lost.wait()
        except TimeoutError:
            pass

    async def _next(self) -> Event:
        """The client's next event.

        :raises Ended: there is none and none can come
        """
        while True:
            self._news.clear()
            if not self._clogged or self._lost.is_set():
                event = self._talk.next_event()
                if event is not None:
                    return event
                if not self._talk.full:
                    if self._ended:
                        raise Ended
                    self._hush(False)
            await self._news.wait()
            self._raise_bug()

    # Answers, in the order of the messages.

    def _owe(self, answer: asyncio.Future[int]) -> None:
        self._answers.append(answer)
        if answer.done():
            self._answer()
        else:
            answer.add_done_callback(lambda _: self._answer())

    def _answer(self) -> None:
        if self._talk.state is not State.TALKING:
            return
        data = b""
        while self._answers and self._answers[0].done():
            reason = self._answers.popleft().exception()
            if reason is not None and not isinstance(reason, NotStored | Refused | InvalidInput):
                # A bug, or a commit whose outcome nobody knows: the server ends without an answer. Raised
                # here it would only be logged by the loop, and the client would wait for ever.
                self._bug = reason
                break
            data += self._talk.send(Acknowledged() if reason is None else refusal(reason))
        if data:
            self._write(data)
        self._news.set()

    async def _answered(self) -> None:
        """Waits until the client has its welcome and an answer to each message."""
        while self._answers or self._talk.state is State.INTRODUCED:
            await self._more_news()

    async def _more_news(self) -> None:
        self._news.clear()
        await self._news.wait()
        self._raise_bug()

    def _raise_bug(self) -> None:
        if self._bug is not None:
            raise self._bug

    def _say(self, event: Event) -> None:
        self._write(self._talk.send(event))


def refusal(reason: MinechatError) -> NotSent:
    """A refusal in the words of this port."""
    seconds = reason.retry_after if isinstance(reason, Refused) else None
    return NotSent(str(reason), None if seconds is None else math.ceil(seconds))


def _done() -> asyncio.Future[int]:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    future.set_result(0)
    return future


def _failed(reason: MinechatError) -> asyncio.Future[int]:
    future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    future.set_exception(reason)
    return future
