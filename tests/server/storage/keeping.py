"""A storage with a few accounts, for the tests of what it keeps of people and rooms."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

from minechat.server.keys import keys_of
from minechat.server.storage import AccountRow, Candidate, RoomRow, Storage, Stored, open_storage

NOW = 1_795_354_215.25


class Home:
    """An open storage, and what it said it committed.

    :ivar at: the time that it writes down, in seconds since 1970
    """

    def __init__(self) -> None:
        self.heard: list[Stored] = []
        self.at = NOW
        self.storage: Storage

    async def account(self, name: str) -> AccountRow:
        def only() -> Iterator[Candidate]:
            yield Candidate("", name, name, keys_of(name))

        return await self.storage.add_account(only, hashlib.sha256(name.encode()).digest())

    async def room(self, name: str) -> RoomRow:
        found = await self.storage.room(keys_of(name).small)
        assert found is not None
        return found

    async def general(self) -> RoomRow:
        return await self.room("general")

    async def say(self, author: AccountRow, room: str, *texts: str, hidden: bool = False) -> list[Stored]:
        said = (self.storage.say(author.id, author.name, room, text, hidden=hidden) for text in texts)
        return await asyncio.gather(*said)


@asynccontextmanager
async def home(folder: Path) -> AsyncIterator[Home]:
    made = Home()
    async with open_storage(
        f"sqlite:///{folder}/a.db", on_committed=made.heard.extend, clock=lambda: made.at
    ) as storage:
        made.storage = storage
        yield made
