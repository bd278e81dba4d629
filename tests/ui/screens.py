"""A screen under test: keys in, rows of the screen out."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual import events
from textual.pilot import Pilot

from minechat.ui.application import ChatApp
from minechat.ui.preferences import Preferences
from tests.ui.stage import StagedSession


class Screen:
    """A screen under test."""

    def __init__(self, app: ChatApp, pilot: Pilot[int], session: StagedSession) -> None:
        self.app, self.pilot, self.session = app, pilot, session
        self.bells = 0
        app.bell = self._bell  # type: ignore[method-assign]

    def _bell(self) -> None:
        self.bells += 1

    def rows(self) -> list[str]:
        """What stands on the screen, row by row, without the moves of the cursor."""
        strips = self.app.screen._compositor.render_strips()
        return [_plain(strip.text) for strip in strips]

    def text(self) -> str:
        return "\n".join(self.rows())

    async def until(self, fact: Callable[[], bool]) -> None:
        """Waits until something is so; what is painted is painted by then."""
        try:
            async with asyncio.timeout(10):
                while not fact():
                    await self.pilot.pause(0.01)
        except TimeoutError:
            raise AssertionError(f"it never came; the screen:\n{self.text()}") from None

    async def until_shown(self, text: str) -> None:
        await self.until(lambda: text in self.text())

    async def type(self, text: str) -> None:
        await self.pilot.press(*("space" if key == " " else key for key in text))

    async def enter(self, text: str) -> None:
        """Writes a line and presses Enter."""
        self.app.box.put(text)
        await self.pilot.press("enter")

    async def paste(self, text: str) -> None:
        self.app.post_message(events.Paste(text))
        await self.pilot.pause()


def _plain(text: str) -> str:
    """Rows are blanked before letters that terminals disagree about; what counts comes after that."""
    parts = text.split("\x1b[")
    kept = parts[0]
    for part in parts[1:]:
        column, _, rest = part.partition("G")
        kept = kept[: int(column) - 1].ljust(int(column) - 1) + rest
    return kept.replace("\u200e", "").rstrip()


@asynccontextmanager
async def screen(
    session: StagedSession | None = None, size: tuple[int, int] = (100, 24), **preferences: str
) -> AsyncIterator[Screen]:
    session = session or StagedSession()
    app = ChatApp(session, Preferences(**preferences))
    async with app.run_test(size=size) as pilot:
        yield Screen(app, pilot, session)
        session.close()


@asynccontextmanager
async def connected(size: tuple[int, int] = (100, 24), messages: int = 0) -> AsyncIterator[Screen]:
    session = StagedSession()
    for number in range(1, messages + 1):
        session.store("general", "Vasya", f"message {number}")
    async with screen(session, size) as shown:
        session.connect()
        await shown.until_shown("● connected")
        if messages:
            await shown.until_shown(f"message {messages}")
        yield shown
