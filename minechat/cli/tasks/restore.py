"""The command ``server restore``: makes a database from a backup, and never over one that is there."""

from collections.abc import Sequence
from functools import partial

from minechat.cli import program, sentences
from minechat.cli.report import warn
from minechat.cli.tasks.tables import show
from minechat.cli.tasks.thread import in_thread
from minechat.cli.typed_server import RestoreOptions
from minechat.server.storage import file_of
from minechat.server.storage.restore import restore


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("server restore", argv, make)


async def make(options: RestoreOptions) -> int:
    """Makes the database and tells what it holds.

    :raises MinechatError: nothing was made
    """
    path = file_of(options.database)
    found = await in_thread(partial(restore, options.file, path, verify=options.verify))
    show(found, as_json=options.json)
    if not options.quiet:
        warn(options.program, sentences.restored(options.file, path))
    return 0
