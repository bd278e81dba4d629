"""A server of RIFT in memory, which can be cut at any frame; and ways to ask a session what it told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from minechat.client.session import Heard, Message, Session, SessionEvent, Skipped
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.frames import encode, parse

PASSWORD, SESSION = "correct horse", "session-of-before"

#: Is asked before each reply goes out whether the connection is cut in its place.
Cut = Callable[[c.Command | None, r.Reply], bool]


@dataclass(eq=False)
class Guest:
    socket: ServerConnection
    name: str = ""
    out: asyncio.Queue[r.Reply | None] = field(default_factory=asyncio.Queue)


@dataclass
class Chat:
    """What outlives a restart: rooms with their messages, whose index is the number less one.

    :ivar cut: cuts connections; None never
    :ivar asked: every command, in order
    """

    rooms: dict[str, list[r.Entry]] = field(default_factory=lambda: {"general": []})
    conversations: dict[str, list[r.Entry]] = field(default_factory=dict)
    cut: Cut | None = None
    page: int = 100
    asked: list[c.Command] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    port: int = 0
    answers: dict[type[c.Command], Callable[[c.Command], r.Reply | None]] = field(default_factory=dict)
    _server: Server | None = None

    async def start(self) -> None:
        self._server = await serve(self._visit, "127.0.0.1", self.port, close_timeout=0.1, ping_interval=None)
        self.port = next(iter(self._server.sockets)).getsockname()[1]

    async def stop(self, word: r.Reply | None = None) -> None:
        """Ends all connections, with a last word if there is one; nobody can come before ``start``."""
        assert self._server is not None
        for guest in list(self.guests):
            if word is not None:
                await guest.socket.send(encode(word), text=True)
            guest.socket.transport.close() if word else guest.socket.transport.abort()
        self._server.close(close_connections=False)
        await self._server.wait_closed()

    def kick_all(self) -> None:
        for guest in list(self.guests):
            guest.socket.transport.abort()

    def say(self, room: str, text: str, by: str = "Eva", key: str | None = None) -> r.Entry:
        """Somebody says something; everybody but the one connection that has said it hears it."""
        messages = self.rooms[room]
        one = r.Entry(username=by, text=text, seq=len(messages) + 1, time=1.0, room=room, id=key)
        messages.append(one)
        for guest in self.guests:
            if guest.name and not (key and guest.name == by):
                guest.out.put_nowait(
                    r.NewMessage(username=by, text=text, room=room, seq=one.seq, time=1.0, id=key)
                )
        return one

    async def _visit(self, socket: ServerConnection) -> None:
        guest = Guest(socket)
        self.guests.append(guest)
        writer = asyncio.create_task(self._write(guest))
        try:
            with suppress(ConnectionClosed):
                async for frame in socket:
                    if await self._judged(guest, parse(frame)):
                        return
        finally:
            self.guests.remove(guest)
            writer.cancel()

    async def _judged(self, guest: Guest, command: c.Command) -> bool:
        """Answers a command; whether that was the last one of this connection."""
        self.asked.append(command)
        reply = self._answer(guest, command)
        if reply is None:
            return False
        if self.cut is not None and self.cut(command, reply):
            guest.socket.transport.abort()
            return True
        if isinstance(reply, r.AuthFail):
            await guest.socket.send(encode(reply), text=True)
            return True
        guest.out.put_nowait(reply)
        return False

    async def _write(self, guest: Guest) -> None:
        while (reply := await guest.out.get()) is not None:
            if self.cut is not None and reply.id is None and self.cut(None, reply):
                guest.socket.transport.abort()
                return
            await guest.socket.send(encode(reply), text=True)

    def _answer(self, guest: Guest, command: c.Command) -> r.Reply | None:
        if (answer := self.answers.get(type(command))) is not None:
            reply = answer(command)
        elif isinstance(command, c.Auth):
            reply = self._let_in(guest, command)
        elif isinstance(command, c.RoomMessage):
            reply = self._store(guest, command)
        elif isinstance(command, c.GetHistory):
            reply = self.history(command)
        else:
            reply = self._plain(command)
        return None if reply is None else replace(reply, id=command.id)

    def _let_in(self, guest: Guest, command: c.Auth) -> r.Reply:
        if command.session != SESSION and command.password != PASSWORD:
            return r.AuthFail(error="nobody has this name and this password", code="wrong_password")
        guest.name = "Anna"
        session = SESSION if command.session is None else None
        return r.AuthSuccess(username="Anna", session=session, has_password=True)

    def _plain(self, command: c.Command) -> r.Reply:
        if isinstance(command, c.GetOnlineUsers):
            return r.OnlineUsers(users=("Anna", "Eva"))
        if isinstance(command, c.ListRooms):
            return r.RoomList(rooms=tuple(self._info(room) for room in self.rooms))
        if isinstance(command, c.GetConversations):
            found = [
                r.Conversation(username=who, last=len(said), time=1.0)
                for who, said in self.conversations.items()
            ]
            return r.Conversations(conversations=tuple(found))
        if isinstance(command, c.JoinRoom):
            self.rooms.setdefault(command.room, [])
            return r.Room(info=self._info(command.room))
        return r.RegisterSuccess(message="hello") if isinstance(command, c.Register) else r.Done()

    def _info(self, room: str) -> r.RoomInfo:
        last = len(self.rooms[room])
        return r.RoomInfo(room=room, topic="", invite_only=False, members=2, role="member", last=last)

    def _store(self, guest: Guest, command: c.RoomMessage) -> r.Reply:
        found = next((one for one in self.rooms[command.room] if one.id == command.id), None)
        one = found or self.say(command.room, command.text, guest.name, command.id)
        return r.MessageStored(room=command.room, seq=one.seq, time=one.time)

    def history(self, command: c.GetHistory) -> r.Reply:
        """A page of what was said."""
        messages = self.rooms[command.room] if command.room else self.conversations[command.user or ""]
        most = min(command.limit, self.page)
        if command.after is not None:
            found = [one for one in messages if one.seq > command.after]
            page, more = found[:most], len(found) > most
        else:
            found = [one for one in messages if command.before is None or one.seq < command.before]
            page, more = found[-most:], len(found) > most
        return r.History(room=command.room, user=command.user, messages=tuple(page), more=more)


@asynccontextmanager
async def chat() -> AsyncIterator[Chat]:
    one = Chat()
    await one.start()
    try:
        yield one
    finally:
        one.kick_all()
        await one.stop()


class Told:
    """Reads what a session tells, as a screen does."""

    def __init__(self, session: Session) -> None:
        self.events: list[SessionEvent] = []
        self._session = session
        self._more = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    async def _read(self) -> None:
        async for event in self._session.events():
            self.events.append(event)
            self._more.set()

    @property
    def messages(self) -> list[Message]:
        heard = (event.messages for event in self.events if isinstance(event, Heard))
        return list(itertools.chain.from_iterable(heard))

    def numbers(self, place: str = "general") -> list[int | None]:
        return [message.seq for message in self.messages if message.place == place]

    @property
    def states(self) -> list[str]:
        return [state for event in self.events if (state := getattr(event, "state", None))]

    @property
    def skipped(self) -> list[Skipped]:
        return [event for event in self.events if isinstance(event, Skipped)]

    async def until(self, fact: Callable[[], object], within: float = 10.0) -> None:
        """Waits for a fact of what was told."""
        async with asyncio.timeout(within):
            while not fact():
                self._more.clear()
                await self._more.wait()

    async def close(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
