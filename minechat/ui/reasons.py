"""Why something did not work, in the language of whoever reads it: by a refusal's code, by an error's words.

Errors are worded in English, by our server on the wire and by our client where they are raised. Here such a
line is found in a table, with what was filled into it, and told in another language.
"""

import errno
import os
from collections.abc import Iterator, Mapping
from functools import cache
from string import Formatter

from minechat.errors import MinechatError
from minechat.ui import failures_russian, refusals_russian

#: Blanks of a sentence that may stand for several words; the others stand for one.
_OF_WORDS = frozenset({"name", "path", "reason", "what", "why"})
#: Those of them that may be a sentence of the table again, and how often one may be inside of another.
_AGAIN, _DEEPEST = frozenset({"field", "what", "why"}), 3

Sentences = Mapping[str, str]


def reason(error: Exception, language: str) -> str:
    """An error in words, without when to try again; not yet safe to show.

    :param language: ``en`` or ``ru``
    """
    return translated(str(error), language, getattr(error, "code", ""))


def retell(error: MinechatError, language: str) -> None:
    """Changes the words of an error, once; its kind and other values stay."""
    if error.told_in != language:
        error.args, error.told_in = (reason(error, language),), language


def translated(text: str, language: str, code: str = "") -> str:
    """The same for words that are at hand.

    What no table knows, as from another program's server, stays as it is, behind what its code means; alone
    where it is in the language already, as far as the letters tell.

    :param code: of a refusal, by the table in docs/rift.md; another one, such as "", tells nothing
    """
    if language != "ru":
        return text
    known = _known(text, _sentences(), 0)
    general = refusals_russian.CODES.get(code)
    if known is not None or general is None or any("а" <= char <= "я" for char in text.casefold()):
        return text if known is None else known
    return f"{general}: {text}" if text.strip() else general


@cache
def _sentences() -> Sentences:
    numbers = [(getattr(errno, name, None), words) for name, words in failures_russian.ERRNOS.items()]
    by_the_system = {os.strerror(number): words for number, words in numbers if number is not None}
    return {**refusals_russian.SENTENCES, **failures_russian.SENTENCES, **by_the_system}


def _known(text: str, sentences: Sentences, depth: int) -> str | None:
    """The text as the table has it; None where it does not."""
    line = text.removesuffix(".")
    if (plain := sentences.get(line)) is not None:
        return plain
    for sentence, translation in sentences.items():
        values = _filled_in(line, sentence)
        if values is not None:
            inner = {name: _inner(name, value, sentences, depth) for name, value in values.items()}
            return translation.format(**inner)
    return None


def _inner(name: str, value: str, sentences: Sentences, depth: int) -> str:
    if name not in _AGAIN or depth >= _DEEPEST:
        return value
    known = _known(value, sentences, depth + 1)
    return value if known is None else known


def _filled_in(text: str, sentence: str) -> dict[str, str] | None:
    """What stands in the blanks of a sentence; None where the text is another one.

    Each blank ends where what follows it is first found: that takes time in proportion to the text, whatever
    a server made of it.
    """
    first, blanks = _parts(sentence)
    if not blanks or not text.startswith(first):
        return None
    values, at = {}, len(first)
    for index, (name, behind) in enumerate(blanks):
        last = index == len(blanks) - 1
        end = len(text) - len(behind) if last else text.find(behind, at + 1)
        value = text[at:end]
        if not value or end <= at or not text.startswith(behind, end):
            return None
        if name not in _OF_WORDS and " " in value:
            return None
        values[name], at = value, end + len(behind)
    return values


@cache
def _parts(sentence: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """What stands before the first blank; each blank's name and what stands behind it."""
    pieces = list(_pieces(sentence))
    behind = [literal for literal, _ in pieces[1:]] + [""]
    named = [(name, after) for (_, name), after in zip(pieces, behind, strict=True) if name]
    return (pieces[0][0] if pieces else ""), tuple(named)


def _pieces(sentence: str) -> Iterator[tuple[str, str]]:
    for literal, name, _form, _conversion in Formatter().parse(sentence):
        yield literal, name or ""
