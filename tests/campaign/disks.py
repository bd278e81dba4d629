"""Disks that fail a server: full, limited, broken; and other programs that hold or take its files."""

import asyncio
import contextlib
import resource
import sqlite3
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.campaign._life import DEADLINE, Poster, Process, judge, opened_to_write, server, stored
from tests.campaign.criteria import criterion

#: Seconds in which posts are taken again when there is room again.
RECOVERS = 5.0
TEXT = " " + "x" * 1000


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


async def _until(
    poster: Poster, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, taken: bool
) -> float:
    """Posts until one text is taken, or refused; how long it took."""
    began = time.monotonic()
    while await poster.say(reader, writer, TEXT) is not taken:
        assert time.monotonic() - began < DEADLINE, (
            "posts are refused still" if taken else "nothing is refused"
        )
    return time.monotonic() - began


async def _goes_on(life: Process, poster: Poster) -> None:
    """Logging in is possible, and so is listening."""
    _, writer = await Poster(poster.name, poster.token).enter(life.write_port)
    writer.close()
    _, writer = await asyncio.open_connection("127.0.0.1", life.read_port)
    writer.close()


def _told(count: int, poster: Poster, recovered: list[float]) -> str:
    assert max(recovered) <= RECOVERS, f"only after {max(recovered):.1f} s"
    return (
        f"{len(recovered)} times, {count} acknowledged, 0 lost, {poster.refused} refused, "
        f"back after {max(recovered) * 1000:.0f} ms at most"
    )


async def _filled(disk: Path, times: int) -> tuple[Poster, list[float]]:
    poster, recovered = Poster("poster"), []
    async with server(disk) as life:
        reader, writer = await poster.enter(life.write_port)
        for _ in range(times):
            for _ in range(20):
                await _until(poster, reader, writer, taken=True)
            ballast = disk / "ballast"
            with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
                while file.write(bytes(65536)):
                    pass
            await _until(poster, reader, writer, taken=False)
            await _goes_on(life, poster)
            ballast.unlink()
            recovered.append(await _until(poster, reader, writer, taken=True))
        writer.close()
        life.kill()
    return poster, recovered


@criterion(
    "a full disk refuses posts, loses none, and is got over", small=3, full=50, needs=("mount", "umount")
)
def filled(size: int, folder: Path) -> str:
    with small_disk(folder) as disk:
        poster, recovered = asyncio.run(_filled(disk, size))
        count = judge(stored(disk / "chat.db"), [poster], [])
    return _told(count, poster, recovered)


async def _limited(folder: Path, times: int) -> tuple[Poster, list[float]]:
    poster, recovered = Poster("poster"), []
    async with server(folder) as life:
        reader, writer = await poster.enter(life.write_port)
        for _ in range(times):
            size = (folder / "chat.db-wal").stat().st_size
            limits = (size + 10_000, resource.RLIM_INFINITY)
            resource.prlimit(life.process.pid, resource.RLIMIT_FSIZE, limits)
            await _until(poster, reader, writer, taken=False)
            await _goes_on(life, poster)
            limits = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            resource.prlimit(life.process.pid, resource.RLIMIT_FSIZE, limits)
            recovered.append(await _until(poster, reader, writer, taken=True))
        writer.close()
        life.kill()
    return poster, recovered


@criterion("a limit of the file size refuses posts, loses none, and is got over", small=3, full=50)
def limited(size: int, folder: Path) -> str:
    poster, recovered = asyncio.run(_limited(folder, size))
    count = judge(stored(folder / "chat.db"), [poster], [])
    return _told(count, poster, recovered)


async def _broken(folder: Path) -> tuple[list[Poster], int, int]:
    strace = ("strace", "-f", "-o", "/dev/null", "-e", "trace=fdatasync")
    posters = [Poster(f"poster{number}") for number in range(5)]
    async with server(folder, *strace, "-e", "inject=fdatasync:error=EIO:when=60+") as life:
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(
                *(poster.post(life.write_port) for poster in posters), return_exceptions=True
            )
        code = life.process.wait(DEADLINE)
        refused = sum(poster.refused for poster in posters)
    return posters, code, refused


@criterion(
    "a sync that fails ends the server, and nothing is acknowledged after",
    small=1,
    full=20,
    needs=("strace",),
)
def broken(size: int, folder: Path) -> str:
    total = 0
    for number in range(size):
        life = folder / str(number)
        life.mkdir()
        posters, code, _ = asyncio.run(_broken(life))
        assert code != 0, "it ended as if nothing had happened"
        total += judge(stored(life / "chat.db"), posters, [])
    return f"{size} times, {total} acknowledged, 0 lost, the exit code tells"


async def _held(folder: Path, seconds: float) -> tuple[Poster, float, list[float]]:
    poster, lags, waited = Poster("poster"), [], 0.0
    async with server(folder) as life:
        reader, writer = await poster.enter(life.write_port)
        await poster.say(reader, writer)
        with closing(sqlite3.connect(folder / "chat.db", isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            end = time.monotonic() + seconds
            saying = asyncio.create_task(poster.say(reader, writer))
            began = time.monotonic()
            while time.monotonic() < end:
                asked = time.monotonic()
                await _goes_on(life, poster)
                lags.append(time.monotonic() - asked)
                if saying.done():
                    waited = max(waited, time.monotonic() - began)
                    saying, began = asyncio.create_task(poster.say(reader, writer)), time.monotonic()
            other.execute("ROLLBACK")
        await saying
        assert await poster.say(reader, writer), "refused still"
        writer.close()
        life.kill()
    return poster, waited, lags


@criterion(
    "another program that holds the database is waited for 5 s, and keeps nobody from logging in",
    small=1,
    full=30,
)
def held(size: int, folder: Path) -> str:
    poster, waited, lags = asyncio.run(_held(folder, float(size)))
    judge(stored(folder / "chat.db"), [poster], [])
    assert size <= 6 or poster.refused >= size // 6, "nothing was refused"
    assert waited <= 5.5, f"waited {waited:.1f} s"
    # A login takes 20 ms by its protocol.
    middle, worst = statistics.median(lags), sorted(lags)[int(len(lags) * 0.99)]
    assert middle <= 0.07, f"a login took {middle:.3f} s"
    return (
        f"{size} s, {poster.refused} refused, waited {waited:.2f} s, "
        f"a login took {middle * 1000:.0f} ms, p99 {worst * 1000:.0f} ms"
    )


async def _read_long(folder: Path, posts: int) -> tuple[list[Poster], int]:
    posters, longest = [Poster(f"poster{number}") for number in range(20)], 0
    filler = " " + "x" * 3900
    async with server(folder) as life:
        doors = [await poster.enter(life.write_port) for poster in posters]
        log = folder / "chat.db-wal"
        with closing(sqlite3.connect(folder / "chat.db", isolation_level=None)) as other:
            other.execute("BEGIN")
            other.execute("SELECT count(*) FROM message").fetchall()
            for _ in range(posts // len(posters)):
                pairs = zip(posters, doors, strict=True)
                await asyncio.gather(*(poster.say(*door, filler) for poster, door in pairs))
                longest = max(longest, log.stat().st_size)
        assert all([await poster.say(*door) for poster, door in zip(posters, doors, strict=True)]), (
            "refused still"
        )
        assert opened_to_write(life.process.pid, folder / "chat.db") == 1, "more than one connection writes"
        assert log.stat().st_size <= 40 << 20, "the log is not emptied"
        for _, writer in doors:
            writer.close()
        life.kill()
    return posters, longest


@criterion("somebody who reads for long does not make the log longer than 64 MiB", small=200, full=20_000)
def read_long(size: int, folder: Path) -> str:
    posters, longest = asyncio.run(_read_long(folder, size))
    count = judge(stored(folder / "chat.db"), posters, [])
    refused = sum(poster.refused for poster in posters)
    assert longest <= 64 << 20, f"{longest >> 20} MiB"
    assert refused or size < 15_000, "nothing was refused"
    return f"{count} acknowledged, 0 lost, {refused} refused, the log took {longest / (1 << 20):.1f} MiB"
