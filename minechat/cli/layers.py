"""Where settings come from besides the command line: the environment, a .env file, a configuration file."""

import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any

import configargparse

from minechat.cli.exits import UsageError
from minechat.cli.kinds import BadValue, Kind, switch
from minechat.cli.options import PLAIN, PREFIX, Option

SIZE_LIMIT = 1 << 20
"""The most bytes of a .env or configuration file; larger ones are something else."""

LONGEST_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Found:
    """A value as text, and where it was: ``HOST in .env``."""

    text: str
    origin: str


def from_environment(option: Option, environ: Mapping[str, str]) -> Found | None:
    """The option's value in the environment; an empty one counts as unset."""
    for name in option.settings:
        for spelling in (PREFIX + name, name) if name in PLAIN else (PREFIX + name,):
            if environ.get(spelling):
                return Found(environ[spelling], f"{spelling} in the environment")
    return None


def from_dotenv(option: Option, values: Mapping[str, str], path: str) -> Found | None:
    """The option's value in a .env file, where every name may stand plain; an empty one counts as unset."""
    for name in option.settings:
        for spelling in (PREFIX + name, name):
            if values.get(spelling):
                return Found(values[spelling], f"{spelling} in {path}")
    return None


def read_dotenv(folders: Iterable[str]) -> tuple[str, dict[str, str]]:
    """The first .env file of these folders: its path and what it says; ``("", {})`` when there is none.

    Nothing is expanded inside values and the environment of the process stays as it is.

    :raises UsageError: it is there and cannot be read
    """
    for folder in folders:
        path = os.path.join(folder, ".env")
        text = read_text(path, path)
        if text is not None:
            return path, _parse_dotenv(text, path)
    return "", {}


def _parse_dotenv(text: str, path: str) -> dict[str, str]:
    # Imported where a .env exists: it costs a one-line post a tenth of its start-up.
    from dotenv import dotenv_values  # noqa: PLC0415
    from dotenv.parser import parse_stream  # noqa: PLC0415

    for line in parse_stream(StringIO(text)):
        if line.error:
            raise UsageError(f"line {line.original.line} is not NAME=value ({path}); mend that line")
    values = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in values.items() if value is not None}


def unknown_names(names: Iterable[str], options: Iterable[Option]) -> list[str]:
    """Which names no option of any command knows."""
    known = {name for option in options for name in option.settings}
    return [name for name in names if name.removeprefix(PREFIX) not in known]


def read_text(path: str, origin: str) -> str | None:
    """A small text file, or None where there is none.

    :param origin: how a failure names the file
    :raises UsageError: it is a directory, a pipe, too large, not readable or not UTF-8
    """
    try:
        # Without blocking: a named pipe would wait for its writer for ever.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise UsageError(f"cannot read settings: {reason} ({origin}); mend or remove it") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise UsageError(f"cannot read settings: not a regular file ({origin}); mend or remove it")
    with open(descriptor, "rb") as file:
        data = file.read(SIZE_LIMIT + 1)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"cannot read settings: not UTF-8 text ({origin}); save it as UTF-8") from None
    if len(data) > SIZE_LIMIT or "\0" in text:
        raise UsageError(f"cannot read settings: not a file of settings ({origin}); mend or remove it")
    return text


class ConfigFile(configargparse.DefaultConfigFileParser):
    """A configuration file: setting names as keys in any case; what ranks higher is left out.

    :param path: how failures name the file
    :param wanted: the options of this command that nothing of higher rank has set
    :param known: the options of all commands; their keys are no mistake
    """

    def __init__(self, path: str, wanted: Iterable[Option], known: Iterable[Option]) -> None:
        super().__init__()
        self._path = path
        self._wanted = {name: option for option in wanted for name in option.settings}
        self._known = tuple(known)
        self.found: dict[str, Found] = {}

    def parse(self, stream: Any) -> dict[str, str]:
        try:
            items = super().parse(stream)  # type: ignore[no-untyped-call]  # it ships no types
        except configargparse.ConfigFileParserException:
            raise UsageError(f"a line is not name = value ({self._path}); mend that line") from None
        arguments: dict[str, str] = {}
        for key, value in items.items():
            name = key.lstrip("-").upper().replace("-", "_").removeprefix(PREFIX)
            if unknown_names([name], self._known):
                raise UsageError(f"{key} is not a setting ({self._path}); .env.example lists them all")
            option = self._wanted.get(name)
            if option is None or value == "" or option.field in self.found:
                continue
            if not isinstance(value, str):
                raise UsageError(f"{key} is a list ({self._path}); write one value without brackets")
            self.found[option.field] = Found(value, f"{key} in {self._path}")
            arguments[option.name] = as_argument(option, self.found[option.field])
        return arguments


def as_argument(option: Option, found: Found) -> str:
    """A found value as configargparse takes it."""
    if option.kind is not Kind.SWITCH:
        return found.text
    try:
        return "true" if switch(found.text) else "false"
    except BadValue as problem:
        raise unusable(found, problem) from None


def unusable(found: Found, problem: BadValue) -> UsageError:
    """The error for a value of the wrong kind: what it is, where it came from, what to do."""
    text = found.text if len(found.text) <= LONGEST_SHOWN else found.text[:LONGEST_SHOWN] + "..."
    return UsageError(f"{text!r} {problem} ({found.origin}); {problem.remedy}")
