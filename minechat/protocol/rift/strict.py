"""JSON read strictly: one object whose every string is text, every number finite, every key there once."""

import json
import re
from itertools import chain
from math import isfinite
from typing import Any

from minechat.errors import BadFrame

#: Bytes of one frame.
FRAME_LIMIT = 64 * 1024
#: Levels of objects and arrays inside each other.
DEPTH = 8
#: Bytes for each value, or for each sign that could begin one, at least: reading many values takes long,
#: and the event loop must not stand still for a hostile frame.
BYTES_A_VALUE = 8
#: Whole numbers are those of 64 bits, with a sign.
LARGEST = 2**63 - 1
SMALLEST = -(2**63)

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")


def loads(data: str | bytes, limit: int = FRAME_LIMIT) -> dict[str, Any]:
    """The one JSON object that a frame is.

    :param limit: the most bytes
    :raises BadFrame: it is not UTF-8, not JSON (RFC 8259, without NaN and infinities), no object, too long,
        too deep or of too many values; a key is there twice; a string holds U+0000 or half a surrogate
        pair; a number is infinite or a whole one over 64 bits
    """
    text = _text(data, limit)
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_number)
    except RecursionError:
        raise BadFrame(_TOO_DEEP) from None
    except ValueError:  # not JSON, or a whole number of thousands of digits
        raise BadFrame("the frame is not JSON") from None
    if type(value) is not dict:
        raise BadFrame("the frame is not a JSON object")
    _check(value)
    return value


def _text(data: str | bytes, limit: int) -> str:
    if len(data) > limit:
        raise BadFrame(f"the frame is longer than {limit} bytes", "too_long")
    try:
        if isinstance(data, bytes):
            text = data.decode()
        else:
            text = data
            if len(data) * 4 > limit and len(data.encode()) > limit:
                raise BadFrame(f"the frame is longer than {limit} bytes", "too_long")
    except UnicodeError:
        raise BadFrame("the frame is not UTF-8") from None
    if sum(map(text.count, "{[,")) > limit // BYTES_A_VALUE:
        raise BadFrame("the frame holds too many values", "too_long")
    return text


_TOO_DEEP = f"the frame is nested deeper than {DEPTH} levels"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    one = dict(pairs)
    if len(one) != len(pairs):
        raise BadFrame("the frame has a key twice")
    return one


def _no_number(word: str) -> None:
    raise BadFrame(f"{word} is no number")


def _check(value: Any) -> None:
    """Looks at all values, a level at a time: each step is a loop in C or close to it."""
    level: list[Any] = [value]
    for _ in range(DEPTH):
        objects = [one for one in level if type(one) is dict]
        arrays = [one for one in level if type(one) is list]
        _check_plain(level, objects)
        level = [*chain.from_iterable(one.values() for one in objects), *chain.from_iterable(arrays)]
        if not level:
            return
    if any(type(one) in (dict, list) for one in level):
        raise BadFrame(_TOO_DEEP)
    _check_plain(level, [])


def _check_plain(level: list[Any], objects: list[dict[str, Any]]) -> None:
    strings = "".join([one for one in level if type(one) is str])
    if _NOT_TEXT.search(strings) or any(_NOT_TEXT.search("".join(one)) for one in objects):
        raise BadFrame("a string of the frame holds U+0000 or half a surrogate pair")
    whole = [one for one in level if type(one) is int]
    if whole and not SMALLEST <= min(whole) <= max(whole) <= LARGEST:
        raise BadFrame("a whole number of the frame is over 64 bits")
    if not all(map(isfinite, [one for one in level if type(one) is float])):
        raise BadFrame("a number of the frame is infinite")
