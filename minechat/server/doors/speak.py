"""The speak port: one visit of one client, from the greeting to the last acknowledgement."""

import asyncio
import math
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Protocol

from minechat.errors import InvalidInput, LineTooLong, MinechatError, NotStored, ProtocolViolation, Refused
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
from minechat.server.doors.deadline import Deadline
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.limits import Pace
from minechat.server.log import event
from minechat.server.settings import Limits

#: Seconds between the account line and the line after it: clients in the wild read the account
#: with one read() and parse all of it as JSON. Measured: 40 of 40 such logins work with this gap.
GAP = 0.02
#: Bytes that may wait in a visit that cannot take them now; with more it hears no more.
PATIENCE = 4 * 1024
#: Events of one client that are acted on before others have their turn.
TURN = 16
_STOPPING = Refused("the server is stopping", 5)
_DONE = Acknowledged()


class Client(Protocol):
    """The connection, as a visit sees it."""

    def write(self, data: bytes) -> None:
        """Sends this; a connection that is gone drops it."""

    def hush(self, hush: bool) -> None:
        """With True nothing more is received, until it is called with False."""

    def known(self) -> None:
        """The client has said who it is."""

    def close(self) -> None:
        """Closes the connection when all that was written is sent."""


class Host(Protocol):
    """What all visits share."""

    hub: Hub
    limits: Limits
    figures: Figures

    def run(self, work: Coroutine[object, object, None]) -> asyncio.Task[None] | None:
        """Runs something that must wait; None when the server is ending and nothing more is begun."""

    def failed(self, bug: BaseException) -> None:
        """Ends the server: it must not stay up and be deaf."""

    def over(self, visit: "Visit") -> None:
        """The visit has ended and does nothing more."""


class Visit:
    """One client's talk with the hub. The connection tells it what happens; it answers through ``client``.

    A message counts whether or not its answer can be delivered, so everything that has arrived
    is read and acted on even after the connection is gone. There is a task only while something must be
    waited for: a client that sits and thinks costs its few bytes.
    """

    __slots__ = (
        "_again",
        "_answers",
        "_client",
        "_clogged",
        "_deadline",
        "_detach",
        "_ended",
        "_farewell",
        "_held",
        "_host",
        "_hushed",
        "_lost",
        "_over",
        "_person",
        "_pings",
        "_source",
        "_stopping",
        "_talk",
        "_timer",
        "_work",
    )

    def __init__(self, host: Host, client: Client, source: str) -> None:
        limits = host.limits
        self._host = host
        self._client = client
        self._source = source
        self._talk = Talk(
            Side.SERVER, line=limits.line, message=limits.message, message_lines=limits.message_lines
        )
        self._person: Person | None = None
        self._detach: Callable[[], None] | None = None
        self._pings: Pace | None = None
        self._deadline: Deadline | None = None
        #: What each message that was taken gets for an answer, in the order of the messages.
        self._answers: list[asyncio.Future[int] | Acknowledged | NotSent] = []
        #: What stands between the client and its next event: work under way, a message held back, a turn
        #: of the others, answers that it does not read, and the last word that it will get.
        self._work: asyncio.Task[None] | None = None
        self._held: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._again = False
        self._clogged = False
        self._farewell: MinechatError | None = None
        self._hushed = False
        self._ended = False
        self._lost = False
        self._stopping = False
        self._over = False

    # What the connection and the server tell.

    def begin(self) -> None:
        self._say(Greeting())

    def received(self, data: bytes) -> None:
        self._talk.receive(data)
        if self._deadline is not None and b"\n" in data:
            self._deadline.ended()
        self._go_on()

    def clogged(self, clogged: bool) -> None:
        """The client does not read its answers: nothing more is taken until it does."""
        self._clogged = clogged
        self._go_on()

    def ended(self) -> None:
        """The client will send nothing more, or is heard no more; answers can still reach it."""
        self._ended = True
        self._client.hush(True)
        self._go_on()

    def lost(self) -> None:
        """The connection is gone; what it brought still counts."""
        self._lost = self._ended = True
        self._clogged = False
        self._let_go()
        self._go_on()

    def stop(self) -> None:
        """The server is stopping: nothing more is taken, each message is told so, until ``ended``."""
        self._stopping = True
        self._let_go()
        self._go_on()

    def dismiss(self, reason: Refused) -> None:
        """Tells the client why, after the answers it is due, and ends the visit: an order of the owner."""
        self._farewell = self._farewell or reason
        self._let_go()
        self._go_on()

    def abandon(self) -> None:
        """Ends the visit as it stands, whatever it still waits for."""
        if self._work is not None:
            self._work.cancel()
        self._leave()

    # The talk.

    def _go_on(self) -> None:
        """Acts on what was said and answers it, as far as that is possible now."""
        if self._over or self._again:
            return
        try:
            self._answer()
            done = self._hear()
            while self._answer() and not self._again:  # each answer makes room for another message
                done = self._hear()
            if done or self._farewell is not None:
                self._part()
            else:
                self._mind_input()
        except Exception as bug:  # noqa: BLE001 - the loop would only log it, and the client wait for ever
            self._fail(bug)

    def _fail(self, bug: BaseException) -> None:
        self._host.failed(bug)
        self._leave()

    def _hear(self) -> bool:
        """Acts on the client's next events; True when there are none and none can come."""
        try:
            for _ in range(TURN):
                if self._waits:
                    return False
                event = self._talk.next_event()
                if event is None:
                    return self._ended and not self._talk.full
                self._act(event)
        except ProtocolViolation as reason:
            self._host.figures.refused["line" if isinstance(reason, LineTooLong) else "message"] += 1
            self._farewell = reason
        except Refused as reason:
            self._farewell = reason
        else:
            self._again = True
            asyncio.get_running_loop().call_soon(self._others_had_their_turn)
        return False

    def _others_had_their_turn(self) -> None:
        self._again = False
        self._go_on()

    @property
    def _waits(self) -> bool:
        return bool(self._work or self._held or self._clogged or self._farewell)

    def _act(self, event: Event) -> None:
        match event:
            case Message(""):
                self._ping()
            case Message(text):
                self._message(text)
            case Token(value):
                self._begin_work(self._know(value))
            case NoToken():
                self._say(NicknameAsked())
            case Nickname(value):
                self._begin_work(self._register(value))

    # Who is it?

    async def _know(self, token: str) -> None:
        person = await self._host.hub.know(token, self._source)
        if person is not None:
            self._introduce(person, token)
            return
        self._say(TokenUnknown())
        await asyncio.sleep(GAP)
        self._say(NicknameAsked())

    async def _register(self, nickname: str) -> None:
        registered = await self._host.hub.register(nickname, self._source)
        self._introduce(registered.person, registered.token)

    def _introduce(self, person: Person, token: str) -> None:
        self._recognise(person)
        self._client.known()
        self._pings = Pace(self._host.limits.ping_rate, self._host.limits.ping_rate or 0)
        self._say(Introduced(Account(person.name, token)))
        asyncio.get_running_loop().call_later(GAP, self._welcome)

    def _recognise(self, person: Person) -> None:
        self._person = person
        if person.id is not None and not self._over:
            attach = self._host.hub.attach
            self._detach = attach(person.id, self.dismiss, name=person.name, source=self._source)

    def _welcome(self) -> None:
        if not self._over:
            self._say(Welcome())
            self._go_on()

    # What does it say?

    def _ping(self) -> None:
        assert self._pings is not None
        seconds = 0.0 if self._lost or self._stopping else self._pings.take()
        self._delay(seconds, "ping_rate", partial(self._answers.append, _DONE))

    def _message(self, text: str) -> None:
        person = self._person
        assert person is not None
        if person.id is None:
            self._begin_work(self._keep(person, text))
            return
        size = len(text) if text.isascii() else len(text.encode())
        seconds = 0.0 if self._lost or self._stopping else self._host.hub.wait(person, size)
        self._delay(seconds, "message_rate", partial(self._pass_on, person, text, size))

    async def _keep(self, person: Person, text: str) -> None:
        try:
            self._recognise(await self._host.hub.keep(person))
        except NotStored as reason:
            self._answers.append(refusal(reason))
        else:
            self._message(text)

    def _pass_on(self, person: Person, text: str, size: int) -> None:
        if self._lost and not self._host.hub.takes_left_behind(person, size):
            event("left_behind_dropped", source=self._source)
            self._host.figures.refused["dump"] += 1
            self._farewell = Refused("too much was left behind")
        elif self._farewell is not None:
            self._answers.append(refusal(self._farewell))
        elif self._stopping and not self._lost:
            self._answers.append(refusal(_STOPPING))
        else:
            answer = self._host.hub.say(person, text)
            answer.add_done_callback(self._answered)
            self._answers.append(answer)

    # Waiting, each in its own way.

    def _begin_work(self, work: Coroutine[object, object, None]) -> None:
        self._work = self._host.run(self._finish_work(work))

    async def _finish_work(self, work: Coroutine[object, object, None]) -> None:
        try:
            await work
        except (Refused, NotStored) as reason:
            self._farewell = self._farewell or reason
        self._work = None
        self._go_on()

    def _delay(self, seconds: float, limit: str, then: Callable[[], None]) -> None:
        if seconds <= 0:
            then()
            return
        self._host.figures.refused[limit] += 1
        self._held = then
        self._timer = asyncio.get_running_loop().call_later(seconds, self._release)

    def _release(self) -> None:
        self._let_go()
        self._go_on()

    def _let_go(self) -> None:
        """What is held back has its turn."""
        if self._timer is not None:
            self._timer.cancel()
        held, self._held, self._timer = self._held, None, None
        if held is not None:
            held()

    def _mind_input(self) -> None:
        """Hears no more while too much waits, and gives a line that was begun its time."""
        talk = self._talk
        stopped = self._again or self._waits or talk.full
        if not self._ended:
            self._hush(stopped and talk.buffered > PATIENCE)
        if not stopped and talk.in_a_line and not self._ended:
            if self._deadline is None:
                self._deadline = Deadline(self._host.limits.unfinished, self._too_slow)
            self._deadline.begun()

    def _hush(self, hush: bool) -> None:
        if hush is not self._hushed:
            self._hushed = hush
            self._client.hush(hush)

    def _too_slow(self) -> None:
        self._host.figures.refused["unfinished"] += 1
        self._farewell = Refused(f"a line was not finished within {self._host.limits.unfinished:g} s")
        self._go_on()

    # Answers, in the order of the messages.

    def _answered(self, answer: asyncio.Future[int]) -> None:
        if self._answers and self._answers[0] is answer:
            self._go_on()

    def _answer(self) -> bool:
        """Answers what can be answered; whether there was something."""
        if not self._answers or self._talk.state is not State.TALKING:
            return False
        data = b""
        while self._answers and (answer := _known(self._answers[0])) is not None:
            del self._answers[0]
            data += self._talk.send(answer)
        if data:
            self._client.write(data)
        return bool(data)

    def _say(self, event: Event) -> None:
        self._client.write(self._talk.send(event))

    def _part(self) -> None:
        """Ends the visit, when the client has its welcome, an answer to each message and the last word."""
        if self._answers or self._work is not None or self._talk.state is State.INTRODUCED:
            return
        if self._farewell is not None:
            self._say(refusal(self._farewell))
        self._leave()

    def _leave(self) -> None:
        if self._over:
            return
        self._over = True
        if self._timer is not None:
            self._timer.cancel()
        if self._deadline is not None:
            self._deadline.cancel()
        if self._detach is not None:
            self._detach()
        self._client.close()
        self._host.over(self)


def _known(answer: asyncio.Future[int] | Acknowledged | NotSent) -> Acknowledged | NotSent | None:
    """The answer as it goes out; None when it is not known yet.

    :raises BaseException: a bug, or a commit whose outcome nobody knows: there is no answer to that
    """
    if not isinstance(answer, asyncio.Future):
        return answer
    if not answer.done():
        return None
    reason = answer.exception()
    if reason is None:
        return _DONE
    if isinstance(reason, NotStored | Refused | InvalidInput):
        return refusal(reason)
    raise reason


def refusal(reason: MinechatError) -> NotSent:
    """A refusal in the words of this port."""
    seconds = reason.retry_after if isinstance(reason, Refused) else None
    return NotSent(str(reason), None if seconds is None else math.ceil(seconds))
