"""Those who post: byte by byte, in floods, without waiting, and with their last words."""

import asyncio
import contextlib
import itertools
import time
from pathlib import Path

from tests.campaign._crowd import DEADLINE, descriptors_for, percentile, serving
from tests.campaign._life import stored
from tests.campaign._talk import member
from tests.campaign.criteria import criterion
from tests.server.raw import SENT, Raw

FREE = ("--limits", "off")
#: Seconds of difference between two p99 that say nothing on a machine that does other things too.
NOISE = 0.003


async def posting(client: Raw, every: float, end: float) -> list[float]:
    """Posts at a pace until a time of the loop; the seconds of each answer."""
    took, clock = [], asyncio.get_running_loop().time
    while (began := clock()) < end:
        client.send(b"a message of a good user\n\n")
        assert await client.line() == SENT, "a post of a good user failed"
        took.append(clock() - began)
        await asyncio.sleep(max(0.0, began + every - clock()))
    return took


async def over(reader: asyncio.StreamReader, within: float) -> bool:
    """Whether the server ended the connection within so many seconds."""
    try:
        async with asyncio.timeout(within):
            await reader.read()
    except TimeoutError:
        return False
    return True


async def _slowloris(size: int, folder: Path) -> str:
    full = size >= 1000
    deadline, latest, pause = (20.0, 25.0, 5.0) if full else (0.5, 2.0, 0.1)
    clock = asyncio.get_running_loop().time
    with descriptors_for(2 * size + 200):
        async with serving(folder, *FREE, "--unfinished-timeout", f"{deadline:g}") as server:
            good = [await member(server.write_port, f"Good {number}") for number in range(50 if full else 10)]
            silent = [await asyncio.open_connection("127.0.0.1", server.write_port) for _ in range(size)]
            before = server.resident()

            async def drip(number: int) -> float:
                await asyncio.sleep(number / 500)  # or what is measured is how fast we connect
                reader, writer = await asyncio.open_connection("127.0.0.1", server.write_port)
                await reader.readline()
                began = clock()
                writer.write(b"x")
                with contextlib.suppress(ConnectionError):
                    while clock() - began < 2 * latest and not await over(reader, pause):
                        writer.write(b"x")
                writer.transport.abort()
                return clock() - began

            users = [
                posting(client, 1 if full else 0.1, clock() + deadline + size / 500 + 1) for client, _ in good
            ]
            took, *lived = await asyncio.gather(
                asyncio.gather(*users), *(drip(number) for number in range(size))
            )
            grown = server.resident() - before
            for reader, writer in silent:
                assert await reader.readline() and not reader.at_eof(), "a silent one was closed"
                writer.transport.abort()
    waits = list(itertools.chain.from_iterable(took))
    assert max(lived) <= latest, f"the last was closed after {max(lived):.1f} s"
    assert percentile(waits, 0.99) <= 0.5, f"good users waited {percentile(waits, 0.99) * 1000:.0f} ms"
    assert grown <= 64 << 20, f"{grown >> 20} MiB more"
    return (
        f"{size} closed within {max(lived):.1f} s, {size} silent ones stayed, good users p99 "
        f"{percentile(waits, 0.99) * 1000:.1f} ms, {grown / (1 << 20):.1f} MiB more"
    )


@criterion(
    "lines that drip in byte by byte are ended in time, the silent stay, good users feel nothing",
    small=100,
    full=2000,
    timed=True,
)
def slowloris(size: int, folder: Path) -> str:
    return asyncio.run(_slowloris(size, folder))


async def _flooders(size: int, folder: Path) -> str:
    seconds = 0.8 if size <= 4 else 20.0
    clock = asyncio.get_running_loop().time
    async with serving(folder, "--limits", "classroom") as server:
        good = [(await member(server.write_port, f"Good {number}"))[0] for number in range(10)]

        async def calm() -> float:
            took = await asyncio.gather(*(posting(client, 0.7, clock() + seconds) for client in good))
            return percentile(list(itertools.chain.from_iterable(took)), 0.99)

        base = await calm()
        figures = [f"base p99 {base * 1000:.1f} ms"]
        for count in (1, size):
            before = server.resident()
            flood = [(await member(server.write_port, f"Flood {number}"))[0] for number in range(count)]
            began = clock()
            floods = [asyncio.create_task(flooding(client)) for client in flood]
            p99 = await calm()
            most = 5 + 2 * (clock() - began) + 1
            taken = [await stopped(task) for task in floods]
            assert max(taken) <= most, f"{max(taken)} of one flooder were taken, {most:.0f} may be"
            assert p99 <= 1.2 * base + NOISE, f"the others' p99 is {p99 * 1000:.1f} ms, {figures[0]}"
            grown = (server.resident() - before) / count
            figures.append(f"with {count}: {p99 * 1000:.1f} ms, at most {max(taken)} of a flooder taken")
            assert count == 1 or grown <= 64 << 10, f"{grown / 1024:.0f} KiB for a flooder"
    return ", ".join(figures)


async def flooding(client: Raw) -> int:
    """Five thousand messages a second, as far as they are taken; how many were."""
    taken = 0

    async def count() -> None:
        nonlocal taken
        while await client.reader.readline() == SENT:
            taken += 1

    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.TaskGroup() as tasks:
            counting = tasks.create_task(count())
            while not counting.done():
                client.send(b"flood\n\n" * 50)
                await client.writer.drain()
                await asyncio.sleep(0.01)
    client.writer.transport.abort()
    return taken


async def stopped(task: asyncio.Task[int]) -> int:
    task.cancel()
    return await task


@criterion(
    "one flooder and then many get their 5 and 2 a second, and the others feel nothing",
    small=3,
    full=20,
    timed=True,
)
def flooders(size: int, folder: Path) -> str:
    return asyncio.run(_flooders(size, folder))


async def _pipelined(size: int, folder: Path) -> str:
    async with serving(folder, *FREE) as server:
        client, _ = await member(server.write_port)
        began = time.monotonic()
        client.send(b"".join(b"%d\n\n" % number for number in range(size)))
        client.writer.write_eof()
        answers = await asyncio.wait_for(client.reader.read(), DEADLINE)
        seconds = time.monotonic() - began
    assert answers == SENT * size, f"{answers.count(SENT)} answers for {size} messages"
    assert stored(folder / "chat.db") == [str(number) for number in range(size)], "out of order"
    return f"{size} messages at once: each answered once, stored in order, in {seconds:.2f} s"


@criterion("messages said without waiting for answers keep their order", small=2000, full=10_000)
def pipelined(size: int, folder: Path) -> str:
    return asyncio.run(_pipelined(size, folder))


async def _half_closed(size: int, folder: Path) -> str:
    async with serving(folder, *FREE) as server:
        client, token = await member(server.write_port)

        async def one(number: int) -> bytes:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.write_port)
            writer.write(token + b"\n%d\n\n" % number)
            writer.write_eof()
            answer = await asyncio.wait_for(reader.read(), DEADLINE)
            writer.close()
            return answer

        for first in range(0, size, 50):
            answers = await asyncio.gather(*(one(number) for number in range(first, min(size, first + 50))))
            assert all(answer.endswith(SENT) for answer in answers), "a last message was not answered"
        client.writer.close()
    assert sorted(map(int, stored(folder / "chat.db"))) == list(range(size)), "a last message is lost"
    return f"{size} posts of half-closed clients stored and answered"


@criterion(
    "a last message before a half-close is stored, answered, and then all is closed", small=200, full=10_000
)
def half_closed(size: int, folder: Path) -> str:
    return asyncio.run(_half_closed(size, folder))
