"""The full screen of a chat: rooms, messages, people and a box to write in, over any Session."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from minechat.client.session import Session
from minechat.ui.application import ChatApp
from minechat.ui.hangup import gone
from minechat.ui.preferences import Preferences

__all__ = ["Preferences", "run"]

#: As a shell counts the end by SIGHUP.
HANGUP = 129
_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)]


async def run(session: Session, preferences: Preferences | None = None) -> int:
    """Shows a chat on the terminal until its person leaves it; the terminal is whole afterwards.

    SIGTERM, SIGHUP and SIGINT end it in the same way, and a terminal that is closed as SIGHUP does. The
    session is not closed: who opened it closes it.

    :returns: 0, or 128 and the number of the signal that ended it
    :raises MinechatError: ``session.events()`` raised it
    """
    app = ChatApp(session, preferences or Preferences())
    with _ended_by_signals(app):
        watching = asyncio.create_task(_until_gone(app))
        try:
            code = await _whole(app)
        finally:
            watching.cancel()
    if app.failure is not None:
        raise app.failure
    return code or 0


async def _until_gone(app: ChatApp) -> None:
    await gone()
    app.exit(HANGUP)


async def _whole(app: ChatApp) -> int | None:
    """Runs it to its end; where we are cancelled, the terminal is made whole first."""
    running = asyncio.ensure_future(app.run_async())
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        app.exit(1)
        await running
        raise


@contextmanager
def _ended_by_signals(app: ChatApp) -> Iterator[None]:
    """Signals end the application in its own way; what was there before handles them afterwards."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    loop, caught = asyncio.get_running_loop(), []
    try:
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:  # nohup
                loop.add_signal_handler(number, app.exit, 128 + number)
                caught.append(number)
    except NotImplementedError:  # Windows: the terminal sends Ctrl-C as a key
        pass
    try:
        yield
    finally:
        for number in caught:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])
