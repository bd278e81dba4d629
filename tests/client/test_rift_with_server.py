"""Sessions over RIFT on the real server: what one says the other hears, through restarts and cut wires."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from itertools import repeat
from pathlib import Path
from typing import Any

import pytest

from minechat.client.rift import Credentials, rift
from minechat.client.rift_session import RiftSession, rift_session
from minechat.client.session import Happened, Message, Mute, PeopleChanged, PlacesChanged
from minechat.client.speak import speaking
from minechat.errors import ConnectionLost, Refused, WrongPassword
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings
from tests.client.rift_stage import Told

pytestmark = pytest.mark.usefixtures("quiet")
PASSWORD = "correct horse battery"


class Server:
    """A real server that can be stopped and started again on the same ports, and a wire to it that breaks."""

    def __init__(self, folder: Path) -> None:
        self.settings = Settings(
            read_port=0,
            write_port=0,
            rift_port=0,
            database=f"sqlite:///{folder}/chat.db",
            limits=PROFILES["off"],
        )
        self._running: Any = None
        self._pipes: set[asyncio.StreamWriter] = set()
        self.budget: int | None = None

    async def start(self) -> None:
        self._running = running(self.settings)
        server = await self._running.__aenter__()
        self.settings = replace(
            self.settings,
            read_port=server.read_port,
            write_port=server.write_port,
            rift_port=server.rift_port,
        )

    async def stop(self) -> None:
        if self._running is not None:
            await self._running.__aexit__(None, None, None)
            self._running = None

    @asynccontextmanager
    async def wire(self) -> AsyncIterator[int]:
        """A port whose connections are cut after ``budget`` bytes from the server, if it is set."""

        async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                back, forth = await asyncio.open_connection("127.0.0.1", self.settings.rift_port or 0)
            except OSError:
                writer.transport.abort()
                return
            there = asyncio.create_task(_copy(reader, forth))
            passed = 0
            while data := await back.read(4096):
                left = len(data) if self.budget is None else max(0, self.budget - passed)
                passed += len(data)
                writer.write(data[:left])
                if left < len(data):
                    break
            there.cancel()
            forth.transport.abort()
            writer.close()

        door = await asyncio.start_server(carry, "127.0.0.1", 0)
        try:
            yield door.sockets[0].getsockname()[1]
        finally:
            door.close()  # no wait: from Python 3.12 on it would last as long as those who came through


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(4096):
        writer.write(data)
    writer.close()


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    one = Server(tmp_path)
    await one.start()
    yield one
    await one.stop()


async def account(server: Server, name: str) -> Credentials:
    """A new account, known by its session."""
    async with rift("127.0.0.1", server.settings.rift_port or 0) as wire:
        await wire.register(name, PASSWORD)
        answer = await wire.log_in(Credentials(username=name, password=PASSWORD))
    return Credentials(session=answer.session)


class People:
    """Sessions of a test, each with what it was told."""

    def __init__(self, server: Server, stack: AsyncExitStack) -> None:
        self._server = server
        self._stack = stack

    async def __call__(
        self, who: str | Credentials, port: int | None = None, **terms: Any
    ) -> tuple[RiftSession, Told]:
        credentials = await account(self._server, who) if isinstance(who, str) else who
        port = port or self._server.settings.rift_port or 0
        terms = {"delays": lambda: repeat(0.02), **terms}
        session = await self._stack.enter_async_context(rift_session("127.0.0.1", port, credentials, **terms))
        told = Told(session)
        self._stack.push_async_callback(told.close)
        await told.until(lambda: places(told))
        return session, told


@pytest.fixture
async def people(server: Server) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        yield People(server, stack)


def places(told: Told) -> set[str]:
    changes = [event for event in told.events if isinstance(event, PlacesChanged)]
    return {place.name for place in changes[-1].places} if changes else set()


def mute_in(told: Told, name: str) -> Mute | None:
    """What was told last of a mute in a place."""
    changes = [event for event in told.events if isinstance(event, PlacesChanged)]
    return next((place.mute for place in changes[-1].places if place.name == name), None)


def texts(told: Told, place: str = "general") -> list[str]:
    return [message.text for message in told.messages if message.place == place]


async def test_two_people_talk_in_one_room(people: People) -> None:
    anna, anna_heard = await people("Anna")
    oleg, oleg_heard = await people("Oleg")
    assert places(anna_heard) == {"general"}
    first = await anna.say("general", "hello")
    await oleg_heard.until(lambda: texts(oleg_heard) == ["hello"])
    second = await oleg.say("general", "hello yourself")
    for told in (anna_heard, oleg_heard):
        await told.until(lambda told=told: texts(told) == ["hello", "hello yourself"])
    assert (first.seq, second.seq) == (1, 2)
    assert [message.mine for message in anna_heard.messages] == [True, False]
    page = await anna.history("general")
    assert [message.text for message in page.messages] == ["hello", "hello yourself"]
    assert not page.more


async def test_the_line_ports_are_heard_too(server: Server, people: People) -> None:
    _, heard = await people("Anna")
    async with speaking("127.0.0.1", server.settings.write_port) as speaker:
        await speaker.register("Eva")
        await speaker.say("two\nlines")
    await heard.until(lambda: texts(heard))
    (message,) = heard.messages
    assert message.nick is not None
    assert message.nick.endswith("_Eva")
    assert message.seq == 1


async def test_rooms_whispers_and_people(people: People) -> None:
    anna, anna_heard = await people("Anna")
    oleg, oleg_heard = await people("Oleg")
    room = await anna.order("create_room", room="cats", topic="purring")
    assert isinstance(room, r.Room)
    assert room.info.role == "owner"
    await oleg.order("join_room", room="cats")
    await oleg.say("cats", "meow")
    await anna_heard.until(lambda: texts(anna_heard, "cats") == ["meow"])
    await anna.say("@Oleg", "psst")
    await oleg_heard.until(lambda: texts(oleg_heard, "@Anna") == ["psst"])
    await anna_heard.until(lambda: texts(anna_heard, "@Oleg") == ["psst"])
    assert "@Oleg" in places(anna_heard)
    await anna.order("kick", room="cats", username="Oleg", reason="no dogs")
    await oleg_heard.until(lambda: "cats" not in places(oleg_heard))
    kicked = [event for event in oleg_heard.events if isinstance(event, Happened) and event.event == "kicked"]
    assert [(event.nick, event.by, event.reason) for event in kicked] == [("Oleg", "Anna", "no dogs")]
    with pytest.raises(Refused) as caught:
        await oleg.say("cats", "let me in")
    assert caught.value.code == "not_member"
    await anna_heard.until(
        lambda: (
            [event for event in anna_heard.events if isinstance(event, PeopleChanged)][-1].people
            == {"Anna", "Oleg"}
        )
    )


async def test_who_may_not_write_knows_it_when_coming_in_and_when_joining(people: People) -> None:
    anna, _ = await people("Anna")
    oleg, oleg_told = await people("Oleg")
    await anna.order("create_room", room="books")
    await oleg.order("join_room", room="books")
    await oleg_told.until(lambda: places(oleg_told) == {"books", "general"})
    await anna.order("mute", room="books", username="Oleg", seconds=600, reason="too loud")
    await oleg_told.until(lambda: mute_in(oleg_told, "books") is not None)
    live = mute_in(oleg_told, "books")
    again, again_told = await people(Credentials(session=oleg.session))
    await again_told.until(lambda: mute_in(again_told, "books") == live)
    await again.order("leave_room", room="books")
    await again_told.until(lambda: places(again_told) == {"general"})
    await again.order("join_room", room="books")
    await again_told.until(lambda: mute_in(again_told, "books") == live)
    await anna.order("unmute", room="books", username="Oleg")
    await again_told.until(lambda: mute_in(again_told, "books") is None)
    assert live is not None and live.reason == "too loud"


async def test_what_was_missed_during_a_restart_comes_once_and_in_order(
    server: Server, people: People
) -> None:
    anna, heard = await people("Anna")
    oleg = await account(server, "Oleg")
    await anna.order("create_room", room="cats")
    for round_ in range(3):
        await anna.say("cats", f"before {round_}")
        await server.stop()
        await heard.until(lambda: heard.states[-1] in ("waiting", "connecting"))
        # On ports of its own nobody but we finds it.
        rift_port, server.settings = server.settings.rift_port, replace(server.settings, rift_port=0)
        await server.start()
        async with rift("127.0.0.1", server.settings.rift_port or 0) as wire:
            await wire.log_in(oleg)
            said = (c.RoomMessage(text=f"missed {round_} {number}") for number in range(150))
            await asyncio.gather(*map(wire.ask, said))
        await server.stop()
        server.settings = replace(server.settings, rift_port=rift_port)
        await server.start()
        await heard.until(lambda round_=round_: len(heard.numbers()) == 150 * (round_ + 1))
    assert heard.numbers() == list(range(1, 451))
    assert heard.numbers("cats") == [1, 2, 3]


@pytest.mark.parametrize("budget", [300, 700, 1500, 4000])
async def test_a_wire_that_breaks_all_the_time_loses_and_doubles_nothing(
    server: Server, people: People, budget: int
) -> None:
    async with server.wire() as port:
        anna, heard = await people("Anna", port)
        oleg, _ = await people("Oleg")
        server.budget = budget
        sayings: list[asyncio.Task[Message]] = []
        for number in range(60):
            await oleg.say("general", f"number {number} " + "x" * 100)
            if number % 10 == 5 and heard.states[-1] == "connected":
                sayings.append(asyncio.create_task(anna.say("general", f"mine {number}")))
        await heard.until(lambda: heard.states.count("lost") > 2 or budget < 700, within=20)
        server.budget = None
        last = await oleg.say("general", "last")
        answers = await asyncio.gather(*sayings, return_exceptions=True)
        said = [one for one in answers if isinstance(one, Message)]
        # Begun in the moment of a cut: it says so, and nothing has left.
        assert all(isinstance(one, Message | ConnectionLost) for one in answers)
        await heard.until(lambda: last.seq in heard.numbers(), within=20)
        await heard.until(lambda: {message.seq for message in said} <= set(heard.numbers()))
    numbers = heard.numbers()
    assert numbers == list(range(1, len(numbers) + 1))
    assert [message.text for message in heard.messages if message.mine] == [one.text for one in said]


async def test_a_changed_password_ends_the_other_sessions(server: Server, people: People) -> None:
    here = await account(server, "Anna")
    one, _ = await people(Credentials(username="Anna", password=PASSWORD))
    other, heard = await people(here)
    await one.order("change_password", new="another good secret", old=PASSWORD)
    await heard.until(lambda: heard.states[-1] == "ended")
    assert isinstance(other.failure, WrongPassword)
    await one.say("general", "still here")


async def test_logging_out_is_no_failure(people: People) -> None:
    one, heard = await people("Anna")
    await one.order("log_out")
    await heard.until(lambda: heard.states[-1] == "ended")
    assert one.failure is None


async def test_a_wrong_password_is_told_once(server: Server) -> None:
    await account(server, "Anna")
    port = server.settings.rift_port or 0
    async with rift_session("127.0.0.1", port, Credentials(username="Anna", password="wrong pass")) as one:
        assert isinstance(await one.tried(), WrongPassword)
        told = [event async for event in one.events()]
    assert [getattr(event, "state", None) for event in told] == ["connecting", "ended"]
