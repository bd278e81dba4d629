"""A message that is sent again by its key: what was stored is told, whatever has become of rights since."""

import asyncio
from dataclasses import replace

from minechat.errors import Refused
from minechat.server.conversations import is_conversation, people_of
from minechat.server.keys import keys_of
from minechat.server.storage import AccountRow, Storage, Stored

#: What follows the name of a room that was closed, in the database.
CLOSED = ":"


async def told_again(
    storage: Storage, account_id: int, room: str, text: str, key: str | None
) -> asyncio.Future[Stored] | None:
    """What was stored when this was said in a room before; None when it was not.

    Asked once the message is refused: whoever was put out, or lost the answer, learns that it was kept.

    :raises Refused: ``id_reused``: the key was used for another message
    :raises NotStored: the database cannot be asked now
    """
    earlier = await _earlier(storage, account_id, key)
    if earlier is None:
        return None
    name = earlier.room.partition(CLOSED)[0]
    # The tables of letters take a while to load the first time.
    asked, there = [(await asyncio.to_thread(keys_of, one)).small for one in (room, name)]
    return _answer(replace(earlier, room=name), asked == there and not is_conversation(name), text)


async def whispered_again(
    storage: Storage, account_id: int, whom: AccountRow | None, text: str, key: str | None
) -> asyncio.Future[Stored] | None:
    """The same for what was said to one person.

    :param whom: who is called so today; None when nobody is any more
    """
    earlier = await _earlier(storage, account_id, key)
    if earlier is None:
        return None
    is_same = is_conversation(earlier.room) and (whom is None or whom.id in people_of(earlier.room))
    return _answer(earlier, is_same, text)


async def _earlier(storage: Storage, account_id: int, key: str | None) -> Stored | None:
    return None if key is None else await storage.said(account_id, key)


def _answer(earlier: Stored, is_there: bool, text: str) -> asyncio.Future[Stored]:
    if not is_there or earlier.text != text:
        raise Refused("that id was used for another message", code="id_reused")
    future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    future.set_result(earlier)
    return future
