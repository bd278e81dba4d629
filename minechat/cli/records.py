"""Records of the history as a screen has them: coloured; or blocks of the conversation as JSON."""

import json
import zlib
from collections.abc import Callable
from datetime import datetime

from minechat.protocol import listen
from minechat.text import exact_json

#: Colours of nicknames that read well on dark and on light grounds (ECMA-48 SGR).
_COLOURS = (b"31", b"32", b"33", b"34", b"35", b"36", b"91", b"92", b"94", b"95", b"96", b"1;34")
JSON_VERSION = 1


def coloured(records: bytes, stamp: bytes) -> bytes:
    """Records with each nickname in a colour of its own, the same one every time."""
    prefix = b"[" + stamp + b"] "
    return b"".join(_coloured(line, prefix) for line in records.splitlines(keepends=True))


def _coloured(line: bytes, prefix: bytes) -> bytes:
    nick, separator, text = line.removeprefix(prefix).partition(b": ")
    if not separator:
        return line
    colour = _COLOURS[zlib.crc32(nick) % len(_COLOURS)]
    return prefix + b"\x1b[" + colour + b"m" + nick + b"\x1b[0m" + separator + text


def json_lines(block: bytes, now: datetime, literal: Callable[[str], str] = exact_json) -> bytes:
    """Each line of a block as one JSON object that keeps the exact text.

    :param now: an aware time; its UTC offset stands in every object
    :param literal: how a string is written; ``json.dumps`` for a stream that takes ASCII only
    """
    time = json.dumps(now.isoformat(timespec="milliseconds"))
    return b"".join(_json_line(line, time, literal) for line in block.split(b"\n")[:-1])


def _json_line(line: bytes, time: str, literal: Callable[[str], str]) -> bytes:
    said = listen.decode(line)
    nick = "null" if said.nick is None else literal(said.nick)
    record = f'{{"v":{JSON_VERSION},"time":{time},"nick":{nick},"text":{literal(said.text)}}}\n'
    return record.encode("utf-8")


def first_lines(block: bytes, count: int) -> bytes:
    """At most ``count`` lines of a block of whole lines."""
    lines = block.split(b"\n", count)
    return block if len(lines) <= count else block[: len(block) - len(lines[-1])]
