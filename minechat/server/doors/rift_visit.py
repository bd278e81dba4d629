"""One client of RIFT, from its first frame to its last: frames in their order, each one answered."""

import asyncio
from collections import deque
from contextlib import suppress

from minechat.errors import BadFrame, Refused
from minechat.protocol.rift.command_table import BY_COMMAND
from minechat.protocol.rift.commands import Command
from minechat.protocol.rift.replies import Reply
from minechat.protocol.rift.talk import Side, State, Talk
from minechat.server.doors.rift_answers import FAILURES, Failure, code_of, told, wait_of
from minechat.server.doors.rift_guest import Guest
from minechat.server.doors.rift_host import AGAINST_THE_RULES, DONE, GOING_AWAY, Client, Host
from minechat.server.happenings import Ended, Happening, PresenceChanged, RoomHappening

#: Frames of one client that wait for their turn before nothing more of it is received, and until so few do.
QUEUE, AGAIN = 16, 8
#: What only those are told who asked for it.
FEATURES: dict[type, str] = {RoomHappening: "rooms", PresenceChanged: "presence"}
_STOPPING = Refused("the server is stopping", 5, code="stopping")


class Visit:
    """One client's talk with the hub. The connection tells it what happens; it answers through ``client``.

    One request at a time, but for messages, which may wait for their commits together. There is a task only
    while something is under way: a client that sits and listens costs its few bytes.
    """

    __slots__ = (
        "_client",
        "_clogged",
        "_guest",
        "_host",
        "_hurry",
        "_hushed",
        "_over",
        "_queue",
        "_stopping",
        "_talk",
        "_work",
        "ended",
        "gone",
    )

    def __init__(self, host: Host, client: Client, source: str) -> None:
        self._host = host
        self._client = client
        self._talk = Talk(Side.SERVER, host.limits.frame)
        self._guest = Guest(host, client, self, source)
        self._queue: deque[str | bytes] = deque()
        self._work: asyncio.Task[None] | None = None
        self._hurry: asyncio.Event | None = None
        self._hushed = self._clogged = self._stopping = self._over = False
        #: The connection is gone.
        self.gone = False
        self.ended = False

    # What the connection and the server tell.

    def begin(self) -> None:
        """The client may talk; it has the word."""

    def received(self, frame: str | bytes) -> None:
        """A whole text message of the client."""
        if self.ended:
            return
        self._queue.append(frame)
        self._mind_input()
        self.go_on()

    def clogged(self, clogged: bool) -> None:
        """The client does not read its answers: nothing more is taken until it does."""
        self._clogged = clogged
        self.go_on()

    def lost(self) -> None:
        """The connection is gone. What was said counts, as far as the account's budgets go."""
        self.gone, self._clogged = True, False
        self._wake()
        self.go_on()

    def stop(self) -> None:
        """The server is stopping: what is under way is answered, what waits is refused, and that was it."""
        self._stopping = True
        self._client.hush(True)
        self._wake()
        self.go_on()

    def dismiss(self, reason: Refused) -> None:
        """Tells the client why and ends the visit at once: an order of the owner, or of the account's own."""
        if not self.ended:
            self._client.send(self._talk.send(self._refusal(reason)))
            self.end(AGAINST_THE_RULES)

    def abandon(self) -> None:
        """Ends the visit as it stands, whatever it still waits for."""
        if self._work is not None:
            self._work.cancel()
        self._work = None
        self.end(GOING_AWAY)

    # The frames.

    def go_on(self) -> None:
        """Takes the next frame, or ends what is over, unless something is under way."""
        if self._work is not None or self._over:
            return
        if self._queue and not self._clogged and not self.ended:
            self._work = self._host.run(self._serve())
        elif self.ended or self.gone or (self._stopping and not self._guest.waits):
            self.end(GOING_AWAY)

    async def _serve(self) -> None:
        while self._queue and not self._clogged and not self.ended:
            frame = self._queue.popleft()
            self._mind_input()
            await self._hear(frame)
        self._work = None
        self.go_on()

    async def _hear(self, frame: str | bytes) -> None:
        try:
            command = self._talk.hear(frame)
        except BadFrame as reason:
            self._host.figures.refused["frame"] += 1
            await self._guest.settled()
            self.say(self._talk.refuse(str(reason), reason.code, to=reason.to, request=reason.request))
            return
        assert isinstance(command, Command)
        try:
            await self._obey(command)
        except FAILURES as reason:
            await self._guest.settled()
            self.refuse(reason, command)

    async def _obey(self, command: Command) -> None:
        if self._stopping and not self.gone:
            raise _STOPPING
        reply = await self._guest.obey(command)
        if reply is not None:
            self.say(reply)
            await self._client.drained()

    def _mind_input(self) -> None:
        waiting = len(self._queue)
        hush = waiting >= QUEUE or (self._hushed and waiting > AGAIN)
        if hush is not self._hushed and not (self._stopping or self.gone):
            self._hushed = hush
            self._client.hush(hush)

    # For the guest.

    @property
    def features(self) -> frozenset[str]:
        return self._talk.features

    async def wait(self, seconds: float, limit: str) -> None:
        """Lets so much time go by, unless the visit ends or stops; nothing more is taken meanwhile."""
        if seconds <= 0 or self.gone or self._stopping or self.ended:
            return
        self._host.figures.refused[limit] += 1
        self._hurry = asyncio.Event()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    def tell(self, happening: Happening) -> None:
        """Takes what the hub tells a member."""
        if isinstance(happening, Ended):
            self.dismiss(happening.reason)
            return
        feature = FEATURES.get(type(happening))
        if self._talk.state is State.KNOWN and (feature is None or feature in self.features):
            self._client.send(told(happening))

    def say(self, reply: Reply) -> None:
        if self.ended or not self._talk.asked_for(reply):
            return
        self._client.send(self._talk.send(reply))
        if self._talk.state is State.CLOSED:
            self.end(DONE)

    def refuse(self, reason: Failure, command: Command | None = None) -> None:
        if not self.ended:
            self.say(self._refusal(reason, command))

    def _refusal(self, reason: Failure, command: Command | None = None) -> Reply:
        to = "" if command is None else BY_COMMAND[type(command)].word
        request = None if command is None else command.id
        code, wait = code_of(reason), wait_of(reason)
        return self._talk.refuse(str(reason), code, to=to, request=request, wait=wait)

    def end(self, code: int) -> None:
        """Nothing more is heard or said. What is under way goes on to its end, unheard."""
        if not self.ended:
            self.ended = True
            self._queue.clear()
            self._talk.close()
            self._wake()
            self._client.close(code)
        self._guest.leave()
        if self._work is None and not self._over:
            self._over = True
            self._guest.detach()
            self._host.over(self)

    def _wake(self) -> None:
        if self._hurry is not None:
            self._hurry.set()
