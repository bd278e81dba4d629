"""Lets a banned account or address in again."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import UnbanOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server unban", argv, unban)


async def unban(options: UnbanOptions) -> int:
    """Ends one ban; returns the exit code.

    :raises InvalidInput: nobody is called so, or is not banned
    """
    async with giving(options) as give:
        done = await give("unban", whom=options.whom)
    if options.json:
        put_object({"whom": done["whom"]})
    elif not options.quiet:
        warn(options.program, sentences.unbanned(done["whom"]))
    return DONE
