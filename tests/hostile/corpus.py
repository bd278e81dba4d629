"""The corpus of hostile strings: data files beside this one, read into bytes and pairs of nicknames."""

import json
import re
from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent
_REPEATED = re.compile(r"<(\d+) x ([^>]+)>")


class Hostile(NamedTuple):
    """``hostile_lines``: lines of the wire without their newline. ``nick_pairs``: two that must differ."""

    hostile_lines: list[bytes]
    nick_pairs: list[tuple[str, str]]


def load() -> Hostile:
    return Hostile(
        [line for file in sorted(_HERE.glob("*.txt")) for line in _lines(file)],
        [(one, other) for pairs in _nicks().values() for one, other in pairs],
    )


def _lines(file: Path) -> list[bytes]:
    """One line of the wire for each line of a file that is neither empty nor a comment."""
    written = file.read_text("ascii").splitlines()
    return [_wire(line) for line in written if line and not line.startswith("#")]


def _wire(written: str) -> bytes:
    """``\\x1b`` stands for a byte, ``<1000 x \\xcc\\x81>`` for bytes a thousand times."""
    spelled = _REPEATED.sub(lambda found: int(found[1]) * found[2], written)
    return spelled.encode("ascii").decode("unicode_escape").encode("latin-1")


def _nicks() -> dict[str, list[list[str]]]:
    pairs: dict[str, list[list[str]]] = json.loads((_HERE / "nicks.json").read_text("ascii"))
    return pairs
