"""Gives an account a password made by chance: printed here and never again; all sessions end."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.results import put
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import giving
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import PasswordOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server password", argv, password)


async def password(options: PasswordOptions) -> int:
    """Sets a new password; returns the exit code.

    :raises InvalidInput: nobody is called so, or the account has no name to log in by
    :raises Refused: the server looks at too many passwords at this moment
    :raises OutputUnusable: stdout does not take the password, which is lost; another one can be made
    """
    async with giving(options) as give:
        done = await give("password", nick=options.nick)
    if options.json:
        put_object({"nickname": done["nickname"], "password": done["password"], "closed": done["closed"]})
    else:
        put(done["password"])
    if not options.quiet:
        warn(options.program, sentences.password_made(done["nickname"], done["closed"]))
    return DONE
