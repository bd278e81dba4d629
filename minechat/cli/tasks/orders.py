"""Giving an order: to the server that runs, over its admin socket, or to the database where none runs."""

import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from minechat import system
from minechat.cli.exits import UsageError
from minechat.cli.sentences import refused
from minechat.cli.tasks import sentences
from minechat.cli.typed_server import TaskOptions
from minechat.client.threads import in_daemon_thread
from minechat.errors import (
    ConnectionLost,
    InvalidInput,
    LocalError,
    MinechatError,
    NotStored,
    Refused,
    TimedOut,
    Unreachable,
)
from minechat.server import unix
from minechat.server.orders import ORDERS, obey, parse
from minechat.server.owner import Owner
from minechat.server.storage import SQLITE, open_storage

#: Seconds for an answer: longer than a server waits for another program that holds its database.
DEADLINE = 20.0
#: The longest answer that is taken.
ANSWER = 1 << 20

#: Gives one order by its name and fields; returns its answer.
Give = Callable[..., Awaitable[dict[str, Any]]]

_REFUSALS: dict[str, type[MinechatError]] = {"InvalidInput": InvalidInput, "NotStored": NotStored}


def socket_path(database: str, admin_socket: str | None) -> str | None:
    """Where the server of a database takes orders; None on systems without unix sockets."""
    if sys.platform == "win32":
        return None
    return admin_socket or database.removeprefix(SQLITE) + ".admin"


@asynccontextmanager
async def giving(options: TaskOptions) -> AsyncIterator[Give]:
    """A way to give orders: to a running server, else to its database, which stays locked meanwhile.

    :raises UsageError: there is neither, or the server does not take orders from this user
    :raises DatabaseUnusable: a server without an admin socket has it, or it cannot be opened
    """
    path = socket_path(options.database, options.admin_socket)
    if path is not None and await in_daemon_thread(_answers, path):
        yield _over(path)
        return
    if _is_missing(options.database):
        raise UsageError(sentences.nothing_here(options.origin("database")))
    async with open_storage(options.database, on_committed=lambda _: None) as storage:
        uid = os.geteuid() if hasattr(os, "geteuid") else None
        yield _directly(Owner(storage, user=await in_daemon_thread(system.user_name, uid)))


async def to_a_server(options: TaskOptions) -> Give:
    """A way to give the orders that only a running server can carry out.

    :raises UsageError: none runs, or it does not take orders from this user
    """
    path = socket_path(options.database, options.admin_socket)
    if path is None or not await in_daemon_thread(_answers, path):
        raise UsageError(sentences.NO_SERVER)
    return _over(path)


def _is_missing(database: str) -> bool:
    """Whether the file is not there, which opening would make."""
    file = database.removeprefix(SQLITE)
    return file != database and not os.path.lexists(file)


def _over(path: str) -> Give:
    async def give(name: str, **fields: Any) -> dict[str, Any]:
        line = json.dumps({"order": name, **fields}).encode() + b"\n"
        return await in_daemon_thread(_ask, path, line, ORDERS[name].changes)

    return give


def _directly(owner: Owner) -> Give:
    async def give(name: str, **fields: Any) -> dict[str, Any]:
        # Through the same checks as over the socket.
        return await obey(owner, *parse(json.dumps({"order": name, **fields}).encode()))

    return give


# In a thread: a wait there holds up neither the loop nor Ctrl-C.


def _answers(path: str) -> bool:
    """Whether a server takes orders there.

    :raises UsageError: one does, from others
    """
    try:
        with unix.connected(path, DEADLINE):
            return True
    except PermissionError as error:
        raise UsageError(sentences.unreachable(path, error.strerror or str(error))) from None
    except OSError:
        return False


def _ask(path: str, line: bytes, changes: bool) -> dict[str, Any]:
    try:
        with unix.connected(path, DEADLINE) as connection:
            return _taken(path, _answered(path, connection, line, changes))
    except OSError:
        raise Unreachable(sentences.gone(path, changes=changes)) from None


def _answered(path: str, connection: socket.socket, line: bytes, changes: bool) -> dict[str, Any]:
    try:
        # Whoever turns us away says why and leaves, perhaps before it has heard us.
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(line)
        with connection.makefile("rb") as answers:
            answer = answers.readline(ANSWER)
    except TimeoutError:
        raise TimedOut(sentences.silent(path, changes=changes)) from None
    except OSError:
        answer = b""
    if not answer.endswith(b"\n"):
        raise ConnectionLost(sentences.cut_off(path, changes=changes))
    taken: dict[str, Any] = json.loads(answer)
    return taken


def _taken(path: str, answer: dict[str, Any]) -> dict[str, Any]:
    if "ok" in answer:
        result: dict[str, Any] = answer["ok"]
        return result
    if answer.get("kind") == "Forbidden":
        raise UsageError(sentences.unreachable(path, str(answer["error"])))
    if answer.get("kind") == "Refused":
        again = answer.get("retry_after")
        raise Refused(refused(str(answer["error"]), again), again)
    raise _REFUSALS.get(str(answer.get("kind")), LocalError)(str(answer["error"]))
