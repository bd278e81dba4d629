"""What a person says on the speak port: pings and messages, each within its budget or after a wait."""

import asyncio
from collections.abc import Callable
from functools import partial

from minechat.errors import MinechatError, NotStored, Refused
from minechat.server.accounts import Person
from minechat.server.doors.answers import YES, Answers, refusal
from minechat.server.doors.host import Host
from minechat.server.limits import Pace


class TooMuchLeft(Exception):
    """A dead connection left more than its account may say."""


class Speech:
    """One person on one connection.

    Messages over the budget of the account wait, and hold up those behind them; the client is not read
    meanwhile. What cannot wait, since nobody is there any more, is taken from another budget or dropped.

    :param source: from where, for the owner's eyes
    :param answers: gets one answer for each thing that is said
    :param go_on: called when what was held back may pass
    :param dismiss: called with the reason when an order of the owner ends the visit
    """

    __slots__ = (
        "_answers",
        "_detach",
        "_dismiss",
        "_go_on",
        "_held",
        "_host",
        "_person",
        "_pings",
        "_source",
        "_timer",
        "lost",
        "refusing",
    )

    def __init__(
        self,
        host: Host,
        person: Person,
        source: str,
        answers: Answers,
        *,
        go_on: Callable[[], None],
        dismiss: Callable[[Refused], None],
    ) -> None:
        self._host = host
        self._source = source
        self._answers = answers
        self._go_on = go_on
        self._dismiss = dismiss
        self._pings = Pace(host.limits.ping_rate, host.limits.ping_rate or 0)
        self._held: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._detach: Callable[[], None] | None = None
        #: The connection is gone: nothing can wait.
        self.lost = False
        #: Why nothing more is taken; each message is told so.
        self.refusing: MinechatError | None = None
        self._recognise(person)

    @property
    def holds(self) -> bool:
        """True while something is held back."""
        return self._held is not None

    @property
    def nameless(self) -> bool:
        """True until the person has an account in the database; ``keep`` it before it says something."""
        return self._person.id is None

    async def keep(self, text: str) -> None:
        """Gives the person an account in the database, and says the text."""
        try:
            self._recognise(await self._host.hub.keep(self._person))
        except NotStored as reason:
            self._answers.add(refusal(reason))
        else:
            self.say(text)

    def say(self, text: str) -> None:
        """Says the text now, or holds it back until ``pass_on``; an empty one is a ping.

        :raises TooMuchLeft: nothing more of this connection is taken
        """
        size = len(text) if text.isascii() else len(text.encode())
        if self.lost or self.refusing is not None:
            seconds = 0.0
        else:
            seconds = self._host.hub.wait(self._person, size) if text else self._pings.take()
        if seconds <= 0:
            self._pass_on(text, size)
        else:
            self._host.figures.refused["message_rate" if text else "ping_rate"] += 1
            self._held = partial(self._pass_on, text, size)
            self._timer = asyncio.get_running_loop().call_later(seconds, self._waited)

    def pass_on(self) -> None:
        """What is held back passes if it has waited long enough, or if waiting makes no sense any more.

        :raises TooMuchLeft: nothing more of this connection is taken
        """
        held = self._held
        if held is not None and (self._timer is None or self.lost or self.refusing is not None):
            self._forget()
            held()

    def end(self) -> None:
        """Nothing more is said."""
        self._forget()
        if self._detach is not None:
            self._detach()

    def _pass_on(self, text: str, size: int) -> None:
        if not text:
            self._answers.add(YES)
        elif self.lost and not self._host.hub.takes_left_behind(self._person, size):
            self._host.figures.refused["dump"] += 1
            raise TooMuchLeft
        elif self.refusing is not None and not self.lost:
            self._answers.add(refusal(self.refusing))
        else:
            self._answers.await_commit(self._host.hub.say(self._person, text))

    def _recognise(self, person: Person) -> None:
        self._person = person
        if person.id is not None:
            attach = self._host.hub.attach
            self._detach = attach(person.id, self._dismiss, name=person.name, source=self._source)

    def _waited(self) -> None:
        self._timer = None
        self._go_on()

    def _forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._held = self._timer = None
