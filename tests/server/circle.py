"""People on a hub over a real database, each connection with an ear for all that it is told."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

from minechat.events import Said
from minechat.server.accounts import Accounts, Person
from minechat.server.audience import Audience
from minechat.server.bans import Bans
from minechat.server.figures import Figures
from minechat.server.happenings import Happening, Member, PresenceChanged, RoomHappening
from minechat.server.hub import Hub
from minechat.server.keys import keys_of
from minechat.server.limits import AccountBudgets
from minechat.server.settings import Limits
from minechat.server.storage import Candidate, Storage, Stored, open_storage
from tests.server.people import people
from tests.server.sockets import until

ALL = frozenset({"acks", "rooms", "presence", "sessions"})
NONE: frozenset[str] = frozenset()
NOW = 1_800_000_000.0
PLENTY = Limits(new_correspondents=None, deeds=None)


class Ear(asyncio.Transport):
    """A transport that keeps what is written to it: the numbers of the events that were encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += data

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def is_closing(self) -> bool:
        return False


class Guest:
    """One live connection."""

    def __init__(self, circle: "Circle", person: Person, features: frozenset[str]) -> None:
        self.told: list[Happening] = []
        self._circle = circle
        self._ear = Ear()
        outlet = circle.audience.outlet(self._ear)
        self.member = Member(person, outlet, circle.encode, features, self.told.append)

    @property
    def name(self) -> str:
        return self.member.name

    @property
    def heard(self) -> list[Any]:
        """Everything that came by its rooms and by presence, in order."""
        return [self._circle.encoded[int(number)] for number in self._ear.written.split()]

    def texts(self, room: str = "general") -> list[str]:
        return [one.text for one in self.heard if isinstance(one, Said) and one.room == room]

    def happened(self, room: str) -> list[tuple[str, str | None]]:
        """What happened in a room, and to whom."""
        happenings = (one for one in self.heard if isinstance(one, RoomHappening) and one.room == room)
        return [(one.what, one.name) for one in happenings]

    def presence(self) -> list[PresenceChanged]:
        return [one for one in self.heard if isinstance(one, PresenceChanged)]


class Circle:
    """A hub and its people."""

    def __init__(self, limits: Limits, clock: Callable[[], float]) -> None:
        self.now = NOW
        self.encoded: list[Any] = []
        self.audience = Audience(limits, Figures())
        self.limits = limits
        self.clock = clock
        self.hub: Hub

    def take(self, storage: Storage) -> None:
        self.storage = storage
        accounts = Accounts(storage, registrations=lambda _: None, random=Random(7))
        self.hub = Hub(
            storage,
            accounts,
            self.audience,
            AccountBudgets(self.limits),
            bans=Bans(),
            people=people(storage, accounts, self.limits),
            limits=self.limits,
            clock=self.clock,
        )

    def encode(self, event: object) -> bytes:
        self.encoded.append(event)
        return b"%d " % (len(self.encoded) - 1)

    def committed(self, batch: Sequence[Stored]) -> None:
        self.hub.committed(batch)

    async def person(self, name: str) -> Person:
        """An account of this name, made when there is none."""
        keys = keys_of(name)
        row = await self.storage.account_by_name(name, keys.small)
        if row is None:
            token = hashlib.sha256(name.encode()).digest()
            row = await self.storage.add_member_account(Candidate("", name, name, keys), token, "hash")
        assert row is not None
        return Person(row.id, row.name)

    async def come(self, name: str, features: frozenset[str] = ALL) -> Guest:
        """Somebody comes in, on one more connection."""
        guest = Guest(self, await self.person(name), features)
        await self.hub.rooms.attend(guest.member)
        return guest

    async def say(self, guest: Guest, room: str, text: str, key: str | None = None) -> Stored:
        return await (await self.hub.rooms.say(guest.member, room, text, key))

    async def whisper(self, guest: Guest, to: str, text: str, key: str | None = None) -> Stored:
        return await (await self.hub.whispers.say(guest.member, to, text, key))[1]

    async def settled(self) -> None:
        """Everything that is on its way to somebody has arrived."""
        ear = await self.come("Ear", frozenset({"rooms"}))
        self.hub.speak("Server", "settled")
        await until(lambda: "settled" in ear.texts())
        self.hub.rooms.leave_all(ear.member)


@asynccontextmanager
async def circle(
    folder: Path, limits: Limits = PLENTY, clock: Callable[[], float] | None = None
) -> AsyncIterator[Circle]:
    """A hub on ``a.db`` in a folder. Its wall clock stands still unless one is given; see ``Circle.now``."""
    people = Circle(limits, clock or (lambda: people.now))
    async with open_storage(
        f"sqlite:///{folder}/a.db", on_committed=people.committed, clock=people.clock
    ) as storage:
        people.take(storage)
        await people.hub.prepare()
        yield people
