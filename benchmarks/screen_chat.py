"""The screen over a chat in memory, for screen.py: quiet, in a flood, or scrolled through a long past."""

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from minechat.client.session import History, Message
from minechat.ui.application import ChatApp
from minechat.ui.preferences import Preferences
from tests.ui.stage import StagedSession

MESSAGES, AT_ONCE = 10_000, 50
HELLO, END = "hello from Vasya", "the end of it"


def text(number: int) -> str:
    return f"message {number} " + "words " * (number % 20)


class LongSession(StagedSession):
    """A chat with so long a past that it is made up when asked for."""

    def __init__(self, messages: int) -> None:
        super().__init__()
        self._last = messages

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        await asyncio.sleep(0)
        if after is None:
            end = (before or self._last + 1) - 1
            first, more = max(1, end - limit + 1), end > limit
        else:
            first, end = after + 1, min(self._last, after + limit)
            more = end < self._last
        found = [
            Message(place=place, nick=f"nick{seq % 50}", text=text(seq), time=1.7e9 + seq, seq=seq)
            for seq in range(first, end + 1)
        ]
        return History(messages=tuple(found), more=more)


async def quiet(session: StagedSession, _app: ChatApp) -> None:
    session.hear("general", "Vasya", HELLO)


async def flood(session: StagedSession, _app: ChatApp) -> None:
    session.hear("general", "Vasya", HELLO)
    await asyncio.sleep(0.3)
    for first in range(0, MESSAGES, AT_ONCE):
        session.hear("general", "Vasya", *map(text, range(first, first + AT_ONCE)))
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.3)
    session.hear("general", "Vasya", END)


async def scroll(_session: StagedSession, app: ChatApp) -> None:
    """Up to the first message, line by line on the way of the wheel, and down again."""
    here = app.board.here
    while not here.entries:
        await asyncio.sleep(0.01)
    app.deeds.tell([HELLO])
    await asyncio.sleep(0.3)
    while not here.at_start:
        app.timeline.scroll_by(-37)
        await asyncio.sleep(0)
    while not here.at_end:
        app.timeline.scroll_by(37)
        await asyncio.sleep(0)
    app.timeline.go_to_end()
    app.deeds.tell([END])


PLOTS = {"quiet": quiet, "flood": flood, "scroll": scroll}


class PlayedApp(ChatApp):
    """The screen with a plot among its own tasks: a plot that fails ends it, and is never waited for."""

    def __init__(self, session: StagedSession, plot: str) -> None:
        super().__init__(session, Preferences())
        self._staged, self._plot = session, PLOTS[plot]

    def on_ready(self) -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self.exit, 0)
        self.start(self._play())

    async def _play(self) -> None:
        await asyncio.sleep(0.5)
        self._staged.connect()
        await self._plot(self._staged, self)


async def main(plot: str, messages: str = "0") -> None:
    app = PlayedApp(LongSession(int(messages)) if plot == "scroll" else StagedSession(), plot)
    await app.run_async()
    if app.failure:
        raise app.failure


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
