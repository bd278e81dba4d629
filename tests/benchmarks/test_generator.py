"""The load generator counts what really arrives, however it is cut, and gives up on a server that cheats."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.fanout.accounts import people
from benchmarks.fanout.generator import Load, Outcome, compiled, load
from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings

pytestmark = pytest.mark.needs("gcc")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> str:
    return compiled(tmp_path_factory.mktemp("programs"))["load"]


def whole(line: bytes) -> Iterator[bytes]:
    yield line


def cut(line: bytes) -> Iterator[bytes]:
    yield line[:1]
    yield line[1:79]
    yield line[79:]


def twice(line: bytes) -> Iterator[bytes]:
    yield line + line


@asynccontextmanager
async def server(pieces: Callable[[bytes], Iterator[bytes]]) -> AsyncIterator[tuple[int, int]]:
    """A server on the plain line wire that hands each line on in these pieces; its two ports."""
    readers: list[asyncio.StreamWriter] = []

    async def attend(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        readers.append(writer)

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            for piece in pieces(line):
                for one in readers:
                    one.write(piece)
                await asyncio.sleep(0)
        writer.close()

    async with (
        await asyncio.start_server(attend, "127.0.0.1", 0) as read_door,
        await asyncio.start_server(hear, "127.0.0.1", 0) as post_door,
    ):
        yield read_door.sockets[0].getsockname()[1], post_door.sockets[0].getsockname()[1]
        for one in readers:
            one.close()


async def driven(
    program: str,
    folder: Path,
    ports: tuple[int, int],
    orders: Callable[[Load], Outcome],
    wire: str = "lines",
) -> Outcome:
    def drive() -> Outcome:
        with load(program, folder, wire, ports, core=None) as crowd:
            crowd.order("readers", 5)
            crowd.order("posters", 2)
            crowd.order("settle")
            return orders(crowd)

    return await asyncio.to_thread(drive)


@pytest.mark.parametrize("pieces", [whole, cut])
async def test_every_delivery_is_counted_once(
    program: str, tmp_path: Path, pieces: Callable[[bytes], Iterator[bytes]]
) -> None:
    async with server(pieces) as ports:
        outcome = await driven(program, tmp_path, ports, lambda crowd: crowd.order("closed", 8, 0.2))
    assert outcome.messages >= 8
    assert outcome.deliveries == 5 * outcome.messages


async def test_paced_messages_are_timed_one_by_one(program: str, tmp_path: Path) -> None:
    async with server(whole) as ports:
        outcome = await driven(program, tmp_path, ports, lambda crowd: crowd.order("paced", 100, 0.2))
    assert outcome.messages == outcome.samples == 20
    assert 0 < outcome.p50 <= outcome.p99 <= outcome.max


async def test_a_server_that_says_a_line_twice_is_not_measured(program: str, tmp_path: Path) -> None:
    async with server(twice) as ports:
        with pytest.raises(RuntimeError, match="more messages than were posted"):
            await driven(program, tmp_path, ports, lambda crowd: crowd.order("closed", 1, 0.2))


async def test_the_wire_of_rift_logs_in_by_tokens_and_counts_frames(program: str, tmp_path: Path) -> None:
    await asyncio.to_thread(people, tmp_path, 5, 2)
    limits = replace(PROFILES["off"], ping_interval=3600.0)
    database = f"sqlite:///{tmp_path}/minechat.db"
    settings = Settings(read_port=0, write_port=0, rift_port=0, database=database, limits=limits)
    async with running(settings) as ours:
        assert ours.rift_port is not None
        ports = ours.rift_port, ours.rift_port
        outcome = await driven(program, tmp_path, ports, lambda crowd: crowd.order("closed", 8, 0.2), "rift")
    assert outcome.messages >= 8
    assert outcome.deliveries == 5 * outcome.messages
