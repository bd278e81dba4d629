"""The command line and the layers under it, put together by configargparse."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from io import StringIO
from typing import Any, NoReturn

import configargparse

from minechat.cli.exits import UsageError
from minechat.cli.kinds import CHOICES, Kind
from minechat.cli.layers import ConfigFile, Found, as_argument, read_text
from minechat.cli.options import Option

ABSENT = object()
"""Stands in a namespace for an option that the command line does not give."""


class Parser(configargparse.ArgumentParser):
    """Takes every value as text: types are judged later, where the origin of the value is known.

    :param options: the options of one command
    :param show: called with the field of ``--help`` or ``--version``
    """

    def __init__(self, prog: str, options: Sequence[Option], show: Callable[[str], None]) -> None:
        super().__init__(  # type: ignore[no-untyped-call]  # it ships no types
            prog=prog, add_help=False, allow_abbrev=False, exit_on_error=False
        )
        self.options = options
        for option in options:
            self.add_argument(*option.flags or (option.field,), **_action(option, show))

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (the command line); see {self.prog} -h")

    def flags(self, argv: Sequence[str]) -> dict[str, Any]:
        """What the command line alone gives, by field; help and version are shown here.

        :raises UsageError: an option is unknown or lacks its value
        """
        absent = {option.field: ABSENT for option in self.options if _replaces(option)}
        blank = argparse.Namespace(**absent)
        try:
            # The plain method: with configargparse's own a bad environment would spoil -h.
            found, strangers = argparse.ArgumentParser.parse_known_args(self, list(argv), blank)
        except argparse.ArgumentError as error:
            if error.argument_name is None:  # from Python 3.13 on also for what comes to error() before it
                self.error(error.message)
            raise UsageError(self._lacking(error, argv)) from None
        if strangers:
            raise UsageError(self._unknown(strangers[0]))
        given = set(absent) | {field for field, value in vars(found).items() if value is not None}
        return {
            field: value for field, value in vars(found).items() if field in given and value is not ABSENT
        }

    def merged(
        self, argv: Sequence[str], environment: Mapping[str, Found], config: ConfigFile, text: str
    ) -> argparse.Namespace:
        """Every value as text: command line, then ``environment`` by field, then the configuration file."""
        self._config_file_parser = config
        self._config_file_open_func = lambda path: StringIO(text)
        variables = {
            option.settings[0]: as_argument(option, environment[option.field])
            for option in self.options
            if option.settings and option.field in environment
        }
        namespace: argparse.Namespace = self.parse_args(  # type: ignore[no-untyped-call]  # as above
            list(argv), env_vars=variables
        )
        return namespace

    def _lacking(self, error: argparse.ArgumentError, argv: Sequence[str]) -> str:
        spellings = str(error.argument_name).split("/")
        typed = {argument.partition("=")[0] for argument in argv}
        option = next((spelling for spelling in spellings if spelling in typed), spellings[-1])
        problem = "it takes no value" if "explicit argument" in error.message else error.message
        return f"{problem} ({option}); see {self.prog} -h"

    def _unknown(self, argument: str) -> str:
        # What follows an unknown option may be a secret: name no more than the option.
        if not argument.startswith("-"):
            return f"{argument!r} is not expected (the command line); see {self.prog} -h"
        flag = argument.partition("=")[0] if argument.startswith("--") else argument[:2]
        return f"no such option: {flag} (the command line); {self._closest(flag)}see {self.prog} -h"

    def _closest(self, flag: str) -> str:
        import difflib  # noqa: PLC0415 - only a slip of the finger needs it

        known = [spelling for option in self.options for spelling in option.flags]
        begun = [spelling for spelling in known if len(flag) > 3 and spelling.startswith(flag)]
        close = begun or difflib.get_close_matches(flag, known, 1, cutoff=0.75)
        return f"perhaps {close[0]}, " if close else ""


def config_text(path: str | None) -> str:
    """The text of the file that ``--config`` names.

    :raises UsageError: it cannot be read
    """
    if path is None:
        return ""
    text = read_text(path, f"--config {path}")
    if text is None:
        raise UsageError(f"cannot read settings: no such file (--config {path}); mend the path")
    return text


def _replaces(option: Option) -> bool:
    return option.kind not in (Kind.TALLY, Kind.TEXTS, Kind.SHOW)


def _action(option: Option, show: Callable[[str], None]) -> dict[str, Any]:
    how = dict(_ACTIONS.get(option.kind, {"metavar": option.value}))
    if not option.flags:
        if option.kind in CHOICES:  # who leaves it out is told them
            *others, last = CHOICES[option.kind]
            how["metavar"] = f"{option.value} ({', '.join(others)} or {last})"
        return how
    if option.kind is Kind.SHOW:
        how["show"] = show
    if option.field == "config":
        how["is_config_file_arg"] = True
    elif option.settings:
        how["env_var"] = option.settings[0]
    return {"dest": option.field, **how}


class _Show(argparse.Action):
    def __init__(self, option_strings: list[str], dest: str, show: Callable[[str], None]) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS)
        self._show = show

    def __call__(self, *_: object, **__: object) -> None:
        self._show(self.dest)


_ACTIONS: dict[Kind, dict[str, Any]] = {
    Kind.FLAG: {"action": "store_true"},
    Kind.SWITCH: {"action": argparse.BooleanOptionalAction},
    Kind.TALLY: {"action": "count"},
    Kind.NOTHING: {"action": "store_const", "const": None},
    Kind.TEXTS: {"action": "append"},
    Kind.SHOW: {"action": _Show},
}
