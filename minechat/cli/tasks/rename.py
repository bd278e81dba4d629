"""Gives an account another nickname, exactly as it is given here; its token stays."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import RenameOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server rename", argv, rename)


async def rename(options: RenameOptions) -> int:
    """Renames once; returns the exit code.

    :raises InvalidInput: nobody is called so, the new one cannot be a nickname, or looks like another's
    """
    async with giving(options) as give:
        done = await give("rename", nick=options.nick, to=options.to)
    if options.json:
        put_object({"was": done["was"], "nickname": done["nickname"], "closed": done["closed"]})
    elif not options.quiet:
        warn(options.program, sentences.renamed(done["was"], done["nickname"], done["closed"]))
    return DONE
