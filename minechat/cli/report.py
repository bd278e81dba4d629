"""Telling a failure: one line on stderr, or one JSON object, safe for any terminal."""

import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from minechat.cli import exits, sentences
from minechat.errors import (
    CertificateUnusable,
    DatabaseUnusable,
    HistoryUnusable,
    MinechatError,
    NetworkError,
    Refused,
    SessionsUnusable,
    TokenFileUnusable,
)

BLAMED: dict[type[MinechatError], str] = {
    NetworkError: "host",
    HistoryUnusable: "history",
    TokenFileUnusable: "token_path",
    SessionsUnusable: "session_path",
    DatabaseUnusable: "database",
    CertificateUnusable: "tls_ca",
}
"""Which setting an error is about, so that its origin can be named."""


def write(stream: TextIO | None, text: str) -> None:
    """Writes and flushes; what the stream's encoding lacks is escaped, a closed stream is no failure."""
    if stream is None or stream.closed:
        return
    encoding = stream.encoding or "utf-8"
    try:
        stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        stream.flush()
    except OSError:
        _silence(stream)


def warn(program: str, message: str) -> None:
    """One line on stderr that stops nothing."""
    _line(f"{program}: {message}")


def reason(error: Exception) -> str:
    """An error as a part of a sentence."""
    return sentences.refused(error.reason, error.retry_after) if isinstance(error, Refused) else str(error)


@dataclass(frozen=True)
class Report:
    """How one command tells of failures.

    :param origin: where the value came from that an error is about, if it is known
    :param verbose: from 2 on a bug shows its traceback
    """

    program: str
    as_json: bool = False
    verbose: int = 0
    origin: Callable[[BaseException], str | None] = lambda error: None

    def failure(self, error: BaseException) -> int:
        """Tells why the command ends, and returns its exit code."""
        if self.verbose >= 2 and not isinstance(error, MinechatError):
            _traceback(error)
        message = _message(error, self.origin(error))
        if self.as_json:
            _json(error, message)
        else:
            _line(f"{self.program}: {message}")
        return exits.exit_code(error)


def output_closed() -> bool:
    """Whether the reader of our stdout or stderr has gone; where that cannot be asked, it is believed."""
    import select  # noqa: PLC0415 - only a broken pipe asks

    if sys.platform == "win32":
        return True
    poll = select.poll()
    for number in (1, 2):
        poll.register(number, 0)
    return any(happened & (select.POLLERR | select.POLLHUP) for _, happened in poll.poll(0))


def silence_stdout() -> None:
    """Nobody reads stdout any more."""
    _silence(sys.stdout)


def _silence(stream: TextIO) -> None:
    # What is left in its buffer goes nowhere, so that the interpreter makes no noise at exit.
    with contextlib.suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)


def _traceback(error: BaseException) -> None:
    import traceback  # noqa: PLC0415 - only a bug needs it

    for line in "".join(traceback.format_exception(error)).splitlines():
        _line(line)


def _message(error: BaseException, origin: str | None) -> str:
    text = str(error)
    if not isinstance(error, MinechatError):
        return sentences.unexpected(type(error).__name__, text)
    if origin is None or origin in text:
        return text
    what, semicolon, remedy = text.partition("; ")
    return f"{what} ({origin}){semicolon}{remedy}"


def _json(error: BaseException, message: str) -> None:
    from minechat.text import exact_json  # noqa: PLC0415 - only a failure needs it

    after = error.retry_after if isinstance(error, Refused) else None
    fields = {
        "code": exact_json(exits.error_code(error)),
        "exit": str(exits.exit_code(error)),
        "retryable": str(exits.retryable(error)).lower(),
        "retry_after": "null" if after is None else f"{after:g}",
        "message": exact_json(message),
    }
    body = ",".join(f'"{name}":{value}' for name, value in fields.items())
    write(sys.stderr, f'{{"error":{{{body}}}}}\n')


def _line(text: str) -> None:
    from minechat.text import safe  # noqa: PLC0415 - only a failure needs it

    write(sys.stderr, safe(text) + "\n")
