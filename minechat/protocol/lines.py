"""Bytes to lines with a limit, and one text to one safe line of the wire."""

import re

from minechat.errors import LineTooLong

NEWLINE = b"\n"
_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) ")


def begins_as_http(data: bytes) -> bool:
    """Whether bytes begin as a browser's do, with a method of HTTP (RFC 9110, section 9)."""
    return _HTTP.match(data) is not None


class LineBuffer:
    """Cuts a stream of bytes into lines, whatever the pieces it comes in.

    :param limit: the most bytes of one line, its newline included
    """

    __slots__ = ("_bytes", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._bytes = bytearray()

    @property
    def in_a_line(self) -> bool:
        """True while a line has begun whose newline has not come."""
        return bool(self._bytes) and not self._bytes.endswith(NEWLINE)

    def __len__(self) -> int:
        """Bytes received and not yet taken."""
        return len(self._bytes)

    def feed(self, data: bytes) -> None:
        self._bytes += data

    def take(self) -> bytes | None:
        """The next line without its newline, or None until it is complete.

        :raises LineTooLong: the next line is over the limit; the connection must end
        """
        end = self._bytes.find(NEWLINE, 0, self._limit)
        if end < 0:
            if len(self._bytes) >= self._limit:
                raise LineTooLong(f"a line is longer than {self._limit} bytes")
            return None
        line = bytes(self._bytes[:end])
        del self._bytes[: end + 1]
        return line


class WholeLines:
    """Cuts a stream into blocks of whole lines, for readers who take many lines at once.

    An over-long line is left out up to its newline, so its tail never passes for a line.

    :param limit: the most bytes of one line, its newline included
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._skipping = False
        self.skipped = 0

    @property
    def partial(self) -> int:
        """Bytes of the unfinished last line."""
        return len(self._rest)

    def feed(self, data: bytes) -> bytes:
        """Every line that is now complete, each with its newline; b"" when there is none.

        Adds to ``skipped`` for each over-long line met.
        """
        if self._skipping:
            end = data.find(NEWLINE)
            if end < 0:
                return b""
            data = data[end + 1 :]
            self._skipping = False
        end = data.rfind(NEWLINE) + 1
        block = self._rest + data[:end] if end else b""
        self._rest = data[end:] if end else self._rest + data
        if len(self._rest) >= self._limit:
            self._rest = b""
            self._skipping = True
            self.skipped += 1
        return self._without_long_lines(block)

    def _without_long_lines(self, block: bytes) -> bytes:
        start = 0
        while start < len(block):
            end = block.rfind(NEWLINE, start, start + self._limit) + 1
            if not end:
                break
            start = end
        else:
            return block
        lines = block.split(NEWLINE)[:-1]
        kept = [line for line in lines if len(line) < self._limit]
        self.skipped += len(lines) - len(kept)
        return b"".join(line + NEWLINE for line in kept)


def decode(line: bytes) -> str:
    """One line of the wire as text: a final CR goes, what is not UTF-8 and NUL become U+FFFD."""
    text = line.removesuffix(b"\r").decode("utf-8", "replace")
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}") if "\0" in text else text


def encode(text: str) -> bytes:
    """One text as one line of the wire: newlines become spaces, lone surrogates become "?"."""
    return on_one_line(text).encode("utf-8", "replace") + NEWLINE


def on_one_line(text: str) -> str:
    """The lines of a text joined by a space, so that nobody can forge another's line."""
    if "\n" not in text and "\r" not in text:
        return text
    return " ".join(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
