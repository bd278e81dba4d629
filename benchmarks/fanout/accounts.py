"""People who are known to our server before it starts, so that a thousand can log in at once by a token."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

from minechat.server.accounts import hash_of
from minechat.server.keys import keys_of
from minechat.server.storage import Candidate, Storage, open_storage


def people(folder: Path, readers: int, posters: int) -> None:
    """A database with accounts, whose tokens are ``reader-0`` and so on, and ``poster-0`` and so on."""
    names = [f"reader-{number}" for number in range(readers)]
    names += [f"poster-{number}" for number in range(posters)]
    asyncio.run(_add(folder, names))


async def _add(folder: Path, names: list[str]) -> None:
    async with open_storage(f"sqlite:///{folder}/minechat.db", on_committed=lambda batch: None) as storage:
        for start in range(0, len(names), 100):
            await asyncio.gather(*(_account(storage, name) for name in names[start : start + 100]))


async def _account(storage: Storage, name: str) -> None:
    def candidates() -> Iterator[Candidate]:
        yield Candidate("", name, name, keys_of(name))

    await storage.add_account(candidates, hash_of(name))
