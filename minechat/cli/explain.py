"""What -v tells: each setting with its value and where it came from, and nothing that is secret."""

import math
from collections.abc import Iterator, Sequence

from minechat.cli import sentences
from minechat.cli.options import Option
from minechat.cli.typed import Options


def explained(options: Options, table: Sequence[Option]) -> Iterator[str]:
    """One line for each option that has a name in the settings.

    :param table: the options of the command
    """
    for option in table:
        if option.settings:
            shown = _shown(option, getattr(options, option.field))
            yield sentences.setting(option.name, shown, options.origin(option.field))


def _shown(option: Option, value: object) -> str:
    if value is None:
        return "not set"
    # A URL with a user in it may hold a password.
    if option.field == "token" or "@" in str(value):
        return "set, and not shown"
    if value == math.inf:
        return "none"
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)
