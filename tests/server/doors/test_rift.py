"""Connections of RIFT's port over real sockets: paced, asked whether they live, and ended in order."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from websockets.asyncio.client import ClientConnection, connect

from minechat.errors import Refused
from minechat.events import Said
from minechat.server.audience import Audience
from minechat.server.doors.encrypted import Encryption
from minechat.server.doors.frames import text_frame
from minechat.server.doors.gate import Gate
from minechat.server.doors.rift import RiftDoor
from minechat.server.doors.rift_clients import Clients
from minechat.server.doors.rift_host import Client
from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.settings import Limits
from minechat.server.tls import Certificate
from tests.certificates import issue
from tests.server.doors.test_channel import CLOSE, CONT, CONVERSATION, PING, TEXT, frame
from tests.server.doors.test_upgrade import GOOD
from tests.server.sockets import DEADLINE, until

QUIET = Limits(request_rate=None, new_connections=None)


def encode(happening: object) -> bytes:
    return text_frame(happening.text.encode()) if isinstance(happening, Said) else b""


class Echo:
    """A visit that hears the room, and answers each text with it, "big N" with so many bytes."""

    def __init__(self, host: Clients, client: Client, source: str) -> None:
        self.host, self.client, self.source = host, client, source
        self.told: list[str] = []
        self.heard: list[bytes] = []

    def begin(self) -> None:
        self.told.append("begin")
        self.host.audience.join(self.client.outlet, encode, "general")

    def received(self, text: bytes) -> None:
        self.heard.append(text)
        word, _, number = text.partition(b" ")
        if word == b"big":
            self.client.send(b"x" * int(number))
        elif word == b"close":
            self.client.send(b"bye")
            self.client.close(int(number), "as you wish")
        elif word == b"hush":
            self.client.hush(True)
        elif word != b"silent":
            self.client.send(text)

    def clogged(self, clogged: bool) -> None:
        self.told.append("clogged" if clogged else "free")

    def lost(self) -> None:
        self.told.append("lost")

    def stop(self) -> None:
        self.told.append("stop")
        self.client.send(b"stopping")
        self.client.close(1001)

    def dismiss(self, reason: Refused) -> None:
        self.client.send(str(reason).encode())
        self.client.close(1008)

    def abandon(self) -> None:
        self.told.append("abandon")


class Peer:
    """A client that writes and reads bytes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def answer(self) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), DEADLINE)

    async def read(self, size: int) -> bytes:
        return await asyncio.wait_for(self.reader.readexactly(size), DEADLINE)

    async def text(self) -> bytes:
        """The next frame of the server; of a close frame its code."""
        first, size = await self.read(2)
        if size > 125:
            size = int.from_bytes(await self.read(2 if size == 126 else 8), "big")
        data = await self.read(size)
        return {0x81: data, 0x88: b"closed %d" % int.from_bytes(data[:2], "big"), 0x89: b"ping"}[first]

    async def rest(self) -> bytes:
        with contextlib.suppress(ConnectionError):
            return await asyncio.wait_for(self.reader.read(), DEADLINE)
        return b""


class House:
    """A door of RIFT with its audience, and every visit there was."""

    def __init__(self, limits: Limits, tasks: asyncio.TaskGroup, most: int = 100) -> None:
        self.figures = Figures()
        self.audience = Audience(limits, self.figures)
        self.gate = Gate(most, limits, self.figures)
        self.visits: list[Echo] = []
        self.peers: list[Peer] = []
        self.port = 0
        self.clients = Clients(
            cast("Hub", None),
            self.audience,
            limits,
            self.gate,
            tasks=tasks,
            figures=self.figures,
            visit=self.visit,
        )

    def visit(self, host: Clients, client: Client, source: str) -> Echo:
        self.visits.append(Echo(host, client, source))
        return self.visits[-1]

    async def connect(self, **more: object) -> Peer:
        opened = await asyncio.open_connection("127.0.0.1", self.port, **more)  # type: ignore[arg-type]
        self.peers.append(Peer(*opened))
        return self.peers[-1]

    async def enter(self) -> tuple[Peer, Echo]:
        peer = await self.connect()
        peer.send(GOOD)
        assert (await peer.answer()).startswith(b"HTTP/1.1 101 ")
        return peer, self.visits[-1]

    async def say(self, text: str) -> None:
        self.audience.deliver([Said(None, text)])
        await asyncio.sleep(0)

    async def empty(self) -> None:
        await until(lambda: not len(self.gate) and not len(self.clients))


@asynccontextmanager
async def house(
    limits: Limits = QUIET,
    wrap: Callable[[Callable[[], RiftDoor]], Callable[[], asyncio.BaseProtocol]] | None = None,
) -> AsyncIterator[House]:
    async with asyncio.TaskGroup() as tasks:
        home = House(limits, tasks)
        door = lambda: RiftDoor(home.clients)  # noqa: E731
        server = await asyncio.get_running_loop().create_server(wrap(door) if wrap else door, "127.0.0.1", 0)
        home.port = server.sockets[0].getsockname()[1]
        try:
            yield home
        finally:
            server.close()
            for peer in home.peers:
                peer.writer.transport.abort()
            await home.empty()


async def test_a_conversation_is_the_same_however_it_is_cut() -> None:
    async with house() as home:
        heard = []
        for size in (1 << 20, 50, 7, 1):
            peer = await home.connect()
            for at in range(0, len(GOOD + CONVERSATION), size):
                peer.send((GOOD + CONVERSATION)[at : at + size])
                await peer.writer.drain()
            await peer.answer()
            heard.append(await peer.rest())
            assert home.visits[-1].heard == [b"hello", "длинный".encode() * 20 + b"end"]
            await until(lambda: home.visits[-1].told == ["begin", "lost"])
        assert len(set(heard)) == 1 and heard[0].startswith(text_frame(b"hello") + b"\x8a")


async def test_a_client_of_the_library_talks_and_closes() -> None:
    async with house() as home, connect(f"ws://127.0.0.1:{home.port}/") as ws:
        assert not ws.protocol.extensions
        await ws.send("привет")
        assert await ws.recv() == "привет"
        await (await ws.ping())
        await home.say("to all")
        assert await ws.recv() == "to all"


async def test_health_is_answered_and_what_is_no_websocket_is_told_so() -> None:
    async with house() as home:
        for asked, status in (
            (b"GET /health", b"200"),
            (b"HEAD /health", b"200"),
            (b"GET /?token=x", b"404"),
        ):
            peer = await home.connect()
            peer.send(asked + b" HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = await peer.rest()
            assert answer.startswith(b"HTTP/1.1 " + status)
        assert home.visits == [] and home.figures.refused == {"handshake": 1}


async def test_who_is_silent_or_slow_before_the_websocket_is_open_has_until_the_deadline() -> None:
    async with house(Limits(handshake=0.2)) as home:
        silent, slow = await home.connect(), await home.connect()
        slow.send(GOOD[:-2])
        assert await silent.rest() == await slow.rest() == b""
        assert home.figures.refused == {"handshake": 2}


async def test_answers_are_in_order_with_what_the_room_hears() -> None:
    async with house() as home:
        peer, visit = await home.enter()
        home.audience.deliver([Said(None, "1")])
        visit.client.send(b"2")
        home.audience.deliver([Said(None, "mine", origin=visit.client.outlet), Said(None, "3")])
        assert [await peer.text() for _ in range(3)] == [b"1", b"2", b"3"]


async def test_a_flood_of_frames_is_closed_and_costs_the_others_nothing() -> None:
    async with house(Limits(request_rate=10.0, request_burst=30)) as home:
        other, _ = await home.enter()
        flooding, _ = await home.enter()
        for flood in (
            frame(PING) * 5000,
            frame(TEXT, b"silent") * 5000,
            frame(TEXT, fin=False) + frame(CONT, fin=False) * 5000,
        ):
            flooding, visit = await home.enter()
            flooding.send(flood)
            other.send(frame(TEXT, b"still here?"))
            assert await other.text() == b"still here?"
            async with asyncio.timeout(2):
                await flooding.rest()
            assert "lost" in visit.told
            assert len(visit.heard) < 800
        assert home.figures.refused["frames"] == 2


async def test_who_is_a_little_ahead_of_its_budget_is_read_later_and_loses_nothing() -> None:
    async with house(Limits(request_rate=300.0, request_burst=10)) as home:
        peer, visit = await home.enter()
        peer.send(b"".join(frame(TEXT, b"silent %d" % number) for number in range(300)))
        started = asyncio.get_running_loop().time()
        await until(lambda: len(visit.heard) == 300)
        assert asyncio.get_running_loop().time() - started > 0.5
        assert visit.heard == [b"silent %d" % number for number in range(300)]


async def test_while_an_answer_waits_nothing_more_of_the_client_is_taken() -> None:
    async with house() as home:
        peer, visit = await home.enter()
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
        peer.send(frame(TEXT, b"big 60000") * 200)
        await until(lambda: "clogged" in visit.told)
        served = len(visit.heard)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(visit.heard) == served < 150
        assert visit.client.outlet.waiting < 300_000
        peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
        for _ in range(200):
            assert await peer.text() == b"x" * 60_000
        assert visit.told[-1] == "free"


async def test_who_lags_behind_the_rooms_is_not_answered_without_end() -> None:
    plenty = replace(QUIET, send_queue=1 << 30, send_queues=1 << 30, send_stall=60.0)
    async with house(plenty) as home:
        peer, visit = await home.enter()
        peer.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while visit.client.outlet.waiting < 10_000:
            await home.say("x" * 4000)
        # Nothing of it is owed: the client may go on talking.
        for _ in range(50):
            peer.send(frame(TEXT, b"big 4000"))
        await until(lambda: "clogged" in visit.told)
        assert 0 < visit.client.outlet.owed < 40_000
        peer.reader._transport.resume_reading()  # type: ignore[attr-defined]
        while visit.told[-1] != "free" or len(visit.heard) < 50:
            await peer.text()


async def test_drained_returns_when_the_client_took_its_answers_or_is_gone() -> None:
    async with house() as home:
        for gone in (False, True):
            peer, visit = await home.enter()
            visit.client.send(b"x" * 5_000_000)
            waiting = asyncio.create_task(visit.client.drained())
            await asyncio.sleep(0)
            assert visit.client.outlet.owed and not waiting.done()
            if gone:
                peer.writer.transport.abort()
            else:
                await peer.text()
            await asyncio.wait_for(waiting, DEADLINE)
        await visit.client.drained()


async def test_who_reads_nothing_is_dropped_by_the_rule_for_slow_readers() -> None:
    async with house(Limits(send_queue=100_000, send_stall=0.2)) as home:
        good, _ = await home.enter()
        stalled, visit = await home.enter()
        stalled.reader._transport.pause_reading()  # type: ignore[attr-defined]
        visit.client.send(b"x" * 8_000_000)
        await until(lambda: "lost" in visit.told)
        assert home.figures.dropped == {"stall": 1}
        slow, visit = await home.enter()
        slow.reader._transport.pause_reading()  # type: ignore[attr-defined]
        while home.figures.dropped["queue"] == 0:
            await home.say("y" * 60_000)
            assert await good.text() == b"y" * 60_000
        await until(lambda: "lost" in visit.told)
        await home.say("on")
        assert await good.text() == b"on"


async def test_who_vanishes_in_the_midst_of_it_disturbs_nobody() -> None:
    async with house() as home:
        entered = [await home.enter() for _ in range(9)]
        for peer, _ in entered[::2]:
            sock = peer.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.writer.transport.abort()
        for number in range(20):
            await home.say(str(number))
        for peer, _ in entered[1::2]:
            assert [await peer.text() for _ in range(20)] == [str(number).encode() for number in range(20)]
        await until(lambda: sum("lost" in visit.told for _, visit in entered) == 5)
        assert len(home.gate) == 4
        assert [len(wire) for wire in home.audience._rooms["general"]] == [4]


async def test_the_silent_are_asked_and_those_who_do_not_answer_are_dropped() -> None:
    async with house(Limits(ping_interval=0.2, ping_timeout=0.3)) as home:
        dead, gone = await home.enter()
        async with connect(f"ws://127.0.0.1:{home.port}/", ping_interval=None) as ws:
            assert await dead.text() == b"ping"
            assert await dead.rest() == b""
            await until(lambda: gone.told == ["begin", "lost"])
            assert home.figures.dropped == {"ping": 1}
            await asyncio.sleep(0.6)  # longer than any silence that is borne
            await ws.send("alive")
            assert await ws.recv() == "alive"


async def test_a_message_that_never_ends_has_a_deadline() -> None:
    async with house(Limits(unfinished=0.3)) as home:
        for begun in (frame(TEXT, b"x" * 50)[:-1], frame(TEXT, b"x", fin=False)):
            peer, _ = await home.enter()
            peer.send(begun)
            assert await peer.text() == b"closed 1008"
            peer.writer.close()
            await until(lambda: "lost" in home.visits[-1].told)


async def test_who_is_not_read_for_a_while_has_its_time_after_it() -> None:
    async with house(Limits(unfinished=0.4, request_rate=30.0, request_burst=30)) as home:
        talking, visit = await home.enter()
        last = frame(TEXT, b"silent")
        talking.send(frame(TEXT, b"silent") * 54 + last[:-1])
        await until(lambda: len(visit.heard) == 54)
        await until(lambda: cast("RiftDoor", visit.client)._reading)  # it was ahead of its budget by 0.8 s
        talking.send(last[-1:] + frame(TEXT, b"here"))
        assert await talking.text() == b"here"


async def test_a_hushed_visit_hears_nothing_until_it_wants_to_and_then_all() -> None:
    async with house() as home:
        peer, visit = await home.enter()
        peer.send(frame(TEXT, b"hush") + frame(TEXT, b"1") + frame(PING))
        await until(lambda: visit.heard == [b"hush"])
        peer.send(frame(TEXT, b"2") + frame(CLOSE, struct.pack("!H", 1000)))
        for _ in range(20):
            await asyncio.sleep(0)
        assert visit.heard == [b"hush"]
        visit.client.hush(False)
        heard = await peer.rest()
        assert heard == text_frame(b"1") + b"\x8a\x00" + text_frame(b"2") + b"\x88\x02\x03\xe8"
        await until(lambda: visit.told == ["begin", "lost"])


async def test_a_visit_closes_behind_its_answers_and_the_client_has_a_moment_to_answer() -> None:
    async with house() as home:
        polite, visit = await home.enter()
        polite.send(frame(TEXT, b"close 4000") + frame(TEXT, b"too late"))
        assert [await polite.text() for _ in range(2)] == [b"bye", b"closed 4000"]
        polite.send(frame(CLOSE, struct.pack("!H", 4000)))
        assert await polite.rest() != b"x"
        await until(lambda: visit.told == ["begin", "lost"])
        assert visit.heard == [b"close 4000"]
        rude, visit = await home.enter()
        rude.send(frame(TEXT, b"close 1000"))
        started = asyncio.get_running_loop().time()
        await rude.rest()
        assert asyncio.get_running_loop().time() - started < 4
        await until(lambda: visit.told == ["begin", "lost"])


async def test_an_end_without_a_close_frame_is_an_end() -> None:
    async with house() as home:
        peer, visit = await home.enter()
        peer.send(frame(TEXT, b"last"))
        peer.writer.write_eof()
        assert await peer.rest() == text_frame(b"last")
        await until(lambda: visit.told == ["begin", "lost"])


async def test_at_the_end_all_are_answered_and_told_to_go_and_late_ones_are_cut_off() -> None:
    async with house() as home:
        entered = [await home.enter() for _ in range(5)]
        waiting = await home.connect()
        stopping = asyncio.create_task(home.clients.stop(DEADLINE))
        for peer, _ in entered:
            assert [await peer.text() for _ in range(2)] == [b"stopping", b"closed 1001"]
            peer.send(frame(CLOSE, struct.pack("!H", 1001)))
            peer.writer.close()
        await asyncio.wait_for(stopping, DEADLINE)
        assert await waiting.rest() == b""
        await home.empty()


async def test_who_does_not_go_is_cut_off_at_the_deadline() -> None:
    async with house() as home:
        _, visit = await home.enter()
        await asyncio.wait_for(home.clients.stop(0.1), DEADLINE)
        assert visit.told[-1] in ("lost", "abandon")
        await home.empty()


async def test_an_order_of_the_owner_ends_it_in_words() -> None:
    async with house() as home:
        peer, _ = await home.enter()
        stranger = await home.connect()
        await until(lambda: len(home.clients) == 2)
        for door in list(home.clients._doors):
            cast("RiftDoor", door).expel(Refused("you are banned"))
        assert [await peer.text() for _ in range(2)] == [b"you are banned", b"closed 1008"]
        assert (await stranger.rest()).startswith(b"HTTP/1.1 503 ")


async def test_who_gives_way_is_told_to_come_later() -> None:
    async with house() as home:
        peer, visit = await home.enter()
        cast("RiftDoor", visit.client).give_way(Refused("the server is full", 30))
        assert await peer.text() == b"closed 1013"
        await home.empty()


async def test_who_is_not_let_in_is_told_so_as_a_browser_can_read_it() -> None:
    async with house(Limits(connections_per_source=1)) as home:
        await home.enter()
        other = await home.connect()
        answer = await other.rest()
        assert answer.startswith(b"HTTP/1.1 503 ") and b"\r\nRetry-After: 30\r\n" in answer


async def test_all_of_it_goes_through_tls(tmp_path: Path) -> None:
    cert, key = issue("localhost").save(tmp_path, "server")
    key.chmod(0o600)
    encryption = Encryption(Certificate(str(cert), str(key)), Figures())
    trust = ssl.create_default_context(cafile=str(cert))
    trust.check_hostname = False
    trust.verify_mode = ssl.CERT_NONE
    async with house(wrap=encryption.before) as home:
        url = f"wss://localhost:{home.port}/"
        async with connect(url, ssl=trust, origin=f"https://localhost:{home.port}", host="127.0.0.1") as ws:  # type: ignore[arg-type]
            await talked(ws, home)
        await until(lambda: home.visits[0].told[-1] == "lost")


async def talked(ws: ClientConnection, home: House) -> None:
    await ws.send("big 600000")
    assert await ws.recv() == "x" * 600_000
    await home.say("to all")
    assert await ws.recv() == "to all"


@pytest.mark.parametrize(
    "data", [GOOD, CONVERSATION, GOOD + CONVERSATION, b"\x00" * 5000, b"GET / HTTP/1.1\r\n"]
)
async def test_a_reset_at_any_time_leaves_nothing_behind(data: bytes) -> None:
    async with house() as home:
        for size in (0, 1, len(data) // 2, len(data)):
            peer = await home.connect()
            peer.writer.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            peer.send(data[:size])
            await asyncio.sleep(0)
            peer.writer.transport.abort()
        await home.empty()
        assert all(visit.told.count("lost") == 1 for visit in home.visits)
