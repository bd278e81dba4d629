"""The two-socket chat as one session: hears, speaks, keeps and shows what it kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from minechat.client.history import history
from minechat.client.lines import Kept, LineSession, line_session
from minechat.client.listen import State
from minechat.client.session import GENERAL, Place, PlacesChanged, StateChanged
from minechat.client.speak import speaking
from minechat.errors import (
    ConnectionLost,
    EmptyMessage,
    InvalidInput,
    OutcomeUnknown,
    UnknownToken,
)
from minechat.events import Lost
from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings
from tests.client.rift_stage import Told

pytestmark = pytest.mark.usefixtures("quiet")
STAMP = "%d.%m.%Y %H:%M"


class Server:
    """A real server that can be stopped and started again on the same ports."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: Any = None
        self.read_port = self.write_port = 0

    async def start(self) -> None:
        settings = Settings(
            read_port=self.read_port,
            write_port=self.write_port,
            database=f"sqlite:///{self._folder}/chat.db",
            limits=PROFILES["off"],
        )
        self._running = running(settings)
        server = await self._running.__aenter__()
        self.read_port, self.write_port = server.read_port, server.write_port

    async def stop(self) -> None:
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
            self._running = None


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    one = Server(tmp_path)
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def token(server: Server) -> str:
    async with speaking("127.0.0.1", server.write_port) as speaker:
        return (await speaker.register("Anna")).token


def seconds(stamp: str) -> float | None:
    try:
        return datetime.strptime(stamp, STAMP).timestamp()
    except ValueError:
        return None


def gap(state: State) -> str | None:
    return "connection lost" if isinstance(state, Lost) else None


@asynccontextmanager
async def kept(path: Path) -> AsyncIterator[Kept]:
    def stamp() -> str:
        return "22.11.2026 14:05"

    async with history(str(path), warn=print, stamp=stamp) as file:
        yield Kept(file, str(path), stamp, gap, seconds)


@asynccontextmanager
async def session(server: Server, token: str | None, **terms: Any) -> AsyncIterator[tuple[LineSession, Told]]:
    terms = {"delays": lambda: repeat(0.02), **terms}
    async with line_session("127.0.0.1", server.read_port, server.write_port, token, **terms) as one:
        told = Told(one)
        try:
            yield one, told
        finally:
            await told.close()


def states(told: Told, link: str) -> list[str]:
    return [event.state for event in told.events if isinstance(event, StateChanged) and event.link == link]


async def connected(told: Told, times: int = 1) -> None:
    await told.until(
        lambda: all(states(told, link).count("connected") == times for link in ("listen", "speak"))
    )


async def test_what_is_said_comes_back_as_ours_once(server: Server, token: str) -> None:
    async with session(server, token) as (one, told):
        await connected(told)
        said = await one.say(GENERAL, "hello\nall")
        await told.until(lambda: told.messages)
        async with speaking("127.0.0.1", server.write_port) as other:
            await other.register("Oleg")
            await other.say("hi \x1b[31m")
        await told.until(lambda: len(told.messages) == 2)
    assert one.nickname.endswith(" Anna")
    assert [(m.text, m.mine, m.seq) for m in told.messages] == [
        ("hello all", True, None),
        ("hi ␛[31m", False, None),
    ]
    assert (said.text, said.mine, said.nick) == ("hello\nall", True, one.nickname)
    assert PlacesChanged(places=(Place(name=GENERAL),)) in told.events
    assert one.abilities == {"history"}


async def test_both_connections_come_back_by_themselves(server: Server, token: str) -> None:
    async with session(server, token) as (one, told):
        await connected(told)
        await server.stop()
        await told.until(lambda: {"lost"} <= set(states(told, "speak")) & set(states(told, "listen")))
        with pytest.raises(ConnectionLost, match="nothing was sent"):
            await one.say(GENERAL, "hello")
        await server.start()
        await connected(told, 2)
        await one.say(GENERAL, "again")
        await told.until(lambda: told.messages)
    for link in ("listen", "speak"):
        told_states = states(told, link)
        assert told_states[:4] == ["connecting", "connected", "lost", "waiting"]


async def test_a_token_that_nobody_has_ends_the_speaking_and_not_the_hearing(server: Server) -> None:
    async with session(server, "5ec2e700-0000-4000-8000-000000000001") as (one, told):
        await told.until(lambda: states(told, "speak") == ["connecting", "ended"])
        with pytest.raises(UnknownToken):
            await one.say(GENERAL, "hello")
        await told.until(lambda: "connected" in states(told, "listen"))
        assert one.failure is None


async def test_without_a_token_one_listens(server: Server) -> None:
    async with session(server, None) as (one, told):
        await told.until(lambda: states(told, "speak") == ["ended"])
        with pytest.raises(UnknownToken, match="register"):
            await one.say(GENERAL, "hello")


async def test_what_cannot_be_said_is_refused_before_it_leaves(server: Server, token: str) -> None:
    async with session(server, token) as (one, told):
        await connected(told)
        for place, text, kind in (
            ("tech", "x", InvalidInput),
            ("@Eva", "x", InvalidInput),
            (GENERAL, " ", EmptyMessage),
        ):
            with pytest.raises(kind):
                await one.say(place, text)
        with pytest.raises(InvalidInput):
            await one.order("kick", room=GENERAL, username="Eva")
        await one.say(GENERAL, "still there")


async def test_a_host_that_is_none_ends_the_session(server: Server, token: str) -> None:
    terms = {"delays": lambda: repeat(0.02)}
    async with line_session("nowhere.invalid", 1, 2, token, **terms) as one:
        told = Told(one)
        await told.until(lambda: states(told, "listen")[-1:] == ["ended"])
        assert one.failure is not None
        await told.close()


async def test_what_is_heard_is_kept_and_comes_back_in_pages(
    server: Server, token: str, tmp_path: Path
) -> None:
    path = tmp_path / "history.log"
    before = [f"[22.11.2026 13:{minute:02}] Brave Eva: line {minute}\n" for minute in range(50)]
    path.write_text("".join(before) + "--- 22.11.2026 13:59 connection lost\n")
    async with kept(path) as file, session(server, token, kept=file) as (one, told):
        await connected(told)
        await one.say(GENERAL, "live")
        await told.until(lambda: told.messages)
        last = await one.history(GENERAL, limit=10)
        pages = [last]
        while pages[0].more:
            pages.insert(0, await one.history(GENERAL, before=pages[0].messages[0].seq, limit=10))
        after = await one.history(GENERAL, after=pages[0].messages[-1].seq, limit=10)
    messages = [message for page in pages for message in page.messages]
    assert [message.text for message in messages[:50]] == [f"line {minute}" for minute in range(50)]
    assert messages[-1].nick is None
    assert messages[-1].text == "--- 22.11.2026 13:59 connection lost"
    assert {message.nick for message in messages[:50]} == {"Brave Eva"}
    assert messages[1].time - messages[0].time == 60
    assert after.messages == pages[1].messages
    assert after.more
    assert path.read_text().endswith(f"[22.11.2026 14:05] {one.nickname}: live\n")


async def test_what_one_says_while_nobody_listens_is_told_and_kept(
    server: Server, token: str, tmp_path: Path, closed_port: int
) -> None:
    path = tmp_path / "history.log"
    deaf = Server(tmp_path)
    deaf.read_port, deaf.write_port = closed_port, server.write_port
    async with kept(path) as file, session(deaf, token, kept=file) as (one, told):
        await told.until(lambda: "connected" in states(told, "speak"))
        await one.say(GENERAL, "hello")
        await told.until(lambda: told.messages)
    assert [(message.text, message.mine) for message in told.messages] == [("hello", True)]
    assert path.read_text() == f"[22.11.2026 14:05] {one.nickname}: hello\n"


async def test_without_a_history_file_there_is_no_past(server: Server, token: str) -> None:
    async with session(server, token) as (one, _):
        page = await one.history(GENERAL)
        assert (page.messages, page.more) == ((), False)


async def test_a_speak_port_that_does_not_answer_is_left_and_tried_again(serve, server: Server) -> None:
    visits = 0

    async def once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        visits += 1
        writer.write(b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n")
        await reader.readline()
        writer.write(b'{"nickname": "Brave Anna", "account_hash": "x"}\n')
        await asyncio.sleep(30)

    half = Server(Path())
    half.read_port, half.write_port = server.read_port, await serve(once)
    async with session(half, "x", timeout=0.2, ping=30.0) as (one, told):
        await connected(told)
        with pytest.raises(OutcomeUnknown):
            await one.say(GENERAL, "hello")
        await told.until(lambda: states(told, "speak").count("connected") == 2)
    assert states(told, "speak")[:4] == ["connecting", "connected", "lost", "waiting"]


async def test_a_dead_speak_port_is_found_by_a_ping(serve, server: Server) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n")
        await reader.readline()
        writer.write(b'{"nickname": "Brave Anna", "account_hash": "x"}\n')
        await asyncio.sleep(30)

    half = Server(Path())
    half.read_port, half.write_port = server.read_port, await serve(silent)
    async with session(half, "x", timeout=0.2, ping=0.05) as (_, told):
        await told.until(lambda: "lost" in states(told, "speak"))


async def test_the_token_is_in_no_representation(server: Server, token: str) -> None:
    async with session(server, token) as (one, told):
        await connected(told)
        assert token not in repr(one) + repr(told.events)
