"""What the posting commands put on stdout: lines for programs, exact and in ASCII where they must be."""

import json
import sys

from minechat.cli import sentences
from minechat.cli.report import silence_stdout
from minechat.errors import LocalError


class OutputUnusable(LocalError):
    """Standard output cannot be written to."""


def put(line: str) -> None:
    """One line on stdout, at once: a token, which is ASCII, or JSON.

    :raises BrokenPipeError: nobody reads it any more, which ends a command quietly
    :raises OutputUnusable: the disk behind it is full, or the like
    """
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        silence_stdout()
        raise OutputUnusable(sentences.cannot_write_output(error.strerror or str(error))) from None


def utf8_stdout() -> bool:
    """Whether stdout takes every letter; the escapes of another encoding are not those of JSON."""
    return sys.stdout.encoding.lower().startswith("utf")


def put_json(**fields: str | int | None) -> None:
    """One JSON object on stdout, safe to show and exact; ``v`` is its version.

    :raises BrokenPipeError, OutputUnusable: as ``put``
    """
    body = ",".join(f'"{name}":{_literal(value)}' for name, value in {"v": 1, **fields}.items())
    put(f"{{{body}}}")


def _literal(value: str | int | None) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if not utf8_stdout():
        return json.dumps(value)
    from minechat.text import exact_json  # noqa: PLC0415 - a post without --json does not need it

    return exact_json(value)
