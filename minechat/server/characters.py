"""The fictional characters: who speaks next, and when."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from itertools import islice
from random import Random

from minechat.server.dialogues import Dialogue, Line, Script, Step, load
from minechat.server.memory import Memory
from minechat.server.replies import Replies

#: Seconds between two lines of the script: from, to. Many clients take 2 s of silence for a broken line.
PAUSE = (1.2, 1.9)
#: Seconds from the start to the first line: who starts the chat is waiting for something to read.
FIRST = 0.3
#: A dialogue is drawn from this many of those performed longest ago.
DRAWN_FROM = 4


class Cast:
    """Decides what is said next; pure but for its clock.

    The groups take turns, a whole dialogue each. Line by line in two languages neither could be
    followed: on one screen an answer must stand under its question. A dialogue takes about half a
    minute, so nobody waits long for a language they read.

    Nothing is said twice within ten minutes, whatever chance does: a line said since is not said, and
    a dialogue begins only if it can be performed whole.

    :param scripts: one for each group of characters
    """

    def __init__(
        self, scripts: Sequence[Script], *, random: Random, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._random = random
        self._memory = Memory(clock)
        self._names = frozenset(name for script in scripts for name in script.cast)
        replies = [reply for script in scripts for reply in script.replies]
        self._replies = Replies(replies, self._memory, random=random, clock=clock)
        # Of each group the dialogues performed longest ago first; and the group whose turn it is first.
        self._groups = [random.sample(script.dialogues, len(script.dialogues)) for script in scripts]
        self._script: Iterator[Line] = iter(())

    @classmethod
    def load(cls, *, random: Random, clock: Callable[[], float] = time.monotonic) -> "Cast":
        """The cast with every script of the package."""
        return cls(load(), random=random, clock=clock)

    def names(self) -> frozenset[str]:
        """Nicknames that nobody else may have."""
        return self._names

    def heard(self, nick: str, text: str) -> None:
        """A person spoke. If a character is named, its reply comes in 1 to 2 s, ahead of the script.

        One reply to a person at a time, and at least 3 s apart; what characters say is not heard.
        """
        if nick not in self._names:
            self._replies.heard(nick, text)

    def reply_due(self) -> float:
        """The clock when the next reply is due; infinity when none waits."""
        return self._replies.due()

    def pause(self) -> float:
        """Seconds to the next line of the script."""
        return self._random.uniform(*PAUSE)

    def next_line(self) -> Line | None:
        """What is said now, and by whom; None when everything was said within ten minutes.

        With the scripts of the package there is always something to say.
        """
        return self._replies.take() or self._next_of_script()

    def _next_of_script(self) -> Line | None:
        while True:
            for line in self._script:
                if self._memory.fresh(line.text):
                    self._memory.note(line.text)
                    return line
            dialogue = self._next_dialogue()
            if dialogue is None:
                return None
            self._script = self._performance(dialogue)

    def _next_dialogue(self) -> Dialogue | None:
        for group in self._groups:
            ready = (dialogue for dialogue in group if all(map(self._ready, dialogue.steps)))
            drawn_from = list(islice(ready, DRAWN_FROM))
            if drawn_from:
                dialogue = self._random.choice(drawn_from)
                group.remove(dialogue)
                group.append(dialogue)
                self._groups.remove(group)
                self._groups.append(group)
                return dialogue
        return None

    def _ready(self, step: Step) -> bool:
        return any(all(self._memory.fresh(line.text) for line in lines) for lines in step)

    def _performance(self, dialogue: Dialogue) -> Iterator[Line]:
        for step in dialogue.steps:
            shuffled = self._random.sample(step, len(step))
            yield from min(shuffled, key=self._last_said)

    def _last_said(self, lines: tuple[Line, ...]) -> float:
        return max(self._memory.last_said(line.text) for line in lines)


async def perform(
    speak: Callable[[str, str], None],
    cast: Cast,
    *,
    pause: Callable[[], float] | None = None,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Speaks for the cast until cancelled.

    :param speak: called with nickname and text
    :param pause: seconds from any line to the next of the script, under 2; the cast's own by default
    :param clock: the cast's clock
    """
    pause = pause or cast.pause
    script_due = clock() + FIRST
    while True:
        wait = min(script_due, cast.reply_due()) - clock()
        if wait > 0:
            # A question asked meanwhile is still answered in time: no pause is as long as a reply may take.
            await sleep(wait)
            continue
        line = cast.next_line()
        if line is not None:
            speak(*line)
        script_due = clock() + pause()
