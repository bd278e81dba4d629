"""What the owner's commands print: aligned columns for people, JSON for programs, times in both."""

import json
import os
import sys
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len, set_cell_size

from minechat.cli.results import put
from minechat.text import exact_json, safe

#: The stamp of the chat, as its history has it by default.
STAMP = "%d.%m.%Y %H:%M"


def local(seconds: float | None, otherwise: str = "") -> str:
    """A time of the wall clock as people here read it."""
    return otherwise if seconds is None else datetime.fromtimestamp(seconds).strftime(STAMP)


def exact(seconds: float | None) -> str | None:
    """A time as programs read it (RFC 3339)."""
    return (
        None
        if seconds is None
        else datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")
    )


class Table:
    """Rows in aligned columns, written as they come: a column only grows.

    On a terminal a row is cut at its width; the last column, of free length, loses first.
    """

    def __init__(self, *heads: str) -> None:
        self._widths = [0] * len(heads)
        self._heads: Sequence[str] | None = heads

    def put(self, rows: Sequence[Sequence[str]]) -> None:
        """Writes rows, the heads before the first; what others wrote is made safe.

        :raises BrokenPipeError, OutputUnusable: as ``results.put``
        """
        shown = [[safe(cell) for cell in row] for row in rows]
        if self._heads is not None and shown:
            shown.insert(0, list(self._heads))
            self._heads = None
        for row in shown:
            self._widths = [max(width, cell_len(cell)) for width, cell in zip(self._widths, row, strict=True)]
        for row in shown:
            put(printable(_cut(self._line(row))))

    def _line(self, row: Sequence[str]) -> str:
        # No padding behind the last: it would only be cut again.
        padded = [set_cell_size(cell, width) for cell, width in zip(row[:-1], self._widths, strict=False)]
        return "  ".join([*padded, row[-1]]).rstrip()


def put_object(fields: dict[str, Any]) -> None:
    """One JSON object on stdout, exact and safe to show; ``v`` is its version.

    :raises BrokenPipeError, OutputUnusable: as ``results.put``
    """
    put(printable(_json({"v": 1, **fields})) if _is_unicode() else json.dumps({"v": 1, **fields}))


def printable(line: str) -> str:
    """A line without the letters that stdout's encoding lacks: they are escaped."""
    encoding = sys.stdout.encoding or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def terminal_width() -> int | None:
    """Columns of the terminal that stdout is; None when it is none."""
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or None
    except (OSError, ValueError):
        return None


def _cut(line: str) -> str:
    width = terminal_width()
    if width is None or cell_len(line) <= width:
        return line
    return set_cell_size(line, width - 1).rstrip() + "…"


def _is_unicode() -> bool:
    return sys.stdout.encoding.lower().startswith("utf")


def _json(value: Any) -> str:
    match value:
        case str():
            return exact_json(value)
        case dict():
            return "{" + ",".join(f"{exact_json(key)}:{_json(one)}" for key, one in value.items()) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_json, value)) + "]"
        case _:
            return json.dumps(value)
