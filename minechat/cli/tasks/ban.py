"""Bans an account or an address: out at once, and for as long as is said."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import exact, local, put_object
from minechat.cli.typed_server import BanOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server ban", argv, ban)


async def ban(options: BanOptions) -> int:
    """Bans once; returns the exit code.

    :raises InvalidInput: nobody is called so
    """
    async with giving(options) as give:
        done = await give("ban", whom=options.whom, seconds=options.for_seconds, reason=options.reason or "")
    if options.json:
        put_object({"whom": done["whom"], "until": exact(done["until"]), "closed": done["closed"]})
    elif not options.quiet:
        until = None if done["until"] is None else local(done["until"])
        warn(options.program, sentences.banned(done["whom"], until, done["closed"]))
    if done["loopback"]:
        warn(options.program, sentences.LOOPBACK_BANNED)
    return DONE
