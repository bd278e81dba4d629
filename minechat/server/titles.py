"""What a room may be called, what it may be about, and what may be said of a deed in it."""

import math
import unicodedata

from minechat.errors import Refused
from minechat.server import names
from minechat.text import safe, safe_nick

#: Characters of a name, of a topic and of a reason.
NAME, TOPIC, REASON = 64, 390, 200
#: Seconds of the longest mute or ban with an end: some three thousand years.
LONGEST = 1e11
_MARKS = "-_."


def room_name(name: str) -> str:
    """The name, which is refused and not mended where it is none. May load tables of letters.

    :raises Refused: ``bad_name``
    """
    if not 1 <= len(name) <= NAME:
        raise _bad(f"a room's name has 1 to {NAME} characters")
    if not all(char in _MARKS or _is_letter(char) for char in name):
        raise _bad("a room's name has letters, digits, - _ and . only")
    if not any(map(_is_letter, name)) or name.startswith("."):
        raise _bad("a room's name has a letter or a digit, and no . in front")
    if not unicodedata.is_normalized("NFC", name) or safe_nick(name) != name or len(names.scripts(name)) > 1:
        raise _bad("a room's name has letters of one alphabet, in their usual form")
    return name


def topic(text: str) -> str:
    """:raises Refused: ``bad_name``: it is too long, or not one line that can be seen as it is"""
    if len(text) > TOPIC or safe(text) != text:
        raise _bad(f"a topic is one line of at most {TOPIC} characters that can all be seen")
    return text


def reason(text: str) -> str:
    """One line of it, safe to show.

    :raises Refused: ``too_long``
    """
    line = safe(" ".join(text.split()))
    if len(line) > REASON:
        raise Refused(f"a reason has at most {REASON} characters", code="too_long")
    return line


def end(seconds: float | None, now: float) -> float | None:
    """When something that begins now ends, in seconds since 1970; None is never.

    :raises Refused: ``bad_frame``: it is no span of time
    """
    if seconds is None:
        return None
    if not math.isfinite(seconds) or not 0 < seconds <= LONGEST:
        raise Refused("a time is a number of seconds above 0", code="bad_frame")
    return now + seconds


def _is_letter(char: str) -> bool:
    return char.isalnum()


def _bad(words: str) -> Refused:
    return Refused(words, code="bad_name")
