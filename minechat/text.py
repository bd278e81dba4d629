"""Making untrusted text safe to show: on a terminal, in a log line, in a record of the history.

What could move the cursor, hide, reorder or imitate is replaced by visible symbols, never removed, so
that nothing new forms out of the rest. What was made safe once (by a server) stays as it is when it is
made safe again (by a client): every function but ``exact_json`` is idempotent. So a backslash stays a
backslash, and a typed ``\\x9b`` looks like an escaped one.
"""

import json
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate

from minechat.glyphs import (
    ESCAPED,
    HARMLESS,
    IN_NICK,
    IN_TEXT,
    IN_UNUSUAL_NICK,
    JSON_ESCAPE,
    KEPT,
    SYMBOL,
    Kind,
    Known,
)

SEPARATOR = ": "
#: The most characters of one text that are shown, the mark of a cut included.
SHOWN = 4096
#: The most combining marks on one base.
MARKS = 8
#: Stands for all the marks that a base has too many.
EXCESS = "\N{DOTTED CIRCLE}"

# The newline is left out so that one pattern, 2 ms to compile, serves blocks of lines as well.
_SUSPECTS = re.compile(rf"[^\n{HARMLESS}]+")

_PLAIN = b"\n" + bytes(range(0x20, 0x7F))
# In valid UTF-8 these bytes lead to nothing but letters: U+00C0-02FF, U+03C0-047F, U+04C0-04FF.
_PLAIN_OR_LETTER = _PLAIN + bytes([*range(0xC3, 0xCC), 0xCF, 0xD0, 0xD1, 0xD3, *range(0x80, 0xC0)])
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"


def safe(text: str) -> str:
    """A text with a visible symbol for each character that does more than stand in its place.

    C0 controls, the newline too, become control pictures, others an escape like ``\\x9b`` or
    ``\\u202e``. A base keeps at most 8 combining marks. Over 4096 characters a text is cut; the mark
    at its end tells how many characters are missing.
    """
    if _is_harmless(text):
        return text
    return _within_limit(text, _pieces(text[:SHOWN], IN_TEXT, SYMBOL, excess=EXCESS))


def safe_nick(nick: str) -> str:
    """A nickname as ``safe`` shows it, and stricter: nothing invisible, and one form of each letter.

    Joiners, variation selectors and every space but U+0020 are escaped; so are, in a nickname that is
    not in Unicode's normal form C, combining marks and all that has another form.
    """
    if _is_harmless(nick):
        return nick
    shown = nick[:SHOWN]
    kinds = IN_NICK if unicodedata.is_normalized("NFC", shown) else IN_UNUSUAL_NICK
    return _within_limit(nick, _pieces(shown, kinds, SYMBOL))


def safe_line(line: str) -> str:
    """A line of the conversation, ``nick: text`` or a bare text, made safe."""
    nick, separator, text = line.partition(SEPARATOR)
    return safe_nick(nick) + SEPARATOR + safe(text) if separator else safe(line)


def safe_lines(block: bytes) -> bytes:
    """A block of whole lines of the wire, each ended by a newline, as ``safe_line`` makes each safe.

    A CR before a newline goes, what is not UTF-8 and NUL become U+FFFD, as in ``protocol.lines``.
    Blocks of printable ASCII and of common alphabets are told by their bytes and returned as they are.
    """
    if b"\r" in block:
        block = block.replace(b"\r\n", b"\n")
    short = _lines_are_short(block)
    if short and not block.translate(None, _PLAIN):
        return block
    text = block.decode("utf-8", "replace").replace("\0", _UNREADABLE)
    if not short:
        return "\n".join(map(safe_line, text.split("\n"))).encode()
    if _UNREADABLE not in text and not block.translate(None, _PLAIN_OR_LETTER):
        return block
    return "".join(_mended(text)).encode()


def exact_json(value: object) -> str:
    """A text, or any value that JSON has, as JSON that reads back as exactly that and is safe to show.

    Letters stand for themselves; what ``safe`` would replace is written ``\\uXXXX``. Never cut.
    """
    literal = json.dumps(value, ensure_ascii=False)
    if not _SUSPECTS.search(literal):
        return literal
    return "".join(_pieces(literal, IN_TEXT, JSON_ESCAPE))


def _is_harmless(text: str) -> bool:
    return len(text) <= SHOWN and "\n" not in text and not _SUSPECTS.search(text)


def _lines_are_short(block: bytes) -> bool:
    """False when a line has more bytes than a text may have characters."""
    start = 0
    while len(block) - start > SHOWN:
        start = block.rfind(b"\n", start, start + SHOWN + 1) + 1
        if not start:
            return False
    return True


def _mended(lines: str) -> Iterable[str]:
    """Lines in pieces: harmless stretches as they are, every line with a suspect character made safe."""
    done = 0
    while found := _SUSPECTS.search(lines, done):
        start = lines.rfind("\n", done, found.start()) + 1
        end = lines.find("\n", found.end())
        end = len(lines) if end < 0 else end
        yield lines[done:start]
        yield safe_line(lines[start:end])
        done = end
    yield lines[done:]


def _within_limit(text: str, pieces: list[str]) -> str:
    """The pieces of a text, one for each of its first characters, joined and cut at the limit."""
    whole = "".join(pieces)
    if len(text) <= SHOWN and len(whole) <= SHOWN:
        return whole
    ends = list(accumulate(map(len, pieces)))
    kept = bisect_right(ends, SHOWN - len(_cut_mark(len(text))))
    return "".join(pieces[:kept]) + _cut_mark(len(text) - kept)


def _cut_mark(missing: int) -> str:
    # No space in it: behind a colon it would make a bare text look like a nickname and its text.
    return f"…[+{missing}]"


def _pieces(text: str, kinds: Known[Kind], escape: Known[str], excess: str = "") -> list[str]:
    """One piece a character: itself, or what stands for it.

    :param excess: shown once for all the marks that a base has too many; without it each is escaped
    """
    pieces = []
    marks = MARKS  # there is no base yet
    for char in text:
        what = kinds[char]
        # The digit that ends an escape is no base: with a mark it could be another letter.
        marks = 0 if what is KEPT else MARKS if what is ESCAPED else marks + 1
        if what is not ESCAPED and marks <= MARKS:
            pieces.append(char)
        elif what is ESCAPED or not excess:
            pieces.append(escape[char])
        else:
            pieces.append(excess if marks == MARKS + 1 else "")
    return pieces
