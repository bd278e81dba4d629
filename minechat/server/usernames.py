"""Names that people choose for themselves: what breaks the rules is refused, in words that say what to do."""

import unicodedata
from functools import cache

from minechat.errors import Refused
from minechat.server import addresses, names
from minechat.server.epithets import EPITHETS

#: What would make a name look like another thing: an account's number, a room, a command, an option.
_FIRST = "#@/-"
_LENGTH = f"a name has 1 to {names.CHARACTERS} characters"


def chosen(name: str) -> tuple[str, str]:
    """A name as it is shown, with ``_`` in place of blanks, and its canonical key.

    Otherwise it is what was typed, in normal form C. Loads tables the first time: do not call it in an
    event loop.

    :raises Refused: ``bad_name``
    """
    if len(name) > 4 * names.CHARACTERS:  # more than any form of a good one has
        raise _refused(_LENGTH)
    shown = unicodedata.normalize("NFC", name.strip(" ").replace(" ", "_"))
    _check_look(shown)
    key = names.key(shown)
    if not key or addresses.source(unicodedata.normalize("NFKC", shown)) is not None:
        raise _refused("this would be taken for something else than a name, choose another")
    if {key, _without_epithet(key)} & official():
        raise _refused("this name sounds official, or is a character's, choose another")
    return shown, key


def _without_epithet(key: str) -> str:
    """The rest of a name that begins as the server itself names people: ``Brave admin`` is an admin too."""
    epithet, _, nick = key.partition("_")
    return nick if epithet in _epithets() else key


@cache
def _epithets() -> frozenset[str]:
    return frozenset(map(names.key, EPITHETS))


@cache
def official() -> frozenset[str]:
    """The keys of names that sound official and of the characters' names: nobody bears them as they are."""
    from minechat.server import dialogues  # noqa: PLC0415 - only a new name asks for the cast

    cast = (name for script in dialogues.load() for name in script.cast)
    return frozenset(names.key(name) for name in (*names.RESERVED, *cast))


def _check_look(shown: str) -> None:
    words = shown.replace("_", " ").split(" ")
    if not 0 < len(shown) <= names.CHARACTERS:
        raise _refused(_LENGTH)
    if ":" in shown:
        raise _refused("a name must not hold ':'")
    if shown[0] in _FIRST:
        raise _refused(f"a name must not begin with {shown[0]!r}")
    if not any(map(str.isalnum, shown)):
        raise _refused("a name must hold a letter or a digit")
    if any(len(names.scripts(word)) > 1 for word in words):
        raise _refused("a word of a name must not mix alphabets")
    plain = " ".join(filter(None, words))
    if names.mend(plain) != plain:
        raise _refused("a name must not hold characters that are invisible or pile up, nor too long ones")


def _refused(reason: str) -> Refused:
    return Refused(reason, code="bad_name")
