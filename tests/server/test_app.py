"""The whole server: opened and taken down together, and dead when a part of it is dead."""

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from minechat.errors import AddressUnusable, DatabaseUnusable
from minechat.server.app import Server, running
from minechat.server.dialogues import load
from minechat.server.settings import PROFILES, Settings
from tests.server.raw import SENT, log_in, raw


async def test_tokens_and_messages_survive_a_restart(settings: Settings) -> None:
    async with running(settings) as server:
        client, nickname, token = await log_in(server.write_port, "Вася")
        client.send(b"kept\n\n")
        assert await client.line() == SENT
    async with running(settings) as server:
        client = await raw(server.write_port)
        client.send(token.encode() + b"\n")
        await client.line()
        assert await client.account() == {"nickname": nickname, "account_hash": token}


@pytest.mark.parametrize("taken", ["read_port", "write_port"])
async def test_a_taken_port_is_told_and_the_other_is_given_back(settings: Settings, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as spare:
        free = spare.getsockname()[1]
        spare.close()
        ports = {"read_port": free, "write_port": free, taken: other.getsockname()[1]}
        with pytest.raises(AddressUnusable, match=str(other.getsockname()[1])):
            async with running(replace(settings, **ports)):
                pass
        with socket.create_server(("127.0.0.1", free)):
            pass


async def test_an_address_of_another_machine_is_told(settings: Settings) -> None:
    with pytest.raises(AddressUnusable, match=r"192\.0\.2\.1"):
        async with running(replace(settings, host="192.0.2.1")):
            pass


async def test_a_second_server_on_the_database_is_refused(settings: Settings, server: Server) -> None:
    with pytest.raises(DatabaseUnusable):
        async with running(settings):
            pass


async def test_when_a_part_dies_the_whole_server_ends(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnusable, match="removed or replaced"):
        async with asyncio.timeout(10), running(settings) as server:
            client, _, _ = await log_in(server.write_port, "Anna")
            os.rename(tmp_path / "chat.db", tmp_path / "gone.db")
            client.send(b"lost\n\n")
            await asyncio.Event().wait()


async def test_a_bug_in_a_visit_ends_the_server_rather_than_leave_it_deaf(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from minechat.server.doors.speech import Speech

    def broken(self: Speech, text: str) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Speech, "say", broken)
    with pytest.raises(ZeroDivisionError):
        async with asyncio.timeout(10), running(settings) as server:
            client, _, _ = await log_in(server.write_port, "Anna")
            client.send(b"\n")
            await asyncio.Event().wait()


@pytest.mark.parametrize("failure", [ZeroDivisionError(), DatabaseUnusable("a commit failed half-way")])
async def test_a_bug_or_an_unknown_outcome_behind_an_answer_ends_the_server_without_an_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    from minechat.server.hub import Hub

    def broken(self: Hub, person: object, text: str) -> asyncio.Future[int]:
        future: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, failure)
        return future

    monkeypatch.setattr(Hub, "say", broken)
    with pytest.raises(type(failure)):
        async with asyncio.timeout(10), running(settings) as server:
            client, _, _ = await log_in(server.write_port, "Anna")
            client.send(b"one\n\n")
            await asyncio.Event().wait()
    assert await client.rest() == b""


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


async def test_characters_keep_the_chat_alive_and_answer(settings: Settings) -> None:
    async with running(replace(settings, characters=True)) as server:
        reader = await raw(server.read_port)
        nick = (await reader.line()).decode().partition(": ")[0]
        client, nickname, _ = await log_in(server.write_port, "Вася")
        client.send(f"{nick}, hello!\n\n".encode())
        own = nickname.partition(" ")[2]
        answers = {
            f"{reply.who}: {text.replace('{name}', own)}\n"
            for script in load()
            for reply in script.replies
            if reply.who == nick
            for text in reply.say
        }
        async with asyncio.timeout(10):
            while (await reader.line()).decode() not in answers:
                pass
