"""How somebody wants the screen: decided at the door, where settings are read."""

from dataclasses import dataclass

from minechat.client.session import GENERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What a screen is told beside its session.

    :param place: where to be at first: a room, or ``@name``
    :param language: ``en`` or ``ru``
    :param theme: ``auto`` (the terminal's own colours), ``dark``, ``light``, ``none``
    :param timestamp_format: the stamp of a line, as strftime takes it
    :param address: the server as the user named it, for the status line
    """

    place: str = GENERAL
    language: str = "en"
    theme: str = "auto"
    timestamp_format: str = "%H:%M"
    address: str = ""
