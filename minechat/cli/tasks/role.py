"""Gives somebody a role in a room; the rooms that are nobody's get their moderators so."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import RoleOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server role", argv, role)


async def role(options: RoleOptions) -> int:
    """Appoints once; returns the exit code.

    :raises InvalidInput: nobody is called so, there is no such room, or it cannot be there
    """
    async with giving(options) as give:
        done = await give("role", nick=options.nick, room=options.room, role=options.role)
    if options.json:
        put_object({"nickname": done["nickname"], "room": done["room"], "role": done["role"]})
    elif not options.quiet:
        warn(options.program, sentences.appointed(done["nickname"], done["room"], done["role"]))
    return DONE
