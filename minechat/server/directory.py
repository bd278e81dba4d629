"""The rooms in memory: found by their names, loaded when somebody asks for one, each there once at most."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from contextlib import suppress
from weakref import WeakValueDictionary

from minechat.errors import NotStored, Refused
from minechat.events import GENERAL
from minechat.server.keys import keys_of
from minechat.server.room import Room, no_room
from minechat.server.storage import RoomRow, Storage

#: Rooms that nobody hears and that stay in memory all the same; those somebody hears always do.
REMEMBERED = 1000
#: Characters of the longest name that is looked up.
LONGEST = 64


class Directory:
    """Finds rooms. As long as anybody holds a room, whoever asks gets the same one.

    :param clock: seconds since 1970
    """

    def __init__(
        self, storage: Storage, clock: Callable[[], float] = time.time, remembered: int = REMEMBERED
    ) -> None:
        self._storage = storage
        self.clock = clock
        self._capacity = remembered
        self._remembered: OrderedDict[str, Room] = OrderedDict()
        self._by_key: WeakValueDictionary[str, Room] = WeakValueDictionary()
        self._by_name: WeakValueDictionary[str, Room] = WeakValueDictionary()
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        #: The room of everybody, once it is loaded.
        self.general: Room | None = None

    async def prepare(self) -> None:
        """Loads what every message asks for."""
        self.general = await self.open(GENERAL)

    def at_hand(self, name: str) -> Room | None:
        """The room with exactly this name, if it is in memory."""
        return self._by_name.get(name)

    async def open(self, name: str) -> Room:
        """The room of this name; capitals and look-alike letters are one.

        :raises Refused: ``no_room``: there is none
        :raises NotStored: the database cannot be asked now
        """
        room = self._by_name.get(name)
        if room is None:
            if not name or len(name) > LONGEST:
                raise no_room()
            room = await self._find(name)
        self._remember(room)
        return room

    async def open_for(self, account_id: int, name: str) -> Room:
        """The room of this name as somebody may know of it.

        :raises Refused: ``no_room``: there is none, or none for this account, which cannot tell which
        """
        room = await self.open(name)
        if not room.is_there_for(account_id):
            # Looked for as long as one that is not there.
            await self._storage.room(await _key(name))
            raise no_room()
        return room

    async def open_row(self, row: RoomRow) -> Room:
        """The room of a row of the database.

        :raises Refused: ``no_room``: it was closed since
        """
        room = self._by_key.get(row.key) or await self._load(row.key, row.id)
        if room is None:
            raise no_room()
        self._remember(room)
        return room

    async def open_rows(self, rows: Iterable[RoomRow]) -> list[Room]:
        """Those of them that were not closed since."""
        rooms = []
        for row in rows:
            with suppress(Refused):
                rooms.append(await self.open_row(row))
        return rooms

    def forget(self, room: Room) -> None:
        """A room is closed: whoever asks for its name asks for another one."""
        self._by_key.pop(room.row.key, None)
        self._by_name.pop(room.name, None)
        self._remembered.pop(room.row.key, None)

    def renamed(self, account_id: int, name: str) -> None:
        """Somebody has another name from now on."""
        for room in list(self._by_key.values()):
            if account_id in room.names:
                room.names[account_id] = name

    async def _find(self, name: str) -> Room:
        key = await _key(name)
        room = self._by_key.get(key) or await self._load(key)
        if room is None:
            raise no_room()
        return room

    async def _load(self, key: str, room_id: int | None = None) -> Room | None:
        """One load at a time: a second one could miss what was done between its look and its end."""
        lock = self._loading.get(key)
        if lock is None:
            lock = self._loading[key] = asyncio.Lock()
        async with lock:
            room = self._by_key.get(key)
            if room is None and room_id is None:
                row = await self._storage.room(key)
                room_id = None if row is None else row.id
            if room is None and room_id is not None:
                room = await self._state(key, room_id)
                if room is None or room.row.key != key:  # closed since somebody saw its row
                    return None
                self._by_key[key] = self._by_name[room.name] = room
            return room

    async def _state(self, key: str, room_id: int) -> Room | None:
        """The room as the database has it; None when nothing of it is left."""
        try:
            return Room(await self._storage.room_state(room_id))
        except NotStored:
            row = await self._storage.room(key)
            if row is not None and row.id == room_id:
                raise
            return None

    def _remember(self, room: Room) -> None:
        self._remembered[room.row.key] = room
        self._remembered.move_to_end(room.row.key)
        if len(self._remembered) > self._capacity:
            self._remembered.popitem(last=False)


async def _key(name: str) -> str:
    # The tables of letters take a while to load the first time.
    return (await asyncio.to_thread(keys_of, name)).small
