"""The condition of a server at this moment, and the pages of the status port that tell it."""

import os
import shutil
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from minechat.server.exposition import CONTENT_TYPE, Now, exposition
from minechat.server.figures import Figures
from minechat.server.status import Answer, Page, said

#: Bytes that must be free where the database is: what a commit of a full queue may take, and its log.
ENOUGH = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Condition:
    """What can be asked about a running server.

    :param doors_open: whether it takes connections
    :param connections: open connections by port
    :param takes_posts: whether the storage had room for the last message, or has it again
    :param queued: bytes that wait for readers
    :param database: path of the database file
    """

    doors_open: Callable[[], bool]
    takes_posts: Callable[[], bool]
    connections: Callable[[], Mapping[str, int]]
    queued: Callable[[], int]
    database: str

    def obstacle(self) -> str | None:
        """Why no posts are taken now, in words for the owner; None when they are."""
        if not self.doors_open():
            return "not ready: starting or stopping"
        # A quota refuses what a disk with free space would take.
        is_full = not self.takes_posts() or self.space() < ENOUGH
        return "not ready: the disk is full" if is_full else None

    def space(self) -> int:
        """Bytes free where the database is."""
        return shutil.disk_usage(os.path.dirname(self.database) or os.curdir).free

    def now(self) -> Now:
        return Now(
            connections=self.connections(),
            queued=self.queued(),
            database=sum(map(_size, (self.database, f"{self.database}-wal"))),
            space=self.space(),
            ready=self.obstacle() is None,
        )


def pages(condition: Condition, figures: Figures) -> dict[str, Page]:
    """What the status port answers, by path."""
    metrics = exposition(figures, condition.now)

    def ready() -> Answer:
        obstacle = condition.obstacle()
        return said(HTTPStatus.SERVICE_UNAVAILABLE, obstacle) if obstacle else said(HTTPStatus.OK, "ready")

    return {
        # A storage that broke ends the server at once: whoever gets this answer has a loop that turns.
        "/health": lambda: said(HTTPStatus.OK, "ok"),
        "/ready": ready,
        "/metrics": lambda: Answer(HTTPStatus.OK, metrics(), CONTENT_TYPE),
    }


def _size(path: str) -> int:
    with suppress(FileNotFoundError):
        return os.path.getsize(path)
    return 0
