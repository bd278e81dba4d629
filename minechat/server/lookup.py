"""Whom a name on the wire means."""

import asyncio

from minechat.errors import Refused
from minechat.server.keys import keys_of
from minechat.server.storage import AccountRow, Storage

#: Characters of the longest name that is looked up; no account has a longer one.
LONGEST = 100


async def account_called(storage: Storage, name: str) -> AccountRow | None:
    """The account with this name; ``_`` and blanks, capitals and small look-alike letters are one.

    :raises NotStored: the database cannot be asked now
    """
    if not name or len(name) > LONGEST:
        return None
    # The tables of letters take a while to load the first time.
    key = (await asyncio.to_thread(keys_of, name)).small
    return await storage.account_by_name(name, key) if key else None


async def somebody(storage: Storage, name: str) -> AccountRow:
    """:raises Refused: ``no_user``: nobody is called so"""
    found = await account_called(storage, name)
    if found is None:
        raise Refused("nobody is called so", code="no_user")
    return found
