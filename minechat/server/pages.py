"""Pages: as much of a list as was asked for, and as fits into one answer."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

#: Bytes of JSON in one answer, what stands around each entry included.
ROOM = 60 * 1024
#: What stands around the texts of one entry.
AROUND = 250

Entry = TypeVar("Entry")


def asked(limit: int, most: int) -> int:
    """How many entries a page has: at least one, at most ``most``."""
    return max(1, min(limit, most))


def fitting(entries: Sequence[Entry], texts: Callable[[Entry], Iterable[str | None]]) -> int:
    """How many of the first entries fit into one answer; one does always.

    :param texts: what an entry holds of people's own text
    """
    left = ROOM
    for count, entry in enumerate(entries):
        left -= AROUND + sum(_size(text) for text in texts(entry) if text)
        if left < 0 and count:
            return count
    return len(entries)


def _size(text: str) -> int:
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "replace"))
