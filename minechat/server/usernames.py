"""Names that people choose for themselves: what breaks the rules is refused, in words that say what to do."""

import unicodedata
from functools import cache

from minechat.errors import Refused
from minechat.server import addresses, names
from minechat.server.epithets import EPITHETS
from minechat.server.keys import Keys, Known, keys_of

#: What would make a name look like another thing: an account's number, a room, a command, an option.
_FIRST = "#@/-"
_LENGTH = f"a name has 1 to {names.CHARACTERS} characters"


def chosen(name: str) -> tuple[str, Keys]:
    """A name as it is shown, with ``_`` in place of blanks, and its keys.

    Otherwise it is what was typed, in normal form C. Loads tables the first time: do not call it in an
    event loop.

    :raises Refused: ``bad_name``
    """
    if len(name) > 4 * names.CHARACTERS:  # more than any form of a good one has
        raise _refused(_LENGTH)
    shown = unicodedata.normalize("NFC", name.strip(" ").replace(" ", "_"))
    _check_look(shown)
    keys = keys_of(shown)
    if not keys.small or addresses.source(unicodedata.normalize("NFKC", shown)) is not None:
        raise _refused("this would be taken for something else than a name, choose another")
    if is_official(shown):
        raise _refused("this name sounds official, or is a character's, choose another")
    return shown, keys


def is_official(name: str) -> bool:
    """Whether a name sounds official, or is a character's: nobody bears one as it is.

    Nor behind an epithet, as the server itself names people: ``Brave admin`` is an admin too.
    """
    epithet, _, nick = name.replace("_", " ").strip(" ").partition(" ")
    is_behind = _epithets().has_like(epithet)
    return _official().has_like(name) or (is_behind and _official().has_like(nick))


@cache
def _epithets() -> Known:
    return Known(EPITHETS)


@cache
def _official() -> Known:
    from minechat.server import dialogues  # noqa: PLC0415 - only a new name asks for the cast

    return Known([*names.RESERVED, *(name for script in dialogues.load() for name in script.cast)])


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
