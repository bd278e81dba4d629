"""Running a command: signals, the way from an error to a line and an exit code, a quiet end."""

import asyncio
import contextlib
import errno
import os
from collections.abc import Callable, Coroutine, Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from minechat.cli import exits, sentences
from minechat.cli.commands import COMMANDS
from minechat.cli.exits import UsageError
from minechat.cli.interrupts import Interrupts
from minechat.cli.report import BLAMED, Report, output_closed, silence_stdout, warn
from minechat.cli.settings import parse
from minechat.cli.typed import AuthorizationOptions, ChatOptions, Options, RegistrationOptions
from minechat.errors import LocalError, MinechatError

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions

Body = Coroutine[Any, Any, int]

DESCRIPTORS = 5
"""What a loop and one connection take."""


class TooManyFiles(LocalError):
    """The limit of open files leaves no room for a connection."""


@overload
def start(
    command: Literal["chat"], argv: Sequence[str] | None, body: Callable[[ChatOptions], Body]
) -> int: ...
@overload
def start(
    command: Literal["registration"], argv: Sequence[str] | None, body: Callable[[RegistrationOptions], Body]
) -> int: ...
@overload
def start(
    command: Literal["authorization"],
    argv: Sequence[str] | None,
    body: Callable[[AuthorizationOptions], Body],
) -> int: ...
@overload
def start(
    command: Literal["server"], argv: Sequence[str] | None, body: "Callable[[ServerOptions], Body]"
) -> int: ...
@overload
def start(command: str, argv: Sequence[str] | None, body: Callable[[Any], Body]) -> int: ...
def start(command: Any, argv: Sequence[str] | None, body: Callable[[Any], Body]) -> int:
    """A whole command: its settings, its warnings, then its body; returns the exit code.

    :param argv: the arguments after the command; those of this process when None
    :param body: what the command does with its options, to its exit code
    """
    try:
        options: Options = parse(command, argv)
    except UsageError as error:
        return Report(error.program, error.as_json).failure(error)
    for warning in () if options.quiet else options.warnings:
        warn(options.program, warning)
    if options.verbose and not options.quiet:
        _explain(options, command)
    return run(
        lambda: body(options),
        json_errors=options.json,
        verbose=options.verbose,
        program=options.program,
        origin=lambda error: _origin(options, error),
    )


def _explain(options: Options, command: str) -> None:
    from minechat.cli.explain import explained  # noqa: PLC0415 - only -v asks

    for line in explained(options, COMMANDS[command].options):
        warn(options.program, line)


def run(
    main: Callable[[], Body],
    *,
    json_errors: bool = False,
    verbose: int = 0,
    program: str = "minechat",
    origin: Callable[[BaseException], str | None] = lambda error: None,
) -> int:
    """Runs ``main`` to its exit code, or tells why it could not: never a traceback without ``-vv``.

    The first SIGINT, SIGTERM or SIGHUP cancels ``main``, whose clean-up runs; a second one ends the
    process at once. Either way the code is 128 and the signal's number.

    :param origin: where the value came from that an error is about
    """
    interrupts = Interrupts()
    try:
        with interrupts.caught():
            _refuse_to_starve()
            with asyncio.Runner() as runner:
                code = runner.run(_aimed(main, interrupts))
    except (Exception, asyncio.CancelledError, KeyboardInterrupt) as raised:  # noqa: BLE001 - the last resort
        code = _failed(_cause(raised), interrupts, Report(program, json_errors, verbose, origin))
    return code if interrupts.received is None else 128 + interrupts.received


async def _aimed(main: Callable[[], Body], interrupts: Interrupts) -> int:
    task = asyncio.current_task()
    assert task is not None
    interrupts.aim(task)
    return await main()


def _failed(error: BaseException, interrupts: Interrupts, report: Report) -> int:
    match error:
        case BrokenPipeError() if output_closed():
            silence_stdout()
            return exits.DONE
        case KeyboardInterrupt():
            return 130
        case asyncio.CancelledError() if interrupts.received is not None:
            return 128 + interrupts.received
    return report.failure(error)


def _cause(error: BaseException) -> BaseException:
    """The one error to tell of a group: a bug before everything else, then the first of ours."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return TooManyFiles(sentences.TOO_MANY_FILES)
    if not isinstance(error, BaseExceptionGroup):
        return error
    causes = [_cause(inner) for inner in error.exceptions]
    return min(causes, key=lambda cause: isinstance(cause, MinechatError))


def _refuse_to_starve() -> None:
    # A loop that finds no descriptor for itself prints a traceback when it is collected: ask before.
    with contextlib.ExitStack() as taken:
        for _ in range(DESCRIPTORS):
            taken.callback(os.close, os.open(os.devnull, os.O_RDONLY))


def _origin(options: Options, error: BaseException) -> str | None:
    name = next((name for kind, name in BLAMED.items() if isinstance(error, kind)), None)
    origin = options.origins.get(name) if name is not None else None
    language = getattr(error, "told_in", "en")
    if origin is None or language == "en":
        return origin
    from minechat.ui.reasons import translated  # noqa: PLC0415 - only what a Russian reads needs it

    return translated(origin, language)
