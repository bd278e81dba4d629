"""The command ``minechat``: picks the sub-command and hands it the rest of the line."""

import importlib
import sys
from collections.abc import Sequence

from minechat.cli import prepare
from minechat.cli.commands import COMMANDS
from minechat.cli.exits import UsageError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs ``minechat <command> [options]``; returns the exit code."""
    prepare()
    arguments = list(sys.argv[1:] if argv is None else argv)
    first = arguments[0] if arguments else ""
    for words in (2, 1):
        name = " ".join(arguments[:words])
        if len(arguments) >= words and name in COMMANDS:
            module = importlib.import_module(f"minechat.cli.{COMMANDS[name].module or name}")
            return int(module.main(arguments[words:]))
    return _without_command(first, as_json="--json" in arguments)


def _without_command(first: str, *, as_json: bool) -> int:
    from minechat.cli import helptext, report  # noqa: PLC0415 - a command that runs needs neither

    if first in ("-h", "--help", "help"):
        report.write(sys.stdout, helptext.overview(COMMANDS))
        return 0
    if first == "--version":
        report.write(sys.stdout, helptext.version())
        return 0
    what = f"no such command: {first}" if first else "no command"
    error = UsageError(f"{what} (the command line); use one of {', '.join(COMMANDS)}, or -h")
    return report.Report("minechat", as_json).failure(error)
