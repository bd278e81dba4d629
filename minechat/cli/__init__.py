"""The door: options, environment and exit codes stop here; everything below takes plain arguments."""

import os
import signal
import sys
from types import FrameType, TracebackType
from typing import Any


def prepare() -> None:
    """The first thing a process of ours does, before the imports that take time.

    A Ctrl-C from here on ends the process quietly with 130, and standard streams that were closed by
    whoever started us lead to the null device, so that no file opened later can take their numbers.
    A library that this Python lacks ends it with 2 and a line that says what to run instead.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    for number in range(3):
        _ensure_open(number)
    sys.stdin = sys.stdin or _stream(0, "r")
    sys.stdout = sys.stdout or _stream(1, "w")
    sys.stderr = sys.stderr or _stream(2, "w")
    sys.excepthook = _uncaught


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    if name is None or name.startswith("minechat."):
        sys.__excepthook__(kind, error, trace)
        return
    from minechat.cli.sentences import not_installed  # noqa: PLC0415 - it needs no library itself

    program = os.path.basename(sys.argv[0])
    sys.stderr.write(not_installed(name, "minechat" if program == "__main__.py" else program) + "\n")
    sys.stderr.flush()
    # A hook cannot choose the exit code any other way, and nothing has been opened yet.
    os._exit(2)


def _leave(signum: int, frame: FrameType | None) -> None:
    os._exit(128 + signum)


def _ensure_open(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)
        os.set_inheritable(number, True)


def _stream(number: int, mode: str) -> Any:
    # They live as long as the process: nobody closes its standard streams.
    return open(number, mode, encoding="utf-8", errors="backslashreplace", closefd=False)
