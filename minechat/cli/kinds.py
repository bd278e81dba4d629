"""Kinds of values: how the text of an option or a setting becomes a checked value."""

import math
import re
import time
from collections.abc import Callable
from enum import Enum, auto

TRUE = frozenset({"1", "yes", "on", "true"})
FALSE = frozenset({"0", "no", "off", "false"})
LONGEST_WAIT = 366 * 86400.0  # seconds; more is a slip of the finger, and timers have limits of their own
LONGEST_STAMP = 100
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}", re.ASCII)


class Kind(Enum):
    """What an option takes. The first five take no value on the command line."""

    FLAG = auto()  # on the command line only
    SWITCH = auto()  # --x and --no-x, and yes or no in a setting
    TALLY = auto()  # counts how often it is given
    NOTHING = auto()  # takes another option's value away
    SHOW = auto()  # prints something and ends
    TEXT = auto()
    TEXTS = auto()  # may be given several times
    HOST = auto()
    PORT = auto()
    FREE_PORT = auto()  # a port to listen on; 0 lets the system choose
    NUMBER = auto()
    POSITIVE = auto()
    RETRIES = auto()
    SECONDS = auto()
    STAMP = auto()
    COLOR = auto()
    LIMITS = auto()
    LISTED = auto()
    AMOUNT = auto()  # a number above 0
    LIMIT = auto()  # the same, or none
    SPAN = auto()  # 90s, 10m, 2h, 7d or forever
    ROLE = auto()
    LANGUAGE = auto()
    THEME = auto()
    FINGERPRINT = auto()  # SHA-256 of a certificate

    @property
    def takes_value(self) -> bool:
        return self.value > Kind.SHOW.value


CHOICES: dict[Kind, tuple[str, ...]] = {
    Kind.COLOR: ("auto", "always", "never"),
    Kind.LIMITS: ("default", "classroom", "off"),
    Kind.LISTED: ("accounts", "bans", "audit"),
    Kind.ROLE: ("owner", "moderator", "member"),
    Kind.LANGUAGE: ("auto", "en", "ru"),
    Kind.THEME: ("auto", "dark", "light", "none"),
}


class BadValue(ValueError):
    """``str()`` says what is wrong with a value, ``remedy`` what to write instead."""

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.remedy = remedy


def convert(kind: Kind, text: str) -> object:
    """The value that ``text`` stands for.

    :raises BadValue: it is not of this kind
    """
    if kind in CHOICES:
        return _choice(text, CHOICES[kind])
    return _CONVERTERS.get(kind, str)(text)


def switch(text: str) -> bool:
    """Yes or no, as people write it in settings.

    :raises BadValue: neither
    """
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise BadValue("is neither yes nor no", "use yes, no, on, off, true, false, 1 or 0")
    return word in TRUE


def _choice(text: str, choices: tuple[str, ...]) -> str:
    if text not in choices:
        raise BadValue("is not one of the choices", "use " + ", ".join(choices))
    return text


def _whole(lowest: int, highest: int) -> Callable[[str], int]:
    def convert_whole(text: str) -> int:
        if not _NUMBER.fullmatch(text) or not lowest <= int(text) <= highest:
            raise BadValue("is not a whole number in range", f"use {lowest} to {highest}")
        return int(text)

    return convert_whole


def _retries(text: str) -> int | None:
    if text == "forever":
        return None
    if not _NUMBER.fullmatch(text):
        raise BadValue("is not a number of attempts", "use a whole number or forever")
    return int(text)


def _seconds(text: str) -> float:
    if not _SECONDS.fullmatch(text) or not 0 < float(text) <= LONGEST_WAIT:
        raise BadValue("is not a time in seconds", "use a number above 0, such as 2.5")
    return float(text)


def _amount(text: str) -> float:
    if not _SECONDS.fullmatch(text) or not float(text) > 0:
        raise BadValue("is not a number above 0", "use a number such as 64")
    return float(text)


def _limit(text: str) -> float:
    if text == "none":
        return math.inf
    try:
        return _amount(text)
    except BadValue:
        raise BadValue("is not a limit", "use a number above 0, or none") from None


def _span(text: str) -> float | None:
    from minechat.ui.durations import seconds  # noqa: PLC0415 - only a ban asks

    try:
        return seconds(text)
    except ValueError:
        raise BadValue("is not a length of time", "use 90s, 10m, 2h, 7d or forever") from None


def _fingerprint(text: str) -> str:
    from minechat.client.tls import digits  # noqa: PLC0415 - most connections are plain
    from minechat.errors import InvalidInput  # noqa: PLC0415

    try:
        return digits(text)
    except InvalidInput:
        remedy = "use 64 hexadecimal digits, in pairs with colons between or without"
        raise BadValue("is not a SHA-256 fingerprint", remedy) from None


def _host(text: str) -> str:
    if len(text) > 255 or not text.isprintable() or any(sign in text for sign in " /@?#"):
        raise BadValue("is not a host name", "use a name such as chat.example, or an address")
    if text.count(":") == 1:
        raise BadValue("is not a host name", "give the port as an option of its own")
    from minechat.client.address import Address  # noqa: PLC0415 - the default of a host needs no check
    from minechat.errors import InvalidInput  # noqa: PLC0415

    try:
        Address(text, 1)
    except InvalidInput:
        raise BadValue("is not a host name", "use a name such as chat.example, or an address") from None
    return text


def _stamp(text: str) -> str:
    try:
        shown = time.strftime(text, time.gmtime(0))
    except ValueError:
        shown = ""
    if not shown or len(shown) > LONGEST_STAMP or not shown.isprintable():
        raise BadValue("is not a usable time format", "it must show on one line, such as %H:%M:%S")
    return text


_CONVERTERS: dict[Kind, Callable[[str], object]] = {
    Kind.HOST: _host,
    Kind.PORT: _whole(1, 65535),
    Kind.FREE_PORT: _whole(0, 65535),
    Kind.NUMBER: _whole(0, 999_999_999),
    Kind.POSITIVE: _whole(1, 999_999_999),
    Kind.RETRIES: _retries,
    Kind.SECONDS: _seconds,
    Kind.STAMP: _stamp,
    Kind.SWITCH: switch,
    Kind.AMOUNT: _amount,
    Kind.LIMIT: _limit,
    Kind.SPAN: _span,
    Kind.FINGERPRINT: _fingerprint,
}
