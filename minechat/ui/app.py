"""The full screen of a chat: rooms, messages, people and a box to write in, over any Session."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from minechat.client.session import Session
from minechat.ui.application import ChatApp
from minechat.ui.preferences import Preferences

__all__ = ["Preferences", "run"]

_SIGNALS = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGINT") if hasattr(signal, name)]


async def run(session: Session, preferences: Preferences | None = None) -> int:
    """Shows a chat on the terminal until its person leaves it; the terminal is whole afterwards.

    SIGTERM, SIGHUP and SIGINT end it in the same way. The session is not closed: who opened it closes it.

    :returns: 0, or 128 and the number of the signal that ended it
    :raises MinechatError: ``session.events()`` raised it
    """
    app = ChatApp(session, preferences or Preferences())
    with _ended_by_signals(app):
        code = await app.run_async()
    if app.failure is not None:
        raise app.failure
    return code or 0


@contextmanager
def _ended_by_signals(app: ChatApp) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, app.exit, 128 + number)
    except NotImplementedError:  # Windows: the terminal sends Ctrl-C as a key
        yield
        return
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)
