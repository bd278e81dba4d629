"""Replaces the token of an account: the new one is printed, here and never again; the old one ends."""

from collections.abc import Sequence

from minechat.cli.exits import DONE, UsageError
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.results import put
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import TokenOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server token", argv, token)


async def token(options: TokenOptions) -> int:
    """Makes a new token; returns the exit code.

    :raises UsageError: without --new there is nothing that could be shown
    :raises InvalidInput: nobody is called so
    :raises OutputUnusable: stdout does not take the token, which is lost; another one can be made
    """
    if not options.new:
        raise UsageError(sentences.NO_SUCH_TOKEN)
    async with giving(options) as give:
        done = await give("token", nick=options.nick)
    if options.json:
        put_object({"nickname": done["nickname"], "token": done["token"], "closed": done["closed"]})
    else:
        put(done["token"])
    if not options.quiet:
        warn(options.program, sentences.renewed(done["nickname"], done["closed"]))
    return DONE
