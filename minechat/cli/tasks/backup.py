"""The command ``server backup``: copies the database to a file while a server runs, or without one."""

from collections.abc import Sequence

from minechat.cli import program, sentences
from minechat.cli.report import warn
from minechat.cli.tasks.tables import show
from minechat.cli.tasks.thread import in_thread
from minechat.cli.typed_server import BackupOptions
from minechat.server.storage import file_of
from minechat.server.storage.backup import back_up


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("server backup", argv, backup)


async def backup(options: BackupOptions) -> int:
    """Writes the file and tells what it holds.

    :raises MinechatError: nothing was written
    """
    path = file_of(options.database)
    found = await in_thread(lambda given_up: back_up(path, options.file, given_up))
    show(found, as_json=options.json)
    if not options.quiet:
        warn(options.program, sentences.backed_up(path, options.file))
    return 0
