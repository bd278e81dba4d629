"""Both doors, opened together and closed in order."""

import asyncio
from dataclasses import replace

import pytest

from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings
from tests.server.raw import SENT, log_in, raw


async def test_a_stopping_server_refuses_in_words_what_still_waits_for_its_budget(settings: Settings) -> None:
    async with running(replace(settings, limits=PROFILES["default"])) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        client.send(b"one\n\n" * 10)
        assert await client.lines(5) == [SENT] * 5
    answers = (await client.rest()).splitlines(keepends=True)
    refused = b"Message not sent: the server is stopping. Try again in 5 s.\n"
    assert set(answers) <= {SENT, refused}
    assert answers.count(refused) >= 4  # one may have had its turn before the stop
    assert len(answers) == 5


async def test_who_listens_hears_what_was_said_last_and_then_nobody_is_let_in(settings: Settings) -> None:
    async with running(settings) as server:
        reader = await raw(server.read_port)
        client, nickname, _ = await log_in(server.write_port, "Anna")
        client.send(b"the last words\n\n")
        assert await client.line() == SENT
    assert (await reader.rest()).decode() == f"{nickname}: the last words\n"
    assert not server.doors_open
    for port in (server.read_port, server.write_port):
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
