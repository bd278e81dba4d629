"""Raw clients of the two ports, as people in the wild write them: no code of ours but the socket."""

import asyncio
import contextlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass

GREETING = b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n"
NICKNAME = b"Enter preferred nickname below:\n"
WELCOME = b"Welcome to chat! Post your message below. End it with an empty line.\n"
SENT = b"Message send. Write more, end message with an empty line.\n"
DEADLINE = 10.0


@dataclass
class Raw:
    """One connection, with a deadline on every wait."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def line(self) -> bytes:
        return await asyncio.wait_for(self.reader.readline(), DEADLINE)

    async def lines(self, count: int) -> list[bytes]:
        return [await self.line() for _ in range(count)]

    async def rest(self) -> bytes:
        try:
            return await asyncio.wait_for(self.reader.read(), DEADLINE)
        except ConnectionResetError:
            return b""

    async def account(self) -> dict[str, str]:
        record = json.loads(await self.line())
        assert isinstance(record, dict)
        return record

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def close(self) -> None:
        self.writer.close()
        with contextlib.suppress(ConnectionError, TimeoutError):
            await asyncio.wait_for(self.writer.wait_closed(), DEADLINE)


#: Every connection a test opened, so that one fixture can close them all.
opened: list[Raw] = []


async def raw(port: int) -> Raw:
    client = Raw(*await asyncio.open_connection("127.0.0.1", port))
    opened.append(client)
    return client


async def log_in(port: int, nick: str) -> tuple[Raw, str, str]:
    """A registered, logged-in connection, its decorated nickname and its token."""
    client = await raw(port)
    assert await client.line() == GREETING
    client.send(b"\n")
    assert await client.line() == NICKNAME
    client.send(nick.encode() + b"\n")
    account = await client.account()
    assert await client.line() == WELCOME
    return client, account["nickname"], account["account_hash"]


def ports_told(told: Iterable[str]) -> list[int]:
    """The listen port, the speak port and that of RIFT of a server that starts, from what it tells."""
    line = next(line for line in told if line.startswith("listening on "))
    return [int(port) for port in re.findall(r"port (\d+)", line)]
