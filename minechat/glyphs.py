"""What a character does where text is shown: stays, sits on the one before it, or is escaped."""

import json
import unicodedata
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

T = TypeVar("T")

#: The inside of a character class: whatever stays as it is in a text and in a nickname, wherever it
#: stands. It may lack harmless characters, which then cost time; it must not hold one that is not,
#: in the oldest Unicode tables we run on (14.0, Python 3.11) and in any later ones.
HARMLESS = (
    r" -~\u00a1-\u00ac\u00ae-\u02ff"  # Latin
    r"\u0370-\u0373\u0375-\u0377\u0388-\u038a\u038e-\u03a1\u03a3-\u03ff"  # Greek
    r"\u0400-\u0482\u048a-\u052f\u0531-\u0556"  # Cyrillic, Armenian
    r"\u05d0-\u05ea\u0620-\u064a\u0660-\u066f\u0671-\u06d3"  # Hebrew, Arabic
    r"\u0e01-\u0e30\u10d0-\u10ff\u1e00-\u1eff"  # Thai, Georgian, Vietnamese
    r"\u2010-\u2027\u2030-\u205e\u20a0-\u20bf"  # dashes, quotes, currencies
    r"\u2100-\u2125\u212c-\u218b\u2190-\u2328\u232b-\u23ff"  # letterlike, numbers, arrows, technical
    r"\u2400-\u2426\u2460-\u27ff\u2801-\u2adb"  # control pictures, boxes, dingbats, mathematics
    r"\u3001-\u3029\u3030-\u303e\u3041-\u3096\u309b-\u30ff"  # Japanese
    r"\u4e00-\u9ffc\uac00-\ud7a3\uff01-\uff9f"  # Han, Hangul, full width
    r"\ufffd\U0001f000-\U0001faff"  # the replacement character, emoji
)

_ESCAPED_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# Letters, marks and symbols that show nothing at all.
_BLANK = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0\ufffc"
    "\U00013441\U00013442\U00016fe4\U0001d159"
)
_JOINERS = "\u200c\u200d"
# Hangul vowels and final consonants join the letter before them; some numbers here are unassigned.
_JOINING_LETTERS = frozenset(map(chr, [*range(0x1161, 0x1200), *range(0xD7B0, 0xD800)]))
_UNSEEN_IN_NICK = frozenset(_JOINERS + "".join(map(chr, range(0xFE00, 0xFE10))))
_KNOWN_AT_ONCE = 4096


class Kind(Enum):
    """What happens to a character that is shown."""

    KEPT = "stays"
    MARK = "stays, on the character before it"
    ESCAPED = "is replaced by its symbol"


KEPT, MARK, ESCAPED = Kind


class Known(dict[str, T]):
    """What is known of any character, worked out when it is first met; forgets all when it grows large."""

    def __init__(self, work_out: Callable[[str], T]) -> None:
        self._work_out = work_out

    def __missing__(self, char: str) -> T:
        if len(self) >= _KNOWN_AT_ONCE:
            self.clear()
        known = self[char] = self._work_out(char)
        return known


def _in_text(char: str) -> Kind:
    # From U+E0000 on there are tags, more variation selectors and private use only.
    if char in _BLANK or char >= "\U000e0000":
        return ESCAPED
    category = unicodedata.category(char)
    if category[0] == "M" or char in _JOINERS or (category == "Lo" and char in _JOINING_LETTERS):
        return MARK
    # Newer terminals know emoji that our tables do not yet.
    emoji = "\U0001f000" <= char <= "\U0001faff"
    return ESCAPED if category in _ESCAPED_CATEGORIES and not emoji else KEPT


def _in_nick(char: str) -> Kind:
    unseen = char in _UNSEEN_IN_NICK or (char.isspace() and char != " ")
    return ESCAPED if unseen else _in_text(char)


def _in_unusual_nick(char: str) -> Kind:
    kind = _in_nick(char)
    return ESCAPED if kind is MARK or not unicodedata.is_normalized("NFC", char) else kind


def _symbol(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    return char.encode("ascii", "backslashreplace").decode()


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1]


#: What a text does with a character.
IN_TEXT = Known(_in_text)
#: What a nickname in Unicode's normal form C does with it.
IN_NICK = Known(_in_nick)
#: What a nickname in another form does: marks, and whatever has another form, are escaped.
IN_UNUSUAL_NICK = Known(_in_unusual_nick)
#: Pictures for the C0 controls and DEL; ``\\x9b``, ``\\u202e``, ``\\U000e0041`` for the rest.
SYMBOL = Known(_symbol)
#: A character as JSON writes it in ASCII: ``\\uXXXX``, twice above U+FFFF.
JSON_ESCAPE = Known(_json_escape)
