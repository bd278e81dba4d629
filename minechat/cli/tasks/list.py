"""Lists what the database of a server holds for its owner: accounts, bans, or what the owner did."""

from collections.abc import Callable, Sequence
from typing import Any

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import Table, exact, local, put_object
from minechat.cli.typed_server import ListOptions

_Entry = dict[str, Any]

HEADS = {
    "accounts": ("number", "messages", "last said", "created", "nickname"),
    "bans": ("until", "since", "whom", "reason"),
    "audit": ("when", "what", "whom", "detail"),
}
_ROWS: dict[str, Callable[[_Entry], Sequence[str]]] = {
    "accounts": lambda one: (
        f"#{one['number']}",
        str(one["messages"]),
        local(one["last_said"], "never"),
        local(one["created"]),
        one["nickname"],
    ),
    "bans": lambda one: (local(one["until"], "for ever"), local(one["at"]), one["whom"], one["reason"]),
    "audit": lambda one: (local(one["at"]), one["what"], one["whom"], one["detail"]),
}
#: Fields that are times.
_TIMES = frozenset({"created", "last_said", "at", "until"})


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server list", argv, show)


async def show(options: ListOptions) -> int:
    """Prints a list page by page, as it comes; an empty one is told on stderr."""
    table = Table(*HEADS[options.what])
    after: int | None = 0
    printed = 0
    async with giving(options) as give:
        while after is not None:
            answer = await give("list", what=options.what, after=after)
            after = answer["after"]
            printed += len(answer["entries"])
            _put(options, table, answer["entries"])
    if not printed and not options.quiet:
        warn(options.program, sentences.EMPTY[options.what])
    return DONE


def _put(options: ListOptions, table: Table, entries: Sequence[_Entry]) -> None:
    if options.json:
        for one in entries:
            put_object({key: exact(value) if key in _TIMES else value for key, value in one.items()})
    else:
        table.put([_ROWS[options.what](one) for one in entries])
