"""Making untrusted text safe to show: on a terminal, in a log line, in a record of the history.

What could move the cursor, hide, reorder or imitate is replaced by visible symbols, never removed, so
that nothing new can form out of the remains. Every function here is idempotent: text that was made
safe once (by a server) stays as it is when it is made safe again (by a client).
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from itertools import accumulate

SEPARATOR = ": "
#: The most characters of one text that are shown, the mark of the cut included.
SHOWN = 4096
#: The most combining marks that one base carries.
MARKS = 8
#: Stands for all the marks that one base had too many.
EXCESS = "\N{DOTTED CIRCLE}"

# Every character here stays as it is in a text and in a nickname, wherever it stands. The class may
# lack harmless characters, which then cost time; it must not hold one that is not.
_HARMLESS = (
    r" -~¡-¬®-˿Ͱ-ͳ͵-ͷΈ-ΊΎ-ΡΣ-ϿЀ-҂Ҋ-ԯԱ-Ֆא-תؠ-ي٠-ٯٱ-ۓก-ะა-ჿḀ-ỿ"
    r"\u2010-\u2027\u2030-\u205e₠-₿ℐ-℥ℬ-↋←-⌨⌫-⏿\u2400-\u2426①-⟿⠁-⫛、-〩〰-〾ぁ-ゖ゛-ヿ"
    r"一-\u9ffc가-힣！-ﾟ\ufffd\U0001f000-\U0001faff"
)
_SUSPECT = re.compile(f"[^{_HARMLESS}]")
_SUSPECTS = re.compile(f"[^{_HARMLESS}]+")
_SUSPECT_IN_LINES = re.compile(f"[^\n{_HARMLESS}]")

_PRINTABLE = bytes(range(0x20, 0x7F))
# In valid UTF-8 these lead only to letters: U+00C0-02FF, U+03C0-047F, U+04C0-04FF.
_LETTERS = bytes([*range(0xC3, 0xCC), 0xCF, 0xD0, 0xD1, 0xD3, *range(0x80, 0xC0)])

_ESCAPED = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"
_BLANK = re.compile(
    r"[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\uffa0\ufffc"
    r"\U00013441\U00013442\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)
_EMOJI = re.compile(r"[\U0001f000-\U0001faff]")
# Vowels and final consonants that join the Hangul letter before them.
_JAMO = re.compile(r"[\u1160-\u11ff\ud7b0-\ud7ff]")
_VARIATION = re.compile(r"[\ufe00-\ufe0f]")


class _Kind(Enum):
    KEPT = "shown as it is"
    MARK = "shown on the character before it"
    ESCAPED = "shown as a symbol"


def safe(text: str) -> str:
    """A text with a visible symbol for every character that does more than stand in its place.

    C0 controls, the newline too, become control pictures, all else an escape such as ``\\x9b`` or
    ``\\u202e``. A base carries at most 8 combining marks. A text over 4096 characters is cut; the mark
    at its end tells how many characters are missing.
    """
    if len(text) <= SHOWN and not _SUSPECT.search(text):
        return text
    return _shown(text, _kind, _pieces)


def safe_nick(nick: str) -> str:
    """A nickname as ``safe`` would show it, and stricter: nothing invisible, one form of each letter.

    Joiners, variation selectors and all spaces but U+0020 are escaped, and, in a nickname that is not
    in Unicode's normal form C, combining marks and every character that has another form.
    """
    if len(nick) <= SHOWN and not _SUSPECT.search(nick):
        return nick
    normal = unicodedata.is_normalized("NFC", nick[:SHOWN])
    return _shown(nick, _nick_kind if normal else _strict_kind, _nick_pieces)


def safe_line(line: str) -> str:
    """A line of the conversation, ``nick: text`` or a bare text, made safe."""
    nick, separator, text = line.partition(SEPARATOR)
    return safe_nick(nick) + SEPARATOR + safe(text) if separator else safe(line)


def safe_lines(block: bytes) -> bytes:
    """A block of whole lines of the wire, each ended by a newline, made safe line by line, fast.

    A CR before a newline goes, what is not UTF-8 and NUL become U+FFFD, as in ``protocol.lines``.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    odd = block.translate(None, _PRINTABLE + b"\n")
    if not odd and _no_long_line(block):
        return block
    text = block.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    return "\n".join(map(safe_line, text.split("\n"))).encode()


def exact_json(text: str) -> str:
    """A JSON string literal that reads back as exactly this text, and is safe to show.

    Letters stand for themselves; what ``safe`` would replace is written as ``\\uXXXX``. Never cut.
    """
    literal = json.dumps(text, ensure_ascii=False)
    return _SUSPECTS.sub(lambda run: "".join(_json_pieces(run[0])), literal)


def _no_long_line(block: bytes) -> bool:
    start = 0
    while len(block) - start > SHOWN:
        start = block.rfind(b"\n", start, start + SHOWN + 1) + 1
        if not start:
            return False
    return True


def _shown(text: str, kind: Callable[[str], _Kind], pieces: Callable[..., list[str]]) -> str:
    """The pieces of a text joined, and cut when they are too long."""
    parts = pieces(text[:SHOWN], kind)
    whole = "".join(parts)
    if len(text) <= SHOWN and len(whole) <= SHOWN:
        return whole
    kept = bisect_right(list(accumulate(map(len, parts))), SHOWN - len(_cut_mark(len(text))))
    return "".join(parts[:kept]) + _cut_mark(len(text) - kept)


def _cut_mark(missing: int) -> str:
    # No space in it: behind a colon it would make a bare text look like a nickname and a text.
    return f"…[+{missing}]"


def _pieces(text: str, kind: Callable[[str], _Kind]) -> list[str]:
    """One piece a character; of the marks that one base has too many only the first shows, as EXCESS."""
    pieces = []
    marks = MARKS
    for char in text:
        match kind(char):
            case _Kind.KEPT:
                marks = 0
                pieces.append(char)
            case _Kind.MARK:
                marks += 1
                pieces.append(char if marks <= MARKS else EXCESS if marks == MARKS + 1 else "")
            case _Kind.ESCAPED:
                marks = MARKS
                pieces.append(_symbol(char))
    return pieces


def _nick_pieces(text: str, kind: Callable[[str], _Kind]) -> list[str]:
    """One piece a character; marks that one base has too many are escaped one by one."""
    pieces = []
    marks = MARKS
    for char in text:
        what = kind(char)
        # The letter that ends an escape is no base either: together they could form another letter.
        marks = 0 if what is _Kind.KEPT else marks + 1 if what is _Kind.MARK else MARKS
        pieces.append(char if what is not _Kind.ESCAPED and marks <= MARKS else _symbol(char))
    return pieces


def _json_pieces(run: str) -> list[str]:
    pieces = []
    marks = 0
    for char in run:
        what = _kind(char)
        marks = marks + 1 if what is _Kind.MARK else 0
        pieces.append(char if what is not _Kind.ESCAPED and marks <= MARKS else json.dumps(char)[1:-1])
    return pieces


def _symbol(char: str) -> str:
    if char < " ":
        return chr(0x2400 + ord(char))
    if char == "\x7f":
        return "\N{SYMBOL FOR DELETE}"
    return char.encode("ascii", "backslashreplace").decode()


@lru_cache(maxsize=2048)
def _kind(char: str) -> _Kind:
    """What a text does with a character."""
    category = unicodedata.category(char)
    if _BLANK.match(char):
        return _Kind.ESCAPED
    if category[0] == "M" or char in _JOINERS or _JAMO.match(char):
        return _Kind.MARK
    if category in _ESCAPED and not (category == "Cn" and _EMOJI.match(char)):
        return _Kind.ESCAPED
    return _Kind.KEPT


@lru_cache(maxsize=2048)
def _nick_kind(char: str) -> _Kind:
    """What a nickname in normal form C does with a character."""
    if (char != " " and char.isspace()) or char in _JOINERS or _VARIATION.match(char):
        return _Kind.ESCAPED
    return _kind(char)


@lru_cache(maxsize=2048)
def _strict_kind(char: str) -> _Kind:
    """What a nickname in another form does with a character."""
    kind = _nick_kind(char)
    if kind is _Kind.MARK or not unicodedata.is_normalized("NFC", char):
        return _Kind.ESCAPED
    return kind
