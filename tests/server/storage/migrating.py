"""Opens an old database again and again, each time killed one step later; prints how many steps there were.

    python tests/server/storage/migrating.py DATABASE FOLDER

A step is a statement of SQLite on any connection, and a file that is opened, renamed, linked or removed.
Each life works on a copy of DATABASE in ``FOLDER/<number of the step>``; the last one lives to its end.
"""

import os
import shutil
import signal
import sqlite3
import sys
from functools import partial
from itertools import count
from pathlib import Path

from minechat.server.storage import database

EVENTS = {"open", "os.rename", "os.link", "os.remove"}


def live(path: Path, last: int) -> None:
    """Opens the database and dies at the last step. Ends with 0 when there are fewer."""
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)

    class Watched(sqlite3.Connection):
        def __init__(self, *arguments: object, **options: object) -> None:
            super().__init__(*arguments, **options)
            self.set_trace_callback(lambda _: step())

    sqlite3.connect = partial(sqlite3.connect, factory=Watched)
    sys.addaudithook(lambda event, _: step() if event in EVENTS else None)
    with database.opened(str(path), 5.0):
        pass


def main() -> int:
    old, folder = map(Path, sys.argv[1:])
    for last in count(1):
        path = folder / str(last) / "a.db"
        path.parent.mkdir()
        shutil.copy(old, path)
        child = os.fork()
        if child == 0:
            live(path, last)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            print(last)
            return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
