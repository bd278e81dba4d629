"""What a text is found by: its words, folded so that people need not type them exactly."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

#: Characters of a word that count; the rest of a longer one is not told apart.
LONGEST = 64
#: Different words of a query that count; nobody means more.
MOST = 32
#: Changes with what ``words`` makes of a text: an index made by another rule, or other tables of Unicode.
RULE = f"1 {unicodedata.unidata_version}"

_WORD = re.compile(r"\w+")
_FOLDED = {ord("ё"): "е"}


def words(text: str) -> list[str]:
    """The different words of a text, in their order: case and compatibility forms folded, ё as е."""
    if text.isascii():
        folded = text.lower()
    else:
        folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
        folded = folded.translate(_FOLDED)
    return list(dict.fromkeys(word[:LONGEST] for word in _WORD.findall(folded)))


def holds(text: str, wanted: Sequence[str]) -> bool:
    """Whether each of some words begins a word of a text."""
    there = words(text)
    return all(any(word.startswith(one) for word in there) for one in wanted)


def entry(room_id: int, text: str) -> str:
    """What the index is given of a message: its room, written as no word ever is, and its words."""
    return " ".join((f"@{room_id}", *words(text)))


def question(wanted: Iterable[str], room_ids: Iterable[int]) -> str:
    """A query of FTS5 (https://sqlite.org/fts5.html): in one of the rooms, if any are given, and each word.

    :param wanted: made by ``words``: there is nothing in them that FTS5 would take for anything else
    """
    rooms = " OR ".join(f'"@{room_id}"' for room_id in room_ids)
    parts = ([f"({rooms})"] if rooms else []) + [f'"{word}"*' for word in wanted]
    return " AND ".join(parts)
