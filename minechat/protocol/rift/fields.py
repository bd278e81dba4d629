"""What each field of a command's payload may be: loosely names, which the hub judges; exactly the rest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from minechat.protocol.rift.commands import FEATURES
from minechat.protocol.rift.strict import LARGEST

#: Bytes of a message's text in UTF-8.
TEXT = 4096
#: Characters of a name of a person or a room; the hub allows fewer.
NAME = 64
#: Characters of a client's own name for a request.
ID = 64
#: Characters of a topic, and of the reason of a kick, a mute or a ban.
TOPIC, REASON = 390, 200
#: Bytes of a password in UTF-8, so that nobody makes the server hash a megabyte.
PASSWORD = 1024
#: Characters of a password that is new, in the normal form C, which is counted by the hub.
NEW_SHORTEST, NEW_LONGEST = 8, 128
#: Characters of a session or a token, of a cursor, and of a search.
SECRET = 256
CURSOR = 512
QUERY = 256
#: Messages, rooms or members in one page.
PAGE = 100
#: The longest mute or ban with an end: ten years, in seconds.
LONGEST = 10 * 366 * 86400
#: Features that one client may name, and their characters.
NAMED = 32


class Unfit(ValueError):
    """A field is not what it must be; ``str(error)`` follows its name.

    :param code: a word for programs
    """

    def __init__(self, reason: str, code: str = "bad_frame") -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Check:
    """What one field may be.

    :param about: for the table of docs/rift.md
    :param read: its value from that of the JSON
    :raises Unfit: by ``read``
    """

    about: str
    read: Callable[[Any], Any]


def _is_text(value: Any, most: int, code: str) -> str:
    if not isinstance(value, str):
        raise Unfit("must be text")
    if len(value) > most:
        raise Unfit(f"is longer than {most} characters", code)
    return value


def _id(value: Any) -> str:
    text = _is_text(value, ID, "bad_frame")
    if not text or not text.isprintable():
        raise Unfit("must be of printable characters")
    return text


def _name(value: Any) -> str:
    text = _is_text(value, NAME, "bad_name")
    if not text.strip():
        raise Unfit("is empty", "bad_name")
    return text


def _text(value: Any) -> str:
    text = _is_text(value, LARGEST, "too_long")
    if len(text.encode()) > TEXT:
        raise Unfit(f"is longer than {TEXT} bytes", "too_long")
    if not text.strip():
        raise Unfit("is empty", "empty")
    return text


def _password(value: Any) -> str:
    text = _is_text(value, PASSWORD, "bad_password")
    if len(text.encode()) > PASSWORD:
        raise Unfit(f"is longer than {PASSWORD} bytes", "bad_password")
    return text


def _any_password(value: Any) -> str:
    # No password is so long: the answer is that of a wrong one, and the hash of nothing long is asked for.
    return _is_text(value, PASSWORD, "wrong_password")


def _secret(value: Any) -> str:
    text = _is_text(value, SECRET, "wrong_password")
    if not text:
        raise Unfit("is empty", "wrong_password")
    return text


def _line(most: int) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = _is_text(value, most, "too_long")
        if any(ord(char) < 32 or ord(char) == 127 for char in text):
            raise Unfit("must be one line without control characters")
        return text

    return read


def _cursor(value: Any) -> str:
    return _is_text(value, CURSOR, "bad_frame")


def _query(value: Any) -> str:
    text = _is_text(value, QUERY, "too_long")
    if not text.strip():
        raise Unfit("is empty", "empty")
    return text


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Unfit("must be true or false")
    return value


def _whole(least: int, most: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise Unfit(f"must be a whole number from {least} to {most}")
        return value

    return read


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= LONGEST:
        raise Unfit(f"must be a number over 0 and up to {LONGEST}")
    return float(value)


def _role(value: Any) -> str:
    if value not in ("owner", "moderator", "member"):
        raise Unfit("must be owner, moderator or member")
    return str(value)


def _features(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > NAMED:
        raise Unfit(f"must be a list of up to {NAMED} words")
    words = [_is_text(one, NAMED, "bad_frame") for one in value]
    return tuple(one for one in FEATURES if one in words)  # others are of a later version


ID_FIELD = Check(f"text of 1 to {ID} printable characters", _id)
PERSON = Check(f"name, up to {NAME} characters", _name)
ROOM = Check(f"name of a room, up to {NAME} characters", _name)
MESSAGE = Check(f"text, not blank, up to {TEXT} bytes", _text)
NEW_PASSWORD = Check(f"text up to {PASSWORD} bytes", _password)
ANY_PASSWORD = Check("text", _any_password)
SESSION = Check(f"text up to {SECRET} characters", _secret)
TOPIC_LINE = Check(f"one line up to {TOPIC} characters", _line(TOPIC))
REASON_LINE = Check(f"one line up to {REASON} characters", _line(REASON))
CURSOR_FIELD = Check("what the page before gave", _cursor)
WORDS = Check(f"text, not blank, up to {QUERY} characters", _query)
FLAG = Check("true or false", _truth)
NUMBER = Check("whole number", _whole(0, LARGEST))
LIMIT = Check(f"whole number from 1 to {PAGE}", _whole(1, PAGE))
SECONDS = Check("number of seconds over 0, up to ten years", _seconds)
ROLE = Check("`owner`, `moderator` or `member`", _role)
WORD_LIST = Check("list of words", _features)
