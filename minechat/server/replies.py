"""What the characters answer to people who name them: one at a time to each, soon, and never twice."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from math import inf
from random import Random

from minechat.server.dialogues import Line, Reply
from minechat.server.epithets import EPITHETS
from minechat.server.memory import Memory
from minechat.server.words import forms, spaced, stem, words

#: Seconds from a person's message to its reply: from, to.
DELAY = (1.0, 2.0)
#: Seconds between two replies to one person, at least.
PERSON_INTERVAL = 3.0
#: Replies that may wait for their time.
QUEUE = 8
#: The most characters of a person's name in a reply, and bytes of the whole line without its newline.
NAME_LENGTH = 20
LINE_BYTES = 198

_NAME = "{name}"


@dataclass(frozen=True, slots=True)
class _Waiting:
    due: float
    person: str
    template: str
    line: Line


class Replies:
    """The replies that wait. Of what a person says, only the nickname ever reaches one.

    When the queue is full, a newcomer gets no reply: if the oldest gave way instead, a crowd that
    keeps asking would push each one out before its time, and nobody would be answered.

    :param replies: what the characters know to answer
    :param memory: what was said lately, by anyone
    """

    def __init__(
        self, replies: Iterable[Reply], memory: Memory, *, random: Random, clock: Callable[[], float]
    ) -> None:
        self._replies: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}  # by character
        for reply in replies:
            self._replies.setdefault(reply.who, []).append((tuple(map(stem, reply.when)), reply.say))
        self._memory = memory
        self._random = random
        self._clock = clock
        self._who = {form: who for who in self._replies for form in forms(who)}
        self._waiting: list[_Waiting] = []
        self._answered: dict[str, float] = {}  # within PERSON_INTERVAL

    def heard(self, person: str, text: str) -> None:
        """A person spoke: the first character named in the text gets a reply ready, where it may."""
        if len(self._waiting) >= QUEUE or any(one.person == person for one in self._waiting):
            return
        now = self._clock()
        earliest = max(now + DELAY[0], self._answered.get(person, -inf) + PERSON_INTERVAL)
        latest = now + DELAY[1]
        choice = self._choice(words(text), called(person)) if earliest <= latest else None
        if choice is not None:
            self._waiting.append(_Waiting(self._random.uniform(earliest, latest), person, *choice))

    def due(self) -> float:
        """The clock when the next reply is due; infinity when none waits."""
        return min((one.due for one in self._waiting), default=inf)

    def take(self) -> Line | None:
        """The reply whose time has come, or None."""
        while self.due() <= self._clock():
            one = min(self._waiting, key=lambda one: one.due)
            self._waiting.remove(one)
            if self._memory.fresh(one.template) and self._memory.fresh(one.line.text):
                self._memory.note(one.template, one.line.text)
                self._note_answer(one.person)
                return one.line
        return None

    def _note_answer(self, person: str) -> None:
        now = self._clock()
        lately = {one: then for one, then in self._answered.items() if now - then < PERSON_INTERVAL}
        self._answered = lately | {person: now}

    def _choice(self, message: list[str], name: str) -> tuple[str, Line] | None:
        who = next((self._who[word] for word in message if word in self._who), None)
        if who is None:
            return None
        asked = spaced(message)
        own = self._replies[who]
        fitting = [template for stems, say in own if any(one in asked for one in stems) for template in say]
        general = [template for stems, say in own if not stems for template in say]
        for templates in (fitting, general):
            for template in self._random.sample(templates, len(templates)):
                if self._sayable(template) and self._sayable(text := _filled(template, who, name)):
                    return template, Line(who, text)
        return None

    def _sayable(self, text: str) -> bool:
        waits = any(text in (one.template, one.line.text) for one in self._waiting)
        return not waits and self._memory.fresh(text)


def called(nick: str) -> str:
    """How to address a person: the nickname without its epithet; the epithet where it is all there is."""
    epithet, _, name = nick.partition(" ")
    return name.strip() if epithet in EPITHETS and name.strip() else nick.strip()


def _filled(template: str, who: str, name: str) -> str:
    count = template.count(_NAME)
    if not count:
        return template
    # Not str.format: a nickname is not code. The name gives way where the line would be too long.
    room = (LINE_BYTES - len(f"{who}: {template.replace(_NAME, '')}".encode())) // count
    clipped = name[:NAME_LENGTH].encode("utf-8", "replace")[: max(room, 0)].decode("utf-8", "ignore")
    return template.replace(_NAME, clipped.rstrip())
