"""Says something to everybody who listens, in the server's name."""

from collections.abc import Sequence

from minechat.cli.exits import DONE
from minechat.cli.program import start
from minechat.cli.report import warn
from minechat.cli.tasks import sentences
from minechat.cli.tasks.orders import to_a_server
from minechat.cli.tasks.output import put_object
from minechat.cli.typed_server import AnnounceOptions


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("server announce", argv, announce)


async def announce(options: AnnounceOptions) -> int:
    """Announces once; returns the exit code.

    :raises InvalidInput: the text is empty or too long
    """
    give = await to_a_server(options)
    done = await give("announce", text=options.text)
    if options.json:
        put_object({"text": done["text"]})
    elif not options.quiet:
        warn(options.program, sentences.announced(done["text"]))
    return DONE
