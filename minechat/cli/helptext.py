"""The help of a command, made from its options."""

import textwrap

from minechat.cli.exits import EXITS
from minechat.cli.kinds import Kind
from minechat.cli.options import PLAIN, PREFIX, Command, Option

WIDTH = 96
COLUMN = 8


def help_text(prog: str, command: Command, options: tuple[Option, ...]) -> str:
    """Summary, usage, every option with its environment name and default, three examples, exit codes."""
    lines = [command.summary, "", f"usage: {prog}{_operands(options)} [options]", ""]
    for option in options:
        lines += ["  " + _spellings(option), *_wrapped(_described(option))]
    lines += ["", "examples:", *("  " + example % {"prog": prog} for example in command.examples)]
    lines += ["", "Settings are taken from the command line, then the environment, then .env, then --config."]
    lines += ["", "exit codes:", *(f"  {code:3} {meaning}" for code, meaning in EXITS.items())]
    return "\n".join(lines) + "\n"


def _operands(options: tuple[Option, ...]) -> str:
    return "".join(f" {option.value}" for option in options if not option.flags)


def _spellings(option: Option) -> str:
    flags = list(option.flags)
    if option.kind is Kind.SWITCH:
        flags.append("--no-" + option.name.removeprefix("--"))
    return " ".join(filter(None, [", ".join(flags), option.value if option.kind.takes_value else ""]))


def _described(option: Option) -> str:
    notes = [" or ".join(spelled(option))] if option.settings else []
    default = option.usual if option.default is None else option.default
    notes += [f"default: {default}"] if default else []
    return option.help + (f" [{'; '.join(notes)}]" if notes else "")


def spelled(option: Option) -> list[str]:
    """Every name of the option in the environment."""
    return [
        full
        for name in option.settings
        for full in ([PREFIX + name, name] if name in PLAIN else [PREFIX + name])
    ]


def _wrapped(text: str) -> list[str]:
    indent = " " * COLUMN
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False)


def version() -> str:
    """The installed version, as ``minechat 1.2.3``."""
    from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and only asked for here

    return f"minechat {installed('minechat')}\n"


def overview(commands: dict[str, Command]) -> str:
    """The help of ``minechat`` itself: what there is to run."""
    lines = ["Chat in the terminal.", "", "usage: minechat <command> [options]", ""]
    lines += [f"  {name:18} {command.summary}" for name, command in commands.items()]
    return "\n".join([*lines, "", "minechat <command> -h tells more."]) + "\n"
