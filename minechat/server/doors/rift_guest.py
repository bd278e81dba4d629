"""Who is at the other end of a visit of RIFT, and what changes who that is or is said in its name."""

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.frames import shown
from minechat.server.accounts import Person
from minechat.server.doors import rift_answers as answers
from minechat.server.doors.rift_commits import MOST, Commits
from minechat.server.doors.rift_entry import register, who
from minechat.server.doors.rift_host import DONE, Client, Host, Voice
from minechat.server.doors.rift_requests import HANDLERS, PAGED
from minechat.server.happenings import Member
from minechat.server.logins import ConnectionLogins
from minechat.server.storage import Stored

Said = c.RoomMessage | c.PrivateMessage


class Guest:
    """Obeys commands, one after the other, in the name of whoever has logged in."""

    __slots__ = (
        "_client",
        "_commits",
        "_detach",
        "_host",
        "_logins",
        "_member",
        "_session",
        "_source",
        "_voice",
    )

    def __init__(self, host: Host, client: Client, voice: Voice, source: str) -> None:
        self._host = host
        self._client = client
        self._voice = voice
        self._source = source
        self._logins = ConnectionLogins(host.limits)
        self._commits = Commits()
        self._member: Member | None = None
        self._detach: Callable[[], None] | None = None
        self._session: str | None = None

    @property
    def waits(self) -> bool:
        """Whether messages wait for their commits."""
        return bool(self._commits)

    async def settled(self) -> None:
        """Returns when all messages are answered: what is said next does not overtake those answers."""
        await self._commits.settled()

    async def obey(self, command: c.Command) -> r.Reply | None:
        """Does what is asked for; returns what is to be answered now.

        :raises Refused, WrongPassword, NotStored, InvalidInput: it was not done
        """
        if isinstance(command, Said):
            await self._commits.settled(MOST - 1)
        else:
            await self.settled()
        own = _OWN.get(type(command))
        return await (self._ask(command) if own is None else own(self, command))

    def leave(self) -> None:
        """Nothing more is told; no harm a second time."""
        if self._member is not None:
            self._host.hub.rooms.leave_all(self._member)

    def detach(self) -> None:
        """No order needs to end this visit any more."""
        if self._detach is not None:
            self._detach()

    @property
    def _there(self) -> Member:
        assert self._member is not None  # the table of the talk has let the command through
        return self._member

    async def _ask(self, command: c.Command) -> r.Reply | None:
        if self._voice.gone:
            return None  # nobody would hear the answer
        hub, member = self._host.hub, self._there
        if isinstance(command, PAGED):
            await self._voice.wait(hub.wait_for_page(member.person), "history_rate")
        return await HANDLERS[type(command)](hub, member, command)

    # Who is it?

    async def _register(self, one: c.Register) -> r.Reply:
        self._logins.take()
        return await register(self._host.hub, one, self._source)

    async def _auth(self, one: c.Auth) -> r.Reply | None:
        self._logins.take()
        person = await who(self._host.hub, one, self._source)
        self._session = one.session
        if self._session is None and "sessions" in self._voice.features:
            self._session = await self._host.hub.people.open_session(person)
        self._recognise(person, by_token=one.token is not None)
        return await self._attend(person, one.id)

    def _recognise(self, person: Person, *, by_token: bool) -> None:
        """In the step in which the person was known: an order in between would miss this visit."""
        if self._voice.ended:
            return
        self._detach = self._host.hub.attach(
            person.id,
            self._voice.dismiss,
            name=person.name,
            source=self._source,
            session=self._session,
            by_token=by_token and self._session is None,
        )
        self._client.known()

    async def _attend(self, person: Person, request: str | None) -> r.Reply | None:
        hub, client, features = self._host.hub, self._client, self._voice.features
        has_password = await hub.people.has_password(person) if features else None
        if self._voice.ended:
            return None
        encode = answers.heard if "rooms" in features else answers.heard_without_rooms
        self._member = Member(person, client.outlet, encode, features, self._voice.tell)
        await hub.rooms.attend(self._member)
        if not features:
            return r.AuthSuccess(id=request)
        session = self._session if "sessions" in features else None
        name = shown(person.name)
        return r.AuthSuccess(id=request, username=name, session=session, has_password=has_password)

    # What is said.

    async def _room_message(self, one: c.RoomMessage) -> None:
        if await self._affords(one.text):
            commit = await self._host.hub.rooms.say(self._there, one.room, one.text, key=one.id)
            self._commits.add(commit, partial(self._committed, one, ""))

    async def _private_message(self, one: c.PrivateMessage) -> None:
        if await self._affords(one.text):
            to, commit = await self._host.hub.whispers.say(self._there, one.to, one.text, key=one.id)
            self._commits.add(commit, partial(self._committed, one, to))

    async def _affords(self, text: str) -> bool:
        """Waits until the account may say so much; False for what a dead connection left and may not."""
        hub, person, size = self._host.hub, self._there.person, len(text.encode())
        if self._voice.gone:
            return hub.takes_left_behind(person, size)
        await self._voice.wait(hub.wait(person, size), "message_rate")
        return not self._voice.ended

    def _committed(self, one: Said, to: str, outcome: Stored | BaseException) -> None:
        if isinstance(outcome, answers.FAILURES):
            self._voice.refuse(outcome, one)
        elif isinstance(outcome, asyncio.CancelledError):
            pass  # the server is being taken down
        elif isinstance(outcome, BaseException):
            self._host.failed(outcome)
        elif isinstance(one, c.PrivateMessage):
            self._voice.say(answers.whispered(one.id, to, outcome))
        else:
            self._voice.say(answers.stored(one.id, outcome))
        self._voice.go_on()

    # The account.

    async def _change_password(self, one: c.ChangePassword) -> r.Reply:
        await self._host.hub.people.change_password(
            self._there.person,
            one.new,
            one.old,
            self._source,
            keep=self._session,
            but=self._voice.dismiss,
        )
        return r.Done(id=one.id)

    async def _get_token(self, one: c.GetToken) -> r.Reply:
        people = self._host.hub.people
        return r.Token(id=one.id, token=await people.renew_token(self._there.person, but=self._voice.dismiss))

    async def _log_out(self, one: c.LogOut) -> None:
        await self._host.hub.people.log_out(
            self._there.person, self._session, everywhere=one.everywhere, but=self._voice.dismiss
        )
        self._voice.say(r.Done(id=one.id))
        self._voice.end(DONE)


#: Commands that change who is here or say something; ``rift_requests`` has all others.
_OWN: dict[type[c.Command], Callable[[Guest, Any], Awaitable[r.Reply | None]]] = {
    c.Register: Guest._register,
    c.Auth: Guest._auth,
    c.RoomMessage: Guest._room_message,
    c.PrivateMessage: Guest._private_message,
    c.ChangePassword: Guest._change_password,
    c.GetToken: Guest._get_token,
    c.LogOut: Guest._log_out,
}
