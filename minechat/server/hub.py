"""The use cases of the chat: get to know a person, say, hear. Knows no wire and no engine."""

import asyncio
import time
from collections.abc import Callable, Sequence

from minechat.errors import Refused
from minechat.events import GENERAL, Said
from minechat.server.accounts import Accounts, Person, Registered
from minechat.server.audience import Audience
from minechat.server.bans import Bans, subject
from minechat.server.community import Community
from minechat.server.conversations import is_conversation
from minechat.server.credentials import Credentials
from minechat.server.limits import AccountBudgets
from minechat.server.log import event
from minechat.server.sessions import Close, Session
from minechat.server.settings import Limits
from minechat.server.storage import Ban, Storage, Stored
from minechat.server.wires import Encode, Wire

#: Who speaks when the server itself says something.
HERALD = "Server"


class Hub:
    """What the doors and the characters may ask for.

    :ivar people: who is let in, by what
    :ivar sessions: who is connected
    :ivar rooms, moderation, whispers, presence, archive: what members of RIFT do with each other
    :param limits: those of rooms and people
    :param clock: seconds since 1970
    :param announce_joins: whether a new account with a name is announced in the chat
    """

    def __init__(
        self,
        storage: Storage,
        accounts: Accounts,
        audience: Audience,
        budgets: AccountBudgets,
        *,
        bans: Bans,
        people: Credentials,
        announce_joins: bool = False,
        limits: Limits | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._storage = storage
        self._accounts = accounts
        self._audience = audience
        self._budgets = budgets
        self._bans = bans
        self.people = people
        self.sessions = people.sessions
        self._announce_joins = announce_joins
        people.joined = self._joined
        self._clock = clock
        self._witnesses: list[Callable[[str, str], None]] = []
        self._community = Community(storage, audience, limits or Limits(), clock)
        self.directory = self._community.directory
        self.rooms = self._community.rooms
        self.moderation = self._community.moderation
        self.whispers = self._community.whispers
        self.presence = self._community.presence
        self.archive = self._community.archive

    async def prepare(self) -> None:
        """Loads what holds for everybody; to be called before the doors open.

        :raises NotStored: the database cannot be asked now
        """
        await self._community.prepare()

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
        if registered.person.id is not None:
            self._joined(registered.person.name)
        return registered

    def _joined(self, name: str) -> None:
        event("account_registered", name=name)
        if self._announce_joins:
            self.speak(HERALD, f"# к чату присоединился {name}")

    def barred(self, source: str) -> Refused | None:
        """What to tell a connection from an address that is banned; None lets it in."""
        return self._bans.refusal(source)

    def attach(
        self,
        person_id: int | None,
        close: Close,
        *,
        name: str = "",
        source: str = "",
        session: str | None = None,
        by_token: bool = True,
    ) -> Callable[[], None]:
        """Registers what is live, so that an order of the owner ends it at once.

        Called by the entrance for every connection, without an account; and by a visit with its account, in
        the same step of the loop in which ``know``, ``register``, ``keep`` or one of ``people`` returned the
        person: a ban or a new token in between would miss it.

        :param close: tells the client why and closes the connection; called at most once, must not wait
        :param name, source: who it is and from where
        :param session: the session token it lives by, where there is one
        :param by_token: whether it lives by the token of the speak port, and ends with it
        :returns: to be called when the connection or the visit ends
        """
        return self.sessions.attach(Session(person_id, name, source, close, session, by_token))

    async def know(self, token: str, source: str) -> Person | None:
        """Whose token this is, or None; see ``Credentials.by_token``."""
        return await self.people.by_token(token, source)

    async def keep(self, person: Person) -> Person:
        """The person with an account in the database, which one without a name gets before the first post."""
        return await self._accounts.keep(person)

    def wait(self, person: Person, size: int) -> float:
        """Seconds until this person may say ``size`` bytes more; charged to the account."""
        return self._budgets.of(_id(person)).wait(size)

    def wait_for_page(self, person: Person) -> float:
        """Seconds until this person may have a page of history or of a search; charged to the account."""
        return self._budgets.of(_id(person)).wait_for_page()

    def takes_left_behind(self, person: Person, size: int) -> bool:
        """Whether a message found on a dead connection is still taken."""
        return self._budgets.of(_id(person)).takes_left_behind(size)

    def say(self, person: Person, text: str) -> asyncio.Future[Stored]:
        """Says a text in ``general``; not for those who are muted or banned there.

        :returns: resolves to the message, with its number, once it is on disk
        :raises NotStored, Refused: through the future
        """
        refusal = self._bans.refusal(_id(person)) or self._community.silenced(_id(person))
        if refusal is not None:
            return _refused(refusal)
        return self._storage.say(_id(person), person.name, GENERAL, text)

    def committed(self, batch: Sequence[Stored]) -> None:
        """The storage calls this with each commit, in their order: what is on disk may be heard."""
        self._audience.deliver([_said(one) for one in batch if not is_conversation(one.room)])
        for one in batch:
            if is_conversation(one.room):
                self.whispers.committed(one)
            elif one.room == GENERAL:
                for heard in self._witnesses:
                    heard(one.nick, one.text)

    def speak(self, nick: str, text: str) -> None:
        """Says something to whoever listens now and keeps it nowhere: characters and the herald."""
        self._audience.deliver([Said(nick, text, time=self._clock())])

    # What the owner orders, once it is on disk.

    def shut_out(self, ban: Ban) -> int:
        """A ban holds from now on; returns how many connections it closed."""
        self._bans.put(ban)
        refusal = self._bans.refusal(subject(ban))
        if refusal is None:
            return 0
        if ban.account_id is not None:
            return self.end(ban.account_id, refusal)
        assert ban.source is not None
        return self.sessions.end_address(ban.source, refusal)

    def let_in(self, whom: int | str) -> None:
        """A ban of an account (its number) or an address ends."""
        self._bans.lift(whom)

    def renamed(self, person_id: int, name: str) -> None:
        """An account has another name from now on."""
        self.directory.renamed(person_id, name)

    def end(self, person_id: int, reason: Refused) -> int:
        """Closes all visits of an account; logins under way are asked again. Returns how many there were."""
        return self.sessions.end_account(person_id, reason)


def _said(one: Stored) -> Said:
    return Said(one.nick, one.text, one.room, one.seq, one.said_at, one.key, one.origin)


def _refused(reason: Refused) -> asyncio.Future[Stored]:
    future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    future.set_exception(reason)
    return future


def _id(person: Person) -> int:
    if person.id is None:
        raise ValueError("an account without a name must be kept before it speaks")
    return person.id
