"""What a character does where text is shown: stays, sits on the one before it, or is escaped."""

import re
import unicodedata
from enum import Enum
from functools import lru_cache

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
_BLANK = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufffc"
    r"\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
# Zero width joiners, and Hangul vowels and final consonants, which join the letter before them.
_JOINING = re.compile(r"[\u200c\u200d\u1160-\u11ff\ud7b0-\ud7ff]")
# Emoji that newer terminals know and our tables do not yet.
_EMOJI = re.compile(r"[\U0001f000-\U0001faff]")
_UNSEEN_IN_NICK = re.compile(r"[^\S ]|[\u200c\u200d\ufe00-\ufe0f]")


class Kind(Enum):
    """What happens to a character that is shown."""

    KEPT = "stays"
    MARK = "stays, on the character before it"
    ESCAPED = "is replaced by its symbol"


KEPT, MARK, ESCAPED = Kind


@lru_cache(maxsize=2048)
def in_text(char: str) -> Kind:
    """What a text does with a character."""
    category = unicodedata.category(char)
    if _BLANK.match(char):
        return ESCAPED
    if category[0] == "M" or _JOINING.match(char):
        return MARK
    if category in _ESCAPED_CATEGORIES and not (category == "Cn" and _EMOJI.match(char)):
        return ESCAPED
    return KEPT


@lru_cache(maxsize=2048)
def in_nick(char: str) -> Kind:
    """What a nickname in Unicode's normal form C does with a character."""
    return ESCAPED if _UNSEEN_IN_NICK.match(char) else in_text(char)


@lru_cache(maxsize=2048)
def in_unusual_nick(char: str) -> Kind:
    """What a nickname that is not in normal form C does: whatever has another form is escaped."""
    kind = in_nick(char)
    if kind is MARK or not unicodedata.is_normalized("NFC", char):
        return ESCAPED
    return kind


def symbol(char: str) -> str:
    """A picture for the C0 controls and DEL; ``\\x9b``, ``\\u202e``, ``\\U000e0041`` for the rest."""
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    return char.encode("ascii", "backslashreplace").decode()
