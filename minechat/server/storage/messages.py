"""Messages: how a batch of them is numbered and written, each once, and how they are read back."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from minechat.errors import NotStored, Refused
from minechat.server.storage import statements
from minechat.server.storage.commit import Operation
from minechat.server.storage.deeds import MOST
from minechat.server.storage.rows import Stored


@dataclass(slots=True, eq=False)
class Post(Operation):
    """A message to store; its result is what was stored.

    :ivar earlier: what was stored when the same key came before; nothing is stored then
    """

    account_id: int
    nick: str
    room: str
    text: str
    key: str | None
    hidden: bool
    origin: object
    asked_at: float
    seq: int = 0
    said_at: int = 0
    earlier: Stored | None = None

    def stored(self, now: float) -> Stored:
        """What is on the disk, once it is. ``now`` is in the seconds of ``asked_at``."""
        return Stored(
            self.room,
            self.seq,
            self.nick,
            self.text,
            self.account_id,
            self.said_at / 1000,
            self.key,
            self.hidden,
            self.origin,
            now - self.asked_at,
        )


class Batch:
    """Numbers the messages of one transaction. Nobody else can meanwhile: it holds the write lock.

    :param said_at: milliseconds since 1970
    """

    def __init__(self, connection: sqlite3.Connection, said_at: int) -> None:
        self._connection = connection
        self._said_at = said_at
        #: The number of each room in the database, and of its last message; None of one that is not there.
        self._rooms: dict[str, list[int] | None] = {}
        self._keyed: dict[tuple[int, str], Post] = {}

    def write(self, posts: Sequence[Post]) -> None:
        """Writes messages in their order; one that cannot be taken has an ``error`` then.

        :raises Exception: nothing of them was written
        """
        # A fifth of the time of a plain one would go into columns that it has no use for.
        plain: list[tuple[object, ...]] = []
        named: list[tuple[object, ...]] = []
        for post in posts:
            post.error = post.earlier = None
            if post.key is not None and self._is_known(post, post.key):
                continue
            room = self._room(post.room)
            if room is None:
                post.error = NotStored("there is no such room")
                continue
            room[1] += 1
            post.seq, post.said_at = room[1], self._said_at
            row = (room[0], post.seq, post.account_id, post.text, self._said_at)
            if post.key is None and not post.hidden:
                plain.append(row)
            else:
                named.append((*row, post.key, post.hidden))
                self._remember(post)
        self._connection.executemany(statements.ADD_MESSAGE, plain)
        self._connection.executemany(statements.ADD_NAMED_MESSAGE, named)

    def _room(self, name: str) -> list[int] | None:
        if name not in self._rooms:
            found = self._connection.execute(statements.ROOM_ID, (name,)).fetchone()
            last = found and self._connection.execute(statements.LAST_SEQ, found).fetchone()
            self._rooms[name] = found and [found[0], last[0]]
        return self._rooms[name]

    def _remember(self, post: Post) -> None:
        if post.key is not None:
            self._keyed[post.account_id, post.key] = post

    def _is_known(self, post: Post, key: str) -> bool:
        earlier = self._earlier(post, key)
        if earlier is None:
            return False
        if (earlier.room, earlier.text) == (post.room, post.text):
            post.earlier = earlier
        else:
            post.error = Refused("that id was used for another message", code="id_reused")
        return True

    def _earlier(self, post: Post, key: str) -> Stored | None:
        before = self._keyed.get((post.account_id, key))
        if before is not None:
            return before.stored(before.asked_at)
        found = self._connection.execute(statements.GET_KEYED, (post.account_id, key)).fetchone()
        if found is None:
            return None
        room, seq, text, said_at, hidden = found
        return Stored(room, seq, post.nick, text, post.account_id, said_at / 1000, key, bool(hidden))


def history(
    connection: sqlite3.Connection,
    room_id: int,
    *,
    after: int | None,
    before: int | None,
    most: int,
    reader_id: int | None,
) -> Sequence[Stored]:
    """See ``Storage``."""
    below, most = MOST if before is None else max(0, min(before, MOST)), max(0, most)
    if after is not None:
        above = max(-1, min(after, MOST))
        rows = connection.execute(statements.MESSAGES_AFTER, (room_id, above, below, reader_id, most))
        return [as_stored(row) for row in rows]
    rows = connection.execute(statements.MESSAGES_BEFORE, (room_id, below, reader_id, most))
    return [as_stored(row) for row in rows][::-1]


def as_stored(row: Sequence[Any]) -> Stored:
    """A row of the statements that read messages."""
    room, seq, nick, text, account_id, said_at, key, hidden = row
    return Stored(room, seq, nick, text, account_id, said_at / 1000, key, bool(hidden))
