"""A client of RIFT for tests: frames as plain JSON over the library's WebSocket, no code of ours."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

DEADLINE = 20.0
PASSWORD = "correct horse"
ALL = ("acks", "rooms", "presence", "sessions")
#: Without what others do at any time.
QUIET = ("acks", "rooms", "sessions")
Frame = dict[str, Any]
#: Of all clients: a message bears its sender's.
IDS = itertools.count(1)


class Rift:
    """One connection, with a deadline on every wait.

    :ivar events: frames that answered nothing, in their order
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.events: list[Frame] = []

    @classmethod
    async def open(cls, port: int) -> "Rift":
        """For a test whose connection is closed by the server."""
        return cls(
            await connect(f"ws://127.0.0.1:{port}", compression=None, close_timeout=5.0, max_queue=None)
        )

    async def send(self, word: str, **payload: Any) -> None:
        await self.socket.send(json.dumps({"type": word, "payload": payload}))

    async def receive(self) -> Frame:
        """The next frame, whatever it is."""
        async with asyncio.timeout(DEADLINE):
            frame: Frame = json.loads(await self.socket.recv())
        return frame

    async def ask(self, word: str, **payload: Any) -> Frame:
        """The answer to a request."""
        request = f"request {next(IDS)}"
        await self.send(word, id=request, **payload)
        while True:
            frame = await self.receive()
            if frame.get("payload", {}).get("id") == request:
                return frame
            self.events.append(frame)

    async def done(self, word: str, **payload: Any) -> Frame:
        """The payload of the answer to a request that must be carried out."""
        frame = await self.ask(word, **payload)
        assert frame["type"] != "error", frame
        found: Frame = frame["payload"]
        return found

    async def refused(self, word: str, **payload: Any) -> str:
        """The code of the refusal of a request that must not be carried out."""
        frame = await self.ask(word, **payload)
        assert frame["type"] == "error", frame
        code: str = frame["payload"]["code"]
        return code

    async def event(self, word: str) -> Frame:
        """The payload of the next event of this type; those before it are passed over."""
        while True:
            while self.events:
                frame = self.events.pop(0)
                if frame["type"] == word:
                    return frame.get("payload", {})  # type: ignore[no-any-return]
            self.events.append(await self.receive())

    async def settled(self) -> list[Frame]:
        """All events that were told before the answer to a request made now, each once."""
        await self.ask("get_online_users")
        events, self.events = self.events, []
        return events

    async def log_in(self, name: str, *features: str, password: str = PASSWORD) -> Frame:
        await self.send("auth", username=name, password=password, features=list(features))
        frame = await self.receive()
        assert frame["type"] == "auth_success", frame
        return frame.get("payload", {})  # type: ignore[no-any-return]

    async def register(self, name: str, password: str = PASSWORD) -> None:
        await self.send("register", username=name, password=password)
        frame = await self.receive()
        assert frame["type"] == "register_success", frame

    async def closed(self) -> tuple[list[Frame], int | None]:
        """What comes until the server closes, and the code of its close frame."""
        rest = []
        try:
            while True:
                rest.append(await self.receive())
        except ConnectionClosed as end:
            return rest, end.rcvd.code if end.rcvd else None


@asynccontextmanager
async def rift(port: int) -> AsyncIterator[Rift]:
    """A connection that has said nothing yet."""
    async with connect(
        f"ws://127.0.0.1:{port}", compression=None, close_timeout=5.0, max_queue=None
    ) as socket:
        yield Rift(socket)


@asynccontextmanager
async def member(port: int, name: str, *features: str, new: bool = True) -> AsyncIterator[Rift]:
    """A connection of somebody who has logged in; with a new account unless that is there already."""
    async with rift(port) as client:
        if new:
            await client.register(name)
        await client.log_in(name, *features)
        yield client
