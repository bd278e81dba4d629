"""The full screen of a chat: rooms, messages, people and a box to write in, over any Session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from minechat.client.session import GENERAL, Session


def _forget(_place: str, _seq: int) -> None:
    """Marks go nowhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """How somebody wants the screen.

    :param place: where to be at first: a room, or ``@name``
    :param language: ``en`` or ``ru``
    :param theme: ``auto`` (the terminal's own colours), ``dark``, ``light``, ``none``
    :param timestamp_format: the stamp of a line, as strftime takes it
    :param marks: the number of the last message seen of each place, from before
    :param on_seen: is told a place and the number of the last message seen there whenever it changes
    :param address: the server as the user named it, for the status line
    """

    place: str = GENERAL
    language: str = "en"
    theme: str = "auto"
    timestamp_format: str = "%H:%M"
    marks: Mapping[str, int] = field(default_factory=dict)
    on_seen: Callable[[str, int], None] = _forget
    address: str = ""


async def run(session: Session, preferences: Preferences | None = None) -> int:
    """Shows a chat on the terminal until its person leaves it; the terminal is whole afterwards.

    SIGTERM, SIGHUP and SIGINT end it in the same way. The session is not closed: who opened it closes it.

    :returns: 0, or 128 and the number of the signal that ended it
    :raises MinechatError: ``session.events()`` raised it
    """
    raise NotImplementedError
