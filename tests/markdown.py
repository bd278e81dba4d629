"""What the documents are made of: code, markers, tables, numbers."""

import re

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"`[^`\n]+`")
#: Digits inside a word or behind a sign are part of a name: UTF-8, /64.
NUMBER = re.compile(r"(?<![\w/+.-])\d+")


def prose(document: str) -> str:
    """A document without its code."""
    return INLINE.sub("", FENCE.sub("", document))


def rows(document: str, marker: str) -> list[list[str]]:
    """The cells of the table between a marker and its end, without the head and without code marks."""
    table = document.partition(f"<!-- {marker} -->")[2].partition(f"<!-- /{marker} -->")[0]
    lines = [line.strip("|") for line in table.splitlines() if line.startswith("|")]
    return [[_uncoded(cell.strip(" ")) for cell in line.split("|")] for line in lines[2:]]


def _uncoded(cell: str) -> str:
    return cell[1:-1] if INLINE.fullmatch(cell) else cell
