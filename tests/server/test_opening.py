"""Both doors, opened together and closed in order."""

import asyncio
import json
from dataclasses import replace

import pytest
from websockets.asyncio.client import connect

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


async def test_at_the_end_clients_of_rift_are_told_to_go(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        url = f"ws://127.0.0.1:{server.rift_port}/"
        clients = [await connect(url) for _ in range(3)]
        await clients[0].send("{")
        assert "auth_fail" in str(await clients[0].recv())
        assert server.connections().keys() == {"read", "write", "rift"}
    for client in clients:
        await client.wait_closed()
    assert [client.close_code for client in clients] == [1000, 1001, 1001]
    with pytest.raises(ConnectionRefusedError):
        await connect(url)


async def test_what_is_said_on_one_port_is_heard_on_the_others(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        reader = await raw(server.read_port)
        speaker, nickname, _ = await log_in(server.write_port, "Anna")
        async with connect(f"ws://127.0.0.1:{server.rift_port}/") as ws:
            who = {"username": "Max", "password": "correct horse 12"}
            for word, answer in (("register", "register_success"), ("auth", "auth_success")):
                await ws.send(json.dumps({"type": word, "payload": who}))
                assert json.loads(await ws.recv())["type"] == answer
            speaker.send(b"from Anna\n\n")
            heard = json.loads(await ws.recv())
            assert (heard["type"], heard["payload"]["text"]) == ("new_message", "from Anna")
            await ws.send(json.dumps({"type": "room_message", "payload": {"text": "from Max"}}))
            assert await reader.lines(2) == [f"{nickname}: from Anna\n".encode(), b"Max: from Max\n"]
