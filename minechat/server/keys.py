"""Keys of names: what two names share when people could take one for the other."""

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple


class Keys(NamedTuple):
    """Three readings of a name, each unique in the database: whoever shares one with another is refused.

    They are looked at one by one. A single key that knew case and looks together would join whole chains
    of letters: т is t in capitals, г is r in small letters, and so on, until Tom was Rom.

    :ivar small: in small letters, those that look alike as one; names are found by this one
    :ivar capital: in capitals, those that look alike as one
    :ivar shown: as it is written: ``Ivan`` and ``lvan`` are alike so, and in no single case
    """

    small: str
    capital: str
    shown: str

    def is_like(self, other: "Keys") -> bool:
        """Whether one of two names could be taken for the other."""
        return any(map(str.__eq__, self, other))


class Known:
    """Names that others are compared with, however many."""

    def __init__(self, names: Iterable[str]) -> None:
        self._readings = {reading for name in names for reading in enumerate(keys_of(name))}

    def has_like(self, name: str) -> bool:
        """Whether a name could be taken for one of them, as ``admln`` and ``5ystem`` are too."""
        return any(
            not self._readings.isdisjoint(enumerate(keys_of(read))) for read in (name, name.translate(_SLY))
        )


def keys_of(name: str) -> Keys:
    """The keys of a name. A key keeps its value when it is given to this function as a name.

    Compatibility forms, blanks and ``_`` are one in all of them. Not for showing. The first call loads
    Unicode's table of confusables (about 0.1 s); do not make it in an event loop.
    """
    return Keys(_key(name, _small), _key(name, _capital), _key(name, _shown))


#: Letters and digits that people would tell apart, were they not looking for a word they know.
_SLY = str.maketrans("l5", "Is")
_SPACES = re.compile("[ _]+")


def _shown(text: str) -> str:
    return unicodedata.normalize("NFKD", text)


def _small(text: str) -> str:
    # In forms again, since folding one opens the other.
    return _shown(_shown(text).casefold())


def _capital(text: str) -> str:
    return _shown(_small(text).upper())


#: Pairs that Unicode's table lacks. б is like 6 and like σ, σ is like о, and б is never like о.
_ALSO: dict[Callable[[str], str], tuple[str, ...]] = {
    _small: ("ьb",),
    _capital: ("Б6", "БΣ"),
    _shown: ("ьb", "ςc"),
}


def _key(name: str, read: Callable[[str], str]) -> str:
    letters = read(name).translate(_look_alikes(read))
    if read is not _capital:
        # The one pair of Unicode's table that is a letter against two and ordinary in names.
        letters = letters.replace("rn", "m")
    return _SPACES.sub("_", letters).strip("_")


@cache
def _look_alikes(read: Callable[[str], str]) -> dict[int, str]:
    """Each letter that has a look-alike in a reading, and the one that stands for all of its family."""
    families = _families()
    for pair in _ALSO[read]:
        join(families, *pair)
    heads: dict[int, str] = {}
    for family in {id(family): family for family in families.values()}.values():
        # Letters of the other case are not met in this reading, and must not stand for what is.
        met = [letter for letter in family if read(letter) == letter]
        heads.update((ord(letter), min(met)) for letter in met)
    return heads


def _families() -> dict[str, set[str]]:
    """Letters that look alike as they are written."""
    # Its table takes about 0.1 s to load.
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415

    families: dict[str, set[str]] = {}
    for char, look_alikes in confusables_data.items():
        for relative in (look_alike["c"] for look_alike in look_alikes):
            if stands_alone(char) and stands_alone(relative):
                join(families, char, relative)
    return families


def stands_alone(letter: str) -> bool:
    """Whether it is one letter, no blank and no mark on another: only such have look-alikes."""
    return len(letter) == 1 and letter not in " _" and not unicodedata.category(letter).startswith("M")


def join(families: dict[str, set[str]], one: str, other: str) -> None:
    """Makes one family of those of two letters; each letter leads to the set of all its look-alikes."""
    larger, smaller = families.setdefault(one, {one}), families.setdefault(other, {other})
    if len(larger) < len(smaller):
        larger, smaller = smaller, larger
    if larger is not smaller:
        larger |= smaller
        families.update(dict.fromkeys(smaller, larger))
