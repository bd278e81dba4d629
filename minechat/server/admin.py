"""The admin socket: the owner's orders, one JSON object a line, from this user or root and nobody else."""

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from minechat import system
from minechat.errors import InvalidInput, MinechatError, NotStored, Refused
from minechat.server import unix
from minechat.server.log import event
from minechat.server.orders import obey, parse
from minechat.server.owner import Owner

#: Bytes of an order or an answer, the newline included.
LINE = 64 * 1024
#: Seconds for each line to come, and for each answer to be taken.
DEADLINE = 10.0
#: Connections at one time.
MOST = 8
#: Seconds for orders under way when the server stops.
GRACE = 1.0


def may_order(uid: int | None) -> bool:
    """Whether a user may give orders: the one this server runs as, and root.

    Where the system does not tell who calls, the mode of the socket's file has to do.
    """
    return uid is None or not hasattr(os, "geteuid") or uid in (0, os.geteuid())


class Admin:
    """The talks on the admin socket, each in a task of its own."""

    def __init__(self, owner: Owner, tasks: asyncio.TaskGroup, deadline: float = DEADLINE) -> None:
        self._owner = owner
        self._tasks = tasks
        self._deadline = deadline
        self._talks: set[asyncio.Task[None]] = set()
        self._waiting: set[asyncio.Task[None]] = set()
        self._stopping = False

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes a connection, or tells it why not."""
        uid = unix.peer_uid(writer.get_extra_info("socket"))
        problem = self._problem(uid)
        if problem is not None:
            writer.write(_line(problem))
            writer.close()
            return
        task = self._tasks.create_task(self._talk(reader, writer, uid))
        self._talks.add(task)
        task.add_done_callback(self._talks.discard)

    def _problem(self, uid: int | None) -> dict[str, Any] | None:
        if not may_order(uid):
            event("order_forbidden", uid=-1 if uid is None else uid)
            words = "only the user this server runs as and root may give orders"
            return {"error": words, "kind": "Forbidden"}
        if self._stopping or len(self._talks) >= MOST:
            words = "the server is stopping" if self._stopping else "too many give orders at once"
            # By then a talk in which nobody says anything has ended.
            return {"error": words, "kind": "Refused", "retry_after": self._deadline}
        return None

    async def stop(self) -> None:
        """Takes no more orders; those under way have a little time."""
        self._stopping = True
        for task in self._waiting:
            task.cancel()
        if self._talks:
            _, late = await asyncio.wait(list(self._talks), timeout=GRACE)
            for task in late:
                task.cancel()

    async def _talk(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, uid: int | None
    ) -> None:
        try:
            # In a thread: a directory of users may be far away.
            owner = self._owner.ordered_by(await asyncio.to_thread(system.user_name, uid))
            while await self._turn(owner, reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError):
            pass  # whoever ordered has left, or takes no answer
        finally:
            writer.close()

    async def _turn(self, owner: Owner, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One order and its answer; False when there can be no other on this connection."""
        try:
            answer, goes_on = await self._obeyed(owner, await self._next(reader)), True
        except asyncio.LimitOverrunError:
            answer, goes_on = _error(InvalidInput(f"an order is a line of at most {LINE} bytes")), False
        writer.write(_line(answer))
        try:
            async with asyncio.timeout(self._deadline):
                await writer.drain()
        except TimeoutError:
            writer.transport.abort()
        return goes_on and not self._stopping

    async def _next(self, reader: asyncio.StreamReader) -> bytes:
        """The next line; when the server stops, the task that waits for it is cancelled.

        :raises TimeoutError: none comes, which is an OSError here as everywhere
        """
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task)
        try:
            async with asyncio.timeout(self._deadline):
                return await reader.readuntil(b"\n")
        finally:
            self._waiting.discard(task)

    async def _obeyed(self, owner: Owner, line: bytes) -> dict[str, Any]:
        try:
            name, fields = parse(line)
            return {"ok": await obey(owner, name, fields)}
        except (InvalidInput, NotStored, Refused) as refused:
            return _error(refused)


@contextmanager
def admin_socket(path: str | None) -> Iterator[socket.socket | None]:
    """The socket for the owner's orders, which wait in it until ``obeying``; None where none is wanted.

    :raises AddressUnusable: it cannot be opened there
    """
    if path is None or sys.platform == "win32":
        yield None
        return
    if unix.is_open_to_all(os.path.dirname(path) or os.curdir):
        # The socket is safe there all the same: each end asks the system who the other is.
        event("admin_folder_open_to_all", logging.WARNING, path=path)
    with unix.listening(path) as listener:
        yield listener


@asynccontextmanager
async def obeying(
    listener: socket.socket | None, owner: Owner, tasks: asyncio.TaskGroup, deadline: float = DEADLINE
) -> AsyncIterator[None]:
    """Takes the owner's orders as long as the block runs.

    :param listener: from ``admin_socket``; None takes none
    :param deadline: seconds for each line to come, and for each answer to be taken
    """
    if listener is None or sys.platform == "win32":
        yield
        return
    admin = Admin(owner, tasks, deadline)
    server = await asyncio.start_unix_server(admin.connected, sock=listener, limit=LINE)
    try:
        yield
    finally:
        server.close()
        await admin.stop()


def _error(error: MinechatError) -> dict[str, Any]:
    told: dict[str, Any] = {"error": str(error), "kind": type(error).__name__}
    if isinstance(error, Refused):
        told["retry_after"] = error.retry_after
    return told


def _line(answer: dict[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
