"""Clients of the speak port that are logged in, for criteria about what they say."""

import asyncio
import json

from tests.server.raw import Raw


async def member(port: int, nick: str = "Anna") -> tuple[Raw, bytes]:
    """A client that is logged in, and its token."""
    client = Raw(*await asyncio.open_connection("127.0.0.1", port))
    client.send(f"\n{nick}\n".encode())
    account = {}
    while not (line := await client.line()).startswith(b"Welcome"):
        assert line, "sent away in its login"
        if line.startswith(b"{"):
            account = json.loads(line)
    return client, account["account_hash"].encode()
