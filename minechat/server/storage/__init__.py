"""The database behind the chat: what it promises, and the one opened by a URL."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Never, Protocol

from minechat.errors import DatabaseUnusable
from minechat.server.keys import Keys
from minechat.server.storage.promises import MembersKept, RoomsKept
from minechat.server.storage.rows import (
    AccountInfo,
    AccountRow,
    Ban,
    Candidate,
    Deed,
    LoginRow,
    RoomKind,
    RoomRow,
    RoomState,
    Sanction,
    Stored,
)

__all__ = [
    "AccountInfo",
    "AccountRow",
    "Ban",
    "Candidate",
    "Deed",
    "LoginRow",
    "RoomKind",
    "RoomRow",
    "RoomState",
    "Sanction",
    "Storage",
    "Stored",
    "ensure_placed",
    "file_of",
    "open_storage",
]

SQLITE = "sqlite:///"
#: Operations that may wait for a commit; with messages of 4 KiB this is 32 MiB.
QUEUE_LIMIT = 8192
#: Seconds to wait for another program that holds the database.
BUSY_TIMEOUT = 5.0


class Storage(RoomsKept, MembersKept, Protocol):
    """Accounts and messages, kept. A result comes after its commit is on the disk, never before."""

    @property
    def takes_posts(self) -> bool:
        """False once a message was refused for lack of room on the disk, until there is room again."""

    def say(
        self,
        account_id: int,
        nick: str,
        room: str,
        text: str,
        *,
        key: str | None = None,
        hidden: bool = False,
        origin: object = None,
    ) -> asyncio.Future[Stored]:
        """Stores a message; the future gives it with its number in the room.

        Said again with a key that this account has used, it gives the message that was stored then, and
        ``on_committed`` is not told of it.

        Cancelling the future does not take the message back. The future raises ``NotStored``
        (nothing of it was kept; there may be no such room), ``Refused`` (``id_reused``: the key was used
        for another text or room), ``InvalidInput`` (it holds what is not text) or ``DatabaseUnusable``
        (its commit failed for good, and whether it was kept is not known).

        :param room: its name; ``general`` is always there
        :param key: what the author's client names it by
        :param hidden: nobody but its author ever sees it
        :param origin: comes back in ``Stored``, for who asked
        """

    async def add_account(
        self, candidates: Callable[[], Iterator[Candidate]], token_hash: bytes
    ) -> AccountRow:
        """Stores an account under the first candidate that is free.

        Called again with a hash that is known it gives the account that has it.

        :param candidates: makes the names to try, at most one of them without keys; called in
            another thread
        :raises NotStored: nothing was kept
        """

    async def account_by_token(self, token_hash: bytes) -> AccountRow | None:
        """The account with this hash of its token; None when there is none.

        :raises NotStored: the database cannot be asked now
        """

    async def accounts(self, after: int, most: int) -> Sequence[AccountInfo]:
        """Accounts in the order of their ids.

        :param after: only those with a greater id; 0 for the first page
        :param most: so many at most
        :raises NotStored: the database cannot be asked now; so do all that follow
        """

    async def account(self, account_id: int) -> AccountRow | None:
        """The account with this id; None when there is none."""

    async def account_by_name(self, name: str, key: str) -> AccountRow | None:
        """The account that has this key in small letters, else the one with exactly this name, or None.

        Accounts without any key share their names and are found by their id only.
        """

    async def account_like(self, keys: Keys) -> AccountRow | None:
        """An account whose name shares one of these keys; None when no account stands in their way."""

    async def new_token(
        self, account_id: int, token_hash: bytes, deed: Deed | None, *, ends_sessions: bool = False
    ) -> None:
        """Replaces the token of an account; writes the deed in the same commit, as do those below.

        :param ends_sessions: all sessions of the account end in this commit
        :raises NotStored: nothing was changed; there may be no such account
        """

    async def rename(self, account_id: int, candidate: Candidate, deed: Deed) -> bool:
        """Gives an account another name. False when another account has it: nothing was changed.

        :raises NotStored: nothing was changed; there may be no such account
        """

    async def add_ban(self, ban: Ban, deed: Deed) -> None:
        """Writes a ban; an earlier one of the same account or source ends with it."""

    async def remove_ban(self, account_id: int | None, source: str | None, deed: Deed) -> bool:
        """Ends the ban of an account or of a source. False when there was none: no deed is written."""

    async def bans(self) -> Sequence[Ban]:
        """The bans that are not over, the oldest first."""

    async def write_deed(self, deed: Deed) -> None:
        """Writes down what was done outside the database."""

    async def deeds(self, most: int) -> Sequence[Deed]:
        """The last deeds done to the server and not in a room, the newest first, so many at most."""

    async def broken(self) -> Never:
        """Waits until the storage has failed for good, and raises why; it takes nothing any more.

        :raises DatabaseUnusable: the disk or the engine failed, or the file was taken away
        :raises Exception: what ``on_committed`` raised, or a bug
        """


def file_of(url: str) -> str:
    """The file that a URL of the kind ``sqlite:///FILE`` names.

    :raises DatabaseUnusable: it is of no kind that is known
    """
    path = url.removeprefix(SQLITE)
    if path == url or not path:
        scheme = url.partition(":")[0]
        raise DatabaseUnusable(f"no database of the kind {scheme!r} is known: give {SQLITE}FILE")
    return path


def ensure_placed(url: str) -> None:
    """Makes sure that a database has its place, before anything is made beside it.

    :raises DatabaseUnusable: its folder is missing, a server runs on it, or the URL is of no known kind
    """
    path = file_of(url)
    from minechat.server.storage import database  # noqa: PLC0415 - as below

    database.ensure_placed(path)


@asynccontextmanager
async def open_storage(
    url: str,
    *,
    on_committed: Callable[[Sequence[Stored]], None],
    clock: Callable[[], float] = time.time,
    queue_limit: int = QUEUE_LIMIT,
    busy_timeout: float = BUSY_TIMEOUT,
) -> AsyncIterator[Storage]:
    """Opens the database; leaving stores what is queued and closes it.

    :param url: ``sqlite:///minechat.db`` (relative) or ``sqlite:////var/lib/minechat.db``
    :param on_committed: gets each commit's messages in their order, in the event loop, after
        the futures of ``say`` are resolved
    :param clock: seconds since 1970, for the times written down
    :param queue_limit: the most operations that may wait; one more is refused with ``NotStored``
    :param busy_timeout: seconds to wait for another program that holds the database
    :raises DatabaseUnusable: cannot be opened, is damaged, or belongs to another server
    """
    path = file_of(url)
    # The engine is imported only by those who name it.
    from minechat.server.storage.sqlite import open_sqlite  # noqa: PLC0415

    async with open_sqlite(
        path,
        on_committed=on_committed,
        clock=clock,
        queue_limit=queue_limit,
        busy_timeout=busy_timeout,
    ) as storage:
        yield storage
