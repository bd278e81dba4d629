"""Text in columns: how wide it is, how it is cut to lines of a width, kept from its neighbours."""

import re
from collections.abc import Iterator

from wcwidth import iter_graphemes, wcwidth, width

from minechat.text import safe

#: The most lines of one message that are shown.
MOST_LINES = 100
#: The most code points drawn as one: a longer cluster is a trick, and is taken apart.
_MOST_IN_CLUSTER = 10
#: Shown where a letter is wider than the whole line.
_TOO_WIDE = "\N{REPLACEMENT CHARACTER}"
_LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)


def paragraphs(text: str) -> list[str]:
    """The lines of a message as it was said, each safe to show; a mark tells how many were left out."""
    lines = text.split("\n")
    shown = [safe(line) for line in lines[:MOST_LINES]]
    if len(lines) > MOST_LINES:
        shown.append(f"…[+{len(lines) - MOST_LINES}]")
    return shown


def columns(text: str) -> int:
    """The most columns that a safe text takes on any terminal: an emoji that is joined of several may be
    drawn as one or as all of them."""
    if text.isascii():
        return len(text)
    return sum(size for _, size in _clusters(text))


def is_simple(text: str) -> bool:
    """Whether every terminal agrees that each character takes one column."""
    return text.isascii() or (len(text) == width(text) and text.isprintable() and _is_common(text))


def fenced(text: str) -> str:
    """A safe text that cannot pull its neighbours along when a terminal turns right-to-left letters round."""
    if text.isascii() or not _RIGHT_TO_LEFT.search(text):
        return text
    return _LEFT_TO_RIGHT + text + _LEFT_TO_RIGHT


def clip(text: str, most: int) -> str:
    """The text, cut with ``…`` where it takes more columns."""
    if columns(text) <= most:
        return text
    if most < 1:
        return ""
    kept, used = [], 0
    for cluster, size in _clusters(text):
        if used + size > most - 1:
            break
        kept.append(cluster)
        used += size
    return "".join(kept) + "…"


def pad(text: str, size: int, *, right: bool = False) -> str:
    """The text clipped and filled with blanks to exactly this many columns; ``right``: blanks before it."""
    text = clip(text, size)
    blanks = " " * (size - columns(text))
    return blanks + text if right else text + blanks


def wrap(text: str, size: int) -> list[str]:
    """A safe line as lines of at most ``size`` columns, broken at blanks; long words are cut.

    The blanks at a break go; all other characters stay, in their order.
    """
    size = max(1, size)
    if columns(text) <= size:
        return [text]
    if text.isascii():
        return list(_wrap_narrow(text, size))
    return list(_wrap_clusters(text, size))


def _wrap_narrow(text: str, size: int) -> Iterator[str]:
    """Where each character takes one column."""
    start = 0
    while len(text) - start > size:
        end = text.rfind(" ", start + 1, start + size + 1)
        if end <= start or not text[start:end].strip():
            yield text[start : start + size]
            start += size
        else:
            yield text[start:end].rstrip(" ")
            start = end
        while start < len(text) and text[start] == " ":
            start += 1
    if start < len(text):
        yield text[start:]


def _wrap_clusters(text: str, size: int) -> Iterator[str]:
    line: list[str] = []
    sizes: list[int] = []
    used = blank = 0  # blank: how many clusters of the line stand before its last blank, itself included
    broken = False
    for cluster, wide in _fitting(text, size):
        while used + wide > size:
            if cluster == " ":
                blank = len(line)
            cut = blank if "".join(line[:blank]).strip(" ") else len(line)
            yield "".join(line[:cut]).rstrip(" ")
            while cut < len(line) and line[cut] == " ":
                cut += 1
            line, sizes = line[cut:], sizes[cut:]
            used, blank, broken = sum(sizes), 0, True
        if cluster == " " and not line and broken:
            continue
        line.append(cluster)
        sizes.append(wide)
        used += wide
        if cluster == " ":
            blank = len(line)
    if line:
        yield "".join(line)


def _clusters(text: str) -> Iterator[tuple[str, int]]:
    """What stands together on the screen, each with its columns."""
    for cluster in iter_graphemes(text):
        if len(cluster) == 1:
            yield cluster, _alone(cluster)
            continue
        for start in range(0, len(cluster), _MOST_IN_CLUSTER):
            part = cluster[start : start + _MOST_IN_CLUSTER]
            yield part, max(width(part), sum(map(_alone, part)))


def _fitting(text: str, size: int) -> Iterator[tuple[str, int]]:
    """The same, with nothing wider than ``size``: what is, is taken apart, or another sign stands for it."""
    for cluster, wide in _clusters(text):
        apart = list(_apart(cluster))
        if wide <= size:
            yield cluster, wide
        elif sum(alone for _, alone in apart) < wide:
            yield _TOO_WIDE, 1
        else:
            yield from ((part, alone) if alone <= size else (_TOO_WIDE, 1) for part, alone in apart)


def _apart(cluster: str) -> Iterator[tuple[str, int]]:
    """Its characters, each with what has no columns of its own: a selector of emoji widens the one before."""
    part = cluster[:1]
    for char in cluster[1:]:
        if _alone(char):
            yield part, max(width(part), _alone(part[:1]))
            part = char
        else:
            part += char
    yield part, max(width(part), _alone(part[:1]))


def _alone(char: str) -> int:
    return max(0, wcwidth(char))


def _is_common(text: str) -> bool:
    """Latin, Greek, Cyrillic, punctuation, boxes: no marks, no emoji, nothing that turns round."""
    return all(char < "\u0300" or "\u0370" <= char < "\u0530" or "\u2010" <= char < "\u2600" for char in text)
