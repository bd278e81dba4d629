"""The speak port: one visit of one client, from the greeting to the last acknowledgement."""

import asyncio

from minechat.errors import LineTooLong, MinechatError, NotStored, ProtocolViolation, Refused
from minechat.events import Account
from minechat.protocol.speak import (
    Event,
    Greeting,
    Introduced,
    Message,
    Nickname,
    NicknameAsked,
    NoToken,
    Side,
    State,
    Talk,
    Token,
    TokenUnknown,
    Welcome,
)
from minechat.server.accounts import Person
from minechat.server.doors.answers import Answers, refusal
from minechat.server.doors.deadline import Deadline
from minechat.server.doors.host import Client, Host, Work
from minechat.server.doors.speech import Speech, TooMuchLeft
from minechat.server.log import event

#: Seconds between the account line and the line after it: clients in the wild read the account
#: with one read() and parse all of it as JSON. Measured: 40 of 40 such logins work with this gap.
GAP = 0.02
#: Bytes that may wait in a visit that cannot take them now; with more it hears no more.
PATIENCE = 4 * 1024
#: Events of one client that are acted on before others have their turn.
TURN = 16
_STOPPING = Refused("the server is stopping", 5)


class Visit:
    """One client's talk with the hub. The connection tells it what happens; it answers through ``client``.

    A message counts whether or not its answer can be delivered, so everything that has arrived
    is read and acted on even after the connection is gone. There is a task only while work must be waited
    for: a client that sits and thinks costs its few bytes.
    """

    __slots__ = (
        "_again",
        "_answers",
        "_client",
        "_clogged",
        "_deadline",
        "_ended",
        "_farewell",
        "_host",
        "_hushed",
        "_lost",
        "_over",
        "_source",
        "_speech",
        "_stopping",
        "_talk",
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
        self._answers = Answers(self._go_on)
        self._speech: Speech | None = None
        self._deadline: Deadline | None = None
        self._work: asyncio.Task[None] | None = None
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
        if not clogged:  # it is told in the midst of a write, when a step of the talk is half done
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
        self._go_on()

    def stop(self) -> None:
        """The server is stopping: nothing more is taken, each message is told so, until ``ended``."""
        self._stopping = True
        self._go_on()

    def dismiss(self, reason: Refused) -> None:
        """Tells the client why, after the answers it is due, and ends the visit: an order of the owner."""
        self._farewell = self._farewell or reason
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
            if self._speech is not None:
                self._tell(self._speech)
            done = self._hear()
            while self._answers and self._answer() and not self._again:
                done = self._hear()  # each answer makes room for another message
            if done or self._farewell is not None:
                self._part()
            elif self._hushed or self._talk.buffered:
                self._mind_input()
        except TooMuchLeft:
            self._drop()
        except Exception as bug:  # noqa: BLE001 - the loop would only log it, and the client wait for ever
            self._host.failed(bug)
            self._leave()

    def _tell(self, speech: Speech) -> None:
        """Tells the speech how things stand, and what it holds back passes when it must."""
        speech.lost = self._lost
        speech.refusing = self._farewell or (_STOPPING if self._stopping else None)
        if speech.holds:
            speech.pass_on()

    def _hear(self) -> bool:
        """Acts on the client's next events; True when there are none and none can come."""
        if not self._talk.buffered and not self._ended:
            return False
        try:
            for _ in range(TURN):
                if self._waits:
                    return False
                said = self._talk.next_event()
                if said is None:
                    return self._ended and not self._talk.full
                self._act(said)
        except ProtocolViolation as reason:
            self._host.figures.refused["line" if isinstance(reason, LineTooLong) else "message"] += 1
            self._farewell = reason
            return False
        self._again = True
        asyncio.get_running_loop().call_soon(self._others_had_their_turn)
        return False

    def _others_had_their_turn(self) -> None:
        self._again = False
        self._go_on()

    @property
    def _waits(self) -> bool:
        if self._work is not None or self._clogged or self._farewell is not None:
            return True
        return self._speech is not None and self._speech.holds

    def _act(self, said: Event) -> None:
        match said:
            case Message(text):
                assert self._speech is not None
                if text and self._speech.nameless:
                    self._begin_work(self._speech.keep(text))
                else:
                    self._speech.say(text)
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
        self._speech = Speech(
            self._host, person, self._source, self._answers, go_on=self._go_on, dismiss=self.dismiss
        )
        self._client.known()
        self._say(Introduced(Account(person.name, token)))
        asyncio.get_running_loop().call_later(GAP, self._welcome)

    def _welcome(self) -> None:
        if not self._over:
            self._say(Welcome())
            self._go_on()

    def _begin_work(self, work: Work) -> None:
        self._work = self._host.run(self._finish(work))

    async def _finish(self, work: Work) -> None:
        try:
            await work
        except (Refused, NotStored) as reason:
            self._farewell = self._farewell or reason
        except TooMuchLeft:
            self._drop()
        self._work = None
        self._go_on()

    def _mind_input(self) -> None:
        """Hears no more while too much waits, and gives a line that was begun its time."""
        if self._ended:
            return
        waits = self._again or self._waits or self._talk.full
        hush = waits and self._talk.buffered > PATIENCE
        if hush is not self._hushed:
            self._hushed = hush
            self._client.hush(hush)
        if not waits and self._talk.in_a_line:
            self._deadline = self._deadline or Deadline(self._host.limits.unfinished, self._too_slow)
            self._deadline.begun()

    def _too_slow(self) -> None:
        self._host.figures.refused["unfinished"] += 1
        self._farewell = Refused(f"a line was not finished within {self._host.limits.unfinished:g} s")
        self._go_on()

    # Answers.

    def _answer(self) -> bool:
        """Answers what can be answered; whether there was something."""
        if self._talk.state is not State.TALKING:
            return False
        data = b"".join([self._talk.send(answer) for answer in self._answers.known()])
        if data:
            self._client.write(data)
        return bool(data)

    def _say(self, turn: Event) -> None:
        self._client.write(self._talk.send(turn))

    def _part(self) -> None:
        """Ends the visit, when the client has its welcome, an answer to each message and the last word."""
        if self._answers or self._work is not None or self._talk.state is State.INTRODUCED:
            return
        if self._farewell is not None:
            self._say(refusal(self._farewell))
        self._leave()

    def _drop(self) -> None:
        event("left_behind_dropped", source=self._source)
        self._leave()

    def _leave(self) -> None:
        if self._over:
            return
        self._over = True
        if self._deadline is not None:
            self._deadline.cancel()
        if self._speech is not None:
            self._speech.end()
        self._client.close()
        self._host.over(self)
