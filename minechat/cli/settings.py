"""One command's settings: each from the layer that ranks highest, checked, with its origin."""

import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NoReturn, overload

from minechat.cli import checks
from minechat.cli.commands import COMMANDS
from minechat.cli.exits import UsageError
from minechat.cli.kinds import BadValue, Kind, convert
from minechat.cli.layers import (
    ConfigFile,
    Found,
    from_dotenv,
    from_environment,
    read_dotenv,
    unknown_names,
    unusable,
)
from minechat.cli.options import COMMON, Option
from minechat.cli.parser import Parser, config_text
from minechat.cli.typed import (
    AuthorizationOptions,
    ChatOptions,
    Options,
    RegistrationOptions,
    options_type,
)

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions

__all__ = [
    "AuthorizationOptions",
    "ChatOptions",
    "Options",
    "RegistrationOptions",
    "UsageError",
    "parse",
    "program_name",
]

_EVERY_OPTION = tuple(option for command in COMMANDS.values() for option in command.options)
_Argv = Sequence[str] | None
_Environ = Mapping[str, str] | None
_Folders = Sequence[str] | None


@overload
def parse(
    command: Literal["chat"], argv: _Argv = ..., environ: _Environ = ..., folders: _Folders = ...
) -> ChatOptions: ...
@overload
def parse(
    command: Literal["registration"], argv: _Argv = ..., environ: _Environ = ..., folders: _Folders = ...
) -> RegistrationOptions: ...
@overload
def parse(
    command: Literal["authorization"], argv: _Argv = ..., environ: _Environ = ..., folders: _Folders = ...
) -> AuthorizationOptions: ...
@overload
def parse(
    command: Literal["server"], argv: _Argv = ..., environ: _Environ = ..., folders: _Folders = ...
) -> "ServerOptions": ...
@overload
def parse(command: str, argv: _Argv = ..., environ: _Environ = ..., folders: _Folders = ...) -> Any: ...
def parse(command: str, argv: _Argv = None, environ: _Environ = None, folders: _Folders = None) -> Options:
    """The settings of ``command``: command line, then environment, then .env, then --config, then defaults.

    ``-h`` and ``--version`` print and leave, whatever the other layers hold.

    :param argv: the arguments after the command; those of this process by default
    :param environ: the environment, which is only read; that of this process by default
    :param folders: where to look for .env, the first one found counts; by default the working directory,
        then the folder of the started script
    :raises UsageError: one line that names the value and its origin
    """
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _parse(
            command,
            argv,
            os.environ if environ is None else environ,
            _folders() if folders is None else folders,
        )
    except UsageError as error:
        error.program, error.as_json = program_name(command), "--json" in argv
        raise


def program_name(command: str) -> str:
    """How this process was called: ``chat.py``, or ``minechat chat``."""
    script = os.path.basename(sys.argv[0]) if sys.argv else ""
    return script if script == f"{command}.py" else f"minechat {command}".rstrip()


def _parse(command: str, argv: Sequence[str], environ: Mapping[str, str], folders: Sequence[str]) -> Options:
    options = COMMANDS[command].options + COMMON
    parser = Parser(program_name(command), options, lambda field: _show(field, command))
    flags = parser.flags(argv)
    _refuse_empty_flags(options, flags, argv)
    path, dotenv = read_dotenv(folders)
    found: dict[str, Found] = {}
    for option in options:
        value = from_environment(option, environ) or from_dotenv(option, dotenv, path)
        if value is not None and option.field not in flags:
            found.setdefault(option.field, value)
    config_path = flags.get("config")
    text = config_text(config_path)
    wanted = [option for option in options if option.field not in flags and option.field not in found]
    config = ConfigFile(config_path or "", wanted, _EVERY_OPTION)
    namespace = parser.merged(argv, found, config, text)
    origins = _origins(options, flags, found | config.found, argv)
    values = _values(options, namespace, origins, flags | found | config.found)
    values["color"] = _color(values["color"], environ)
    result = options_type(command)(
        program=program_name(command), warnings=_warnings(dotenv, path), origins=origins, **values
    )
    checks.check(result)
    return result


def _folders() -> tuple[str, ...]:
    script = sys.argv[0] if sys.argv else ""
    # The console command and -m have no folder of the user's; a relative "" never fails on a deleted one.
    if script.endswith(".py") and os.path.basename(script) != "__main__.py":
        return "", os.path.dirname(os.path.realpath(script))
    return ("",)


def _refuse_empty_flags(options: Sequence[Option], flags: Mapping[str, Any], argv: Sequence[str]) -> None:
    for option in options:
        value = flags.get(option.field)
        if option.kind.takes_value and (value == "" or (isinstance(value, list) and "" in value)):
            raise UsageError(f"the value is empty ({_typed(option, argv)}); give one or leave the option out")


def _typed(option: Option, argv: Sequence[str]) -> str:
    """The spelling of an option that the command line used."""
    spellings = (argument.partition("=")[0] for argument in argv)
    known = [*option.flags]
    if option.kind is Kind.SWITCH:
        known += [flag.replace("--", "--no-", 1) for flag in option.flags]
    return next((spelling for spelling in spellings if spelling in known), option.name)


def _origins(
    options: Sequence[Option], flags: Mapping[str, Any], found: Mapping[str, Found], argv: Sequence[str]
) -> dict[str, str]:
    origins: dict[str, str] = {}
    for option in options:
        if option.field in origins:
            continue
        if option.field in flags:
            origins[option.field] = _typed(option, argv)
        elif option.field in found:
            origins[option.field] = found[option.field].origin
        else:
            origins[option.field] = f"the default of {option.name}"
    return origins


def _values(
    options: Sequence[Option], namespace: Namespace, origins: Mapping[str, str], given: Mapping[str, Any]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for option in options:
        if option.kind is Kind.SHOW or option.field in values:
            continue
        raw = getattr(namespace, option.field)
        if option.field not in given:
            raw = option.default
        if option.kind is Kind.TEXTS and not origins[option.field].startswith("-"):
            raw = _split(raw)
        values[option.field] = _value(option, raw, origins[option.field])
    return values


def _split(texts: Sequence[str] | None) -> list[str]:
    """A setting is one text where the command line has several: blanks and commas part them."""
    return [word for text in texts or () for word in text.replace(",", " ").split()]


def _value(option: Option, raw: Any, origin: str) -> Any:
    match option.kind:
        case Kind.FLAG:
            return bool(raw)
        case Kind.TALLY:
            return raw or 0
        case Kind.TEXTS:
            return tuple(raw or ())
    if not isinstance(raw, str):
        return raw
    try:
        return convert(option.kind, raw)
    except BadValue as problem:
        raise unusable(Found(raw, origin), problem) from None


def _color(color: str, environ: Mapping[str, str]) -> str:
    if color == "auto" and (environ.get("NO_COLOR") or environ.get("TERM") == "dumb"):
        return "never"
    return color


def _warnings(dotenv: Mapping[str, str], path: str) -> tuple[str, ...]:
    unknown = unknown_names(dotenv, _EVERY_OPTION)
    if not unknown:
        return ()
    return (f"no such setting: {', '.join(unknown)} ({path}); .env.example lists them all",)


def _show(field: str, command: str) -> NoReturn:
    # Imported by whoever asks: a post needs neither.
    from minechat.cli import helptext  # noqa: PLC0415
    from minechat.cli.report import write  # noqa: PLC0415

    name = program_name(command)
    text = (
        helptext.version()
        if field == "version"
        else helptext.help_text(name, COMMANDS[command], COMMANDS[command].options + COMMON)
    )
    write(sys.stdout, text)
    raise SystemExit(0)
