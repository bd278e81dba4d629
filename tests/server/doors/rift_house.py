"""A real server and its clients in a loop of their own, which somebody who does not know of loops drives."""

import asyncio
import json
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from websockets.exceptions import ConnectionClosed

from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.frames import parse_reply
from minechat.protocol.rift.reply_table import BY_WORD
from minechat.protocol.rift.shape import Unknown
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.server.doors.rift_client import DEADLINE, Frame, Rift
from tests.server.doors.rift_world import Expected, Seat
from tests.server.sockets import until

Result = TypeVar("Result")

#: Connections of one account; the oldest gives way.
SESSIONS = 3
LIMITS = replace(PROFILES["off"], sessions=SESSIONS)
#: What is told unasked, and the feature without which it is not. One answers requests as well.
EVENTS = {"new_message", "private_message", "private_message_sent", "presence", "room_event"}
#: Those that a model knows the whole of.
HEARD = {"new_message", "private_message", "private_message_sent"}
#: Codes of the close frame: after an answer that ends the talk, and behind an error.
DONE, AGAINST_THE_RULES = 1000, 1008


class House:
    """One server with a database of its own in an empty folder, and connections to it.

    :ivar seen: what was answered, by command and answer
    """

    def __init__(self, folder: Path, seen: Counter[tuple[str, str]]) -> None:
        self.seen = seen
        self._runner = asyncio.Runner()
        self._sockets: dict[Seat, Rift] = {}
        self._heard: dict[Seat, list[tuple[str, dict[str, Any]]]] = {}
        self._stopped = asyncio.Event()
        self._settings = Settings(
            read_port=0, write_port=0, rift_port=0, database=f"sqlite:///{folder}/a.db", limits=LIMITS
        )
        self._server = self.run(self._begin())

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return self._runner.run(work)

    async def _begin(self) -> Server:
        started = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._serve(started))
        await asyncio.wait((started, self._task), return_when=asyncio.FIRST_COMPLETED)
        server: Server = started.result() if started.done() else self._task.result()
        return server

    async def _serve(self, started: asyncio.Future[Server]) -> None:
        async with running(self._settings) as server:
            started.set_result(server)
            await self._stopped.wait()

    def check(self) -> None:
        """:raises AssertionError: the server has failed"""
        assert not self._task.done(), f"the server ended: {self._task.exception()!r}"

    def close(self) -> None:
        """Whatever has become of it."""
        with suppress(Exception):
            self.run(self._end())
        self._runner.close()

    async def _end(self) -> None:
        for client in self._sockets.values():
            client.socket.transport.abort()
        self._stopped.set()
        await self._task

    # Connections.

    @property
    def seats(self) -> list[Seat]:
        """Connections that are open, the oldest first."""
        return list(self._sockets)

    async def open(self) -> Seat:
        assert self._server.rift_port is not None
        seat = Seat()
        self._sockets[seat] = await Rift.open(self._server.rift_port)
        self._heard[seat] = []
        return seat

    async def leave(self, seat: Seat, how: str) -> None:
        """A client goes, or is sent away for what it sends; returns when the server knows."""
        socket = self._sockets[seat].socket
        if how == "abort":
            socket.transport.abort()
        elif how == "close":
            await socket.close()
        else:
            await socket.send(b"{}" if how == "binary" else "x" * 70_000)
            await self._closed(seat, 1003 if how == "binary" else 1009)
            return
        await self._forget(seat)

    async def _forget(self, seat: Seat) -> None:
        client = self._sockets.pop(seat)
        await client.socket.wait_closed()
        await until(lambda: self._server.connections()["rift"] <= len(self._sockets))

    async def _closed(self, seat: Seat, code: int) -> None:
        """The server closes this connection, after nothing but what was due."""
        try:
            frame = await self._next(seat, None)
        except ConnectionClosed as end:
            assert end.rcvd is not None and end.rcvd.code == code, f"closed by {end}, not {code}"
            self._has_heard(seat)
            await self._forget(seat)
            return
        raise AssertionError(f"{frame} and not the end")

    # Requests.

    async def exchange(self, seat: Seat, word: str, text: str, expected: Expected) -> None:
        """One frame and what must follow it.

        :param word: what is counted as asked
        """
        client = self._sockets[seat]
        await client.socket.send(text)
        try:
            await self._answered(seat, word, expected)
            for other, code in expected.ended.items():
                frame = await self._next(other, None)
                assert frame["type"] == "error" and frame["payload"]["code"] == code, f"{frame}, not {code}"
                await self._closed(other, AGAINST_THE_RULES)
            if expected.closes:
                await self._closed(seat, DONE)
        except ConnectionClosed as end:
            raise AssertionError(f"{word} was answered by the end of a connection: {end}") from end
        except TimeoutError:
            raise AssertionError(f"{word} was answered by nothing in {DEADLINE:g} s") from None

    async def _answered(self, seat: Seat, word: str, expected: Expected) -> None:
        if not expected.kind:
            # What is stored may be answered by nothing: then what comes next answers the next question.
            await self._sockets[seat].send("get_online_users", id="fence")
            frame = await self._next(seat, "fence")
            assert frame["type"] == "online_users", f"{word}: {frame}, and nothing was to come"
            self.seen[word, "nothing"] += 1
        else:
            frame = await self._next(seat, expected.request)
            payload = frame["payload"]
            answer = payload.get("code", frame["type"])
            self.seen[word, answer] += 1
            assert (frame["type"], payload.get("code", "")) == (expected.kind, expected.code), (
                f"{word}: {frame}, not {expected.kind} {expected.code}"
            )
            assert payload.get("id") == expected.request, f"{word}: {frame}, not for {expected.request}"
            expected.check(payload)
        self._has_heard(seat)

    async def _next(self, seat: Seat, request: str | None) -> Frame:
        """The next frame that answers something; what is told unasked is put aside."""
        while True:
            frame = await self._frame(seat)
            kind, payload = frame["type"], frame["payload"]
            is_answer = kind == "private_message_sent" and request is not None and self._has_all(seat)
            if kind not in EVENTS or (is_answer and payload.get("id") == request):
                return frame
            feature = BY_WORD[kind].feature
            assert feature is None or feature in seat.features, f"nobody asked for {frame}"
            if kind in HEARD:
                rest = {key: value for key, value in payload.items() if key != "time"}
                self._heard[seat].append((kind, {"id": None, **rest}))

    async def _frame(self, seat: Seat) -> Frame:
        async with asyncio.timeout(DEADLINE):
            text = await self._sockets[seat].socket.recv()
        assert not isinstance(parse_reply(text), Unknown), f"no document knows {text!r}"
        frame: Frame = {"payload": {}, **json.loads(text)}
        code = frame["payload"].get("code", "")
        assert not code or (code in CODES and code != "internal"), f"a mistake of the server: {frame}"
        return frame

    def _has_all(self, seat: Seat) -> bool:
        """Whether all that was due has come: until then nothing is an answer that can be told unasked.

        Another connection of the same person may have said something under the very id that is asked with.
        """
        return len(self._heard[seat]) >= len(seat.due)

    def _has_heard(self, seat: Seat) -> None:
        """Each message that was said to somebody came once, in order, and nothing else did."""
        heard, self._heard[seat] = self._heard[seat], []
        due, seat.due = seat.due, []
        assert heard == due, f"heard {heard} and not {due}"


def frame_of(word: str, payload: dict[str, Any]) -> str:
    return json.dumps({"type": word, "payload": payload})
