"""The sockets of the speak port: what a client leaves unread does not keep its place for ever."""

import asyncio

import pytest

from minechat.server.doors import visitors
from minechat.server.doors.visitors import SpeakDoor
from minechat.server.handle import Server
from tests.server.raw import GREETING, raw
from tests.server.sockets import until


async def test_who_does_not_take_its_last_answers_is_cut_off_in_the_end(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    doors: list[SpeakDoor] = []
    entered = SpeakDoor.entered

    def remember(self: SpeakDoor, transport: asyncio.Transport, source: str) -> None:
        doors.append(self)
        entered(self, transport, source)

    monkeypatch.setattr(SpeakDoor, "entered", remember)
    monkeypatch.setattr(visitors, "LAST_ANSWERS", 0.05)
    client = await raw(server.write_port)
    assert await client.line() == GREETING
    doors[0].write(bytes(16 << 20))  # more than the kernels between us hold
    doors[0].close()
    assert server.connections()["write"] == 1
    await until(lambda: server.connections()["write"] == 0)
