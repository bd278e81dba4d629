"""Words of a message: whose name is among them, in any Russian case, and which stems."""

import re
import unicodedata

_WORD = re.compile(r"\w+|\?")
#: Endings of a name in the singular, vocatives of speech too ("Нин!"), by the letter that gives way.
_ENDINGS = {
    "а": ("а", "ы", "и", "е", "у", "ой", "ою", ""),
    "я": ("я", "и", "е", "ю", "ей", "ею", "й", "ь"),
    "й": ("й", "я", "ю", "ем", "е"),
    "ь": ("ь", "я", "ю", "ем", "е", "и", "ью"),
}
_CONSONANT_ENDINGS = ("", "а", "у", "ом", "ем", "е")


def words(text: str) -> list[str]:
    """The words of a text and its question marks, casefolded, ``ё`` as ``е``."""
    folded = unicodedata.normalize("NFC", text).casefold().replace("ё", "е")
    return _WORD.findall(folded)


def forms(name: str) -> frozenset[str]:
    """A name as `words` may hold it: as it is, and a Cyrillic one with the endings of its cases too.

    The rule: a last а, я, й or ь gives way to an ending of its declension; after a consonant the
    ending is added; other names do not change. "Марк" is found in "Марку", "Нина" in "Нин".
    """
    (word,) = words(name)
    last = word[-1]
    if last in _ENDINGS:
        return frozenset(word[:-1] + ending for ending in _ENDINGS[last])
    if last in "бвгджзклмнпрстфхцчшщ":
        return frozenset(word + ending for ending in _CONSONANT_ENDINGS)
    return frozenset((word,))


def stem(text: str) -> str:
    """A stem as `spaced` may hold it: the beginning of a word, or of the last of several in a row.

    One that ends with a space is a whole word: ``"hi "`` is in "hi all" and not in "his".
    """
    return " " + " ".join(words(text)) + (" " if text.endswith(" ") else "")


def spaced(message: list[str]) -> str:
    """The words of a message with a space around each, to look for stems in."""
    return f" {' '.join(message)} "
