"""The use cases of the chat: get to know a person, say, hear. Knows no wire and no engine."""

import asyncio
from collections.abc import Callable, Sequence

from minechat.events import Said
from minechat.server.accounts import Accounts, Person, Registered
from minechat.server.audience import Audience, Encode, Wire
from minechat.server.limits import AccountBudgets
from minechat.server.storage import Storage, Stored

#: The room of the line protocols.
ROOM = "general"
#: Who speaks when the server itself says something.
HERALD = "Server"


class Hub:
    """What the doors and the characters may ask for.

    :param announce_joins: whether a new account with a name is announced in the chat
    """

    def __init__(
        self,
        storage: Storage,
        accounts: Accounts,
        audience: Audience,
        budgets: AccountBudgets,
        *,
        announce_joins: bool = False,
    ) -> None:
        self._storage = storage
        self._accounts = accounts
        self._audience = audience
        self._budgets = budgets
        self._announce_joins = announce_joins
        self._witnesses: list[Callable[[str, str], None]] = []

    def wire(self, encode: Encode) -> Wire:
        """A way for readers of one encoding to hear everything from now on."""
        return self._audience.wire(encode)

    def witness(self, heard: Callable[[str, str], None]) -> None:
        """Calls ``heard(nick, text)`` for everything people say; not for what characters say."""
        self._witnesses.append(heard)

    async def register(self, nickname: str, source: str) -> Registered:
        """A new account, its nickname mended and decorated; durable before this returns if it has a name.

        :raises Refused: too many from this source
        :raises NotStored: the database could not keep it
        """
        registered = await self._accounts.register(nickname, source)
        if self._announce_joins and registered.person.id is not None:
            self.speak(HERALD, f"# к чату присоединился {registered.person.name}")
        return registered

    async def know(self, token: str) -> Person | None:
        """Whose token this is, or None."""
        return await self._accounts.know(token)

    async def keep(self, person: Person) -> Person:
        """The person with an account in the database, which one without a name gets before the first post."""
        return await self._accounts.keep(person)

    def wait(self, person: Person, size: int) -> float:
        """Seconds until this person may say ``size`` bytes more; charged to the account."""
        return self._budgets.of(_id(person)).wait(size)

    def takes_left_behind(self, person: Person, size: int) -> bool:
        """Whether a message found on a dead connection is still taken."""
        return self._budgets.of(_id(person)).takes_left_behind(size)

    def say(self, person: Person, text: str) -> asyncio.Future[int]:
        """Says a text in the room.

        :returns: resolves to the number of the message once it is on disk
        :raises NotStored: through the future
        """
        return self._storage.say(_id(person), person.name, ROOM, text)

    def committed(self, batch: Sequence[Stored]) -> None:
        """The storage calls this with each commit, in their order: what is on disk may be heard."""
        self._audience.deliver([Said(one.nick, one.text) for one in batch])
        for heard in self._witnesses:
            for one in batch:
                heard(one.nick, one.text)

    def speak(self, nick: str, text: str) -> None:
        """Says something to whoever listens now and keeps it nowhere: characters and the herald."""
        self._audience.deliver([Said(nick, text)])


def _id(person: Person) -> int:
    if person.id is None:
        raise ValueError("an account without a name must be kept before it speaks")
    return person.id
