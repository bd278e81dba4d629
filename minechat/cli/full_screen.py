"""The full screen as a command opens it: its code is loaded while the first attempt to connect is made."""

import gc
from importlib import import_module

from minechat.client.session import Session
from minechat.client.threads import in_daemon_thread

#: The screen has a line of its own for each day.
STAMP = "%H:%M"


async def loaded() -> None:
    """Loads what the screen is made of, in a thread: the connection goes on meanwhile."""
    await in_daemon_thread(_load)


async def shown(
    session: Session,
    *,
    language: str,
    theme: str,
    colour: str,
    timestamp_format: str | None,
    address: str,
    place: str = "general",
) -> int:
    """Shows a chat until its person leaves; returns the exit code.

    :param colour: as --color has it; never is a theme, too
    :param timestamp_format: None for that of the screen
    :raises MinechatError: as ``minechat.ui.app.run``
    """
    from minechat.ui.app import Preferences, run  # noqa: PLC0415 - only here it is needed

    preferences = Preferences(
        place=place,
        language=language,
        theme="none" if colour == "never" else theme,
        timestamp_format=timestamp_format or STAMP,
        address=address,
    )
    return await run(session, preferences)


def _load() -> None:
    # Nothing of it is garbage: looking for some meanwhile takes a tenth of the time, and later as well.
    gc.disable()
    try:
        import_module("minechat.ui.app")
    finally:
        gc.freeze()
        gc.enable()
