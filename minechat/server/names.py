"""Nicknames: mended so that they are safe to show, and keyed so that no two look alike."""

import json
import re
import unicodedata
from collections.abc import Iterator
from functools import cache

from minechat.server.keys import join, stands_alone
from minechat.text import safe_nick

CHARACTERS = 32
#: As a JSON string; with an epithet and a token the account's line stays within 200 bytes.
BYTES = 96
#: Combining marks that one letter keeps.
MARKS = 3

#: Names that sound official. Whoever asks for one gets a number behind it.
RESERVED = frozenset(
    """
    server system service admin administrator root moderator mod operator owner staff support security
    minechat chat bot channel general everyone all here nobody anonymous unknown null none you me
    сервер система служба админ администратор рут модератор оператор владелец поддержка чат бот
    канал все всем здесь никто аноним неизвестный ты вы я
    """.split()
)

_SPACES = re.compile("[ _]+")
_REPLACED = {"Cc", "Cs", "Co", "Cn"}


def mend(nick: str) -> str:
    """A nickname that obeys the rules of the chat, as near to the given one as can be.

    In normal form C; what does more than stand in its place, and ``:``, becomes ``_``; what cannot be
    seen goes; blanks become one space; a word that mixes scripts is split where they meet; at most
    32 characters. May be empty. Idempotent. The first call with a letter beyond ASCII loads
    a table of scripts; do not make it in an event loop.
    """
    visible = "".join(map(_visible, unicodedata.normalize("NFC", nick)))
    plain = unicodedata.normalize("NFC", "".join(_moderately_marked(visible)))
    return _clipped(" ".join("".join(_with_borders(word)) for word in plain.split()))


def numbered(nick: str, number: int) -> str:
    """A mended nickname with a number behind it, clipped so that both fit."""
    return _clipped(nick, room=len(str(number))) + str(number)


def key(name: str) -> str:
    """What two names share when people could take one for the other: unique in the database.

    Compatibility forms, case, look-alike letters of all alphabets, and space and ``_`` are one.
    It errs on the strict side: what looks alike in capitals shares a key in small letters too.
    Idempotent, not for showing. The first call loads Unicode's table of confusables (about 0.1 s);
    do not make it in an event loop.
    """
    table = _look_alikes()
    letters = "".join(table.get(char, char) for char in _folded(name))
    # The one pair of Unicode's table that is a letter against two and ordinary in names.
    return _SPACES.sub("_", letters.replace("rn", "m")).strip("_")


def _visible(char: str) -> str:
    if char.isspace():
        return " "
    category = unicodedata.category(char)
    if char == ":" or category in _REPLACED:
        return "_"
    if category in ("Mn", "Mc"):
        # A mark is shown on a letter; this one forms no other letter with any.
        return char if safe_nick("漢" + char) == "漢" + char else ""
    return char if category != "Me" and safe_nick(char) == char else ""


def _moderately_marked(text: str) -> Iterator[str]:
    """Marks go that have no letter of their own script before them, or too many marks."""
    base, marks = " ", 0
    for char in text:
        if not unicodedata.category(char).startswith("M"):
            base, marks = char, 0
            yield char
        elif base != " " and marks < MARKS and _script(char) in (None, _script(base)):
            marks += 1
            yield char


def _with_borders(word: str) -> Iterator[str]:
    current = None
    for char in word:
        script = _script(char)
        if script is not None:
            if current not in (None, script):
                yield " "
            current = script
        yield char


def _script(char: str) -> str | None:
    """The script a character belongs to; None for those that go with any."""
    if char.isascii():
        return "LATIN" if char.isalpha() else None
    # Imported by those who meet a letter beyond ASCII.
    from confusable_homoglyphs.categories import alias  # noqa: PLC0415

    script: str = alias(char)  # type: ignore[no-untyped-call]  # the library ships no types
    return None if script in ("COMMON", "INHERITED") else script


def _clipped(nick: str, room: int = 0) -> str:
    nick = nick[: CHARACTERS - room].rstrip()
    while len(json.dumps(nick, ensure_ascii=False).encode()) - 2 > BYTES - room:
        nick = nick[:-1].rstrip()
    return nick


def _folded(text: str) -> str:
    """Case and compatibility forms folded; in forms again, since folding one opens the other."""
    return unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())


@cache
def _look_alikes() -> dict[str, str]:
    """Each letter that has a look-alike, and the one that stands for all of its family.

    A family is closed under looks and case: В looks like B, so в, В, b and B are one.
    """
    # Its table takes about 0.1 s to load.
    from confusable_homoglyphs.confusables import confusables_data  # noqa: PLC0415

    families: dict[str, set[str]] = {}
    for char, look_alikes in confusables_data.items():
        if stands_alone(char):
            for relative in (_folded(char), *(look_alike["c"] for look_alike in look_alikes)):
                if relative not in families.get(char, ()) and stands_alone(relative):
                    join(families, char, relative)
    heads = {id(family): _head(family) for family in families.values()}
    return {char: heads[id(family)] for char, family in families.items()}


def _head(family: set[str]) -> str:
    """One that folding leaves as it is, so that the key of a key is the key."""
    return min((letter for letter in family if _folded(letter) == letter), default=min(family))


def scripts(text: str) -> set[str]:
    """The scripts that the letters of a text belong to; the first call may load a table, as above."""
    return {script for char in text if (script := _script(char)) is not None}
