"""The whole server: opened and taken down together, and dead when a part of it is dead."""

import asyncio
import os
from dataclasses import replace
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable
from minechat.server.app import running
from minechat.server.dialogues import load
from minechat.server.handle import Server
from minechat.server.settings import Settings
from minechat.server.storage import Stored
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

    def broken(self: Hub, person: object, text: str) -> asyncio.Future[Stored]:
        future: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_exception, failure)
        return future

    monkeypatch.setattr(Hub, "say", broken)
    with pytest.raises(type(failure)):
        async with asyncio.timeout(10), running(settings) as server:
            client, _, _ = await log_in(server.write_port, "Anna")
            client.send(b"one\n\n")
            await asyncio.Event().wait()
    assert await client.rest() == b""


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
