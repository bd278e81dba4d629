"""Durability: what was acknowledged stays, whatever happens to the process, the disk and the files."""

import asyncio
import json
import random
import re
import sqlite3
import statistics
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path

from minechat.server.storage import migrations
from minechat.server.storage.database import opened
from tests.campaign._life import DEADLINE, Poster, hear, judge, server, start, stored
from tests.campaign._rift_poster import RiftPoster, judge_numbers, poster
from tests.campaign.criteria import criterion
from tests.server.storage.replaying import STRACE, failures
from tests.server.storage.test_migrations import content, old_database

STORAGE = Path(__file__).parents[1] / "server" / "storage"
POSTERS = 20
#: Those beside them who post by RIFT, with keys.
BY_RIFT = 10


async def _life(
    folder: Path, posters: list[Poster], by_rift: list[RiftPoster], chance: random.Random
) -> tuple[float, list[str]]:
    """One life to a random point of it; how long the start took, and what a reader heard."""
    everybody = [*posters, *by_rift]
    heard: list[str] = []
    async with server(folder) as life, asyncio.TaskGroup() as tasks:
        listens = asyncio.Event()
        tasks.create_task(hear(life.read_port, heard, listens))
        await listens.wait()
        before = sum(len(one.acknowledged) for one in everybody)
        for one in posters:
            tasks.create_task(one.post(life.write_port))
        for one in by_rift:
            tasks.create_task(one.post(life.rift_port))
        patience = chance.uniform(0.0, 0.4)
        if chance.random() < 0.8:  # else in the middle of the logins
            while sum(len(one.acknowledged) for one in everybody) == before:
                await asyncio.sleep(0.001)
        await asyncio.sleep(patience)
        life.kill()
    return life.ready_after, heard


async def _killed(folder: Path, kills: int) -> str:
    chance = random.Random(kills)
    posters = [Poster(f"poster{number}") for number in range(POSTERS)]
    by_rift = [poster(number) for number in range(BY_RIFT)]
    async with server(folder) as life:
        await asyncio.gather(
            *(one.post(life.write_port, texts=1) for one in posters),
            *(one.post(life.rift_port, texts=1) for one in by_rift),
        )
    lives = []
    for _ in range(kills):
        if chance.random() < 0.1:  # at any point of the start, too
            with start(folder) as process:
                await asyncio.sleep(chance.uniform(0.0, 0.4))
                process.kill()
        lives.append(await _life(folder, posters, by_rift, chance))
    ready, heard = zip(*lives, strict=True)
    # What was lost is lost by now: those who have keys send again only what is unanswered.
    count = judge(stored(folder / "chat.db"), [*posters, *by_rift], heard)
    async with server(folder) as life:
        await asyncio.gather(*(one.post(life.rift_port, texts=one.number) for one in by_rift))
    judge_numbers(stored(folder / "chat.db"), by_rift)
    keyed, again = (sum(each) for each in zip(*((one.number, one.again) for one in by_rift), strict=True))
    assert count > 10 * kills, f"only {count} were posted"
    assert keyed > 10 * kills, f"only {keyed} were posted by RIFT"
    assert again > kills, f"only {again} were sent again by RIFT"
    assert sum(map(len, heard)) > 10 * kills, "hardly anything was heard"
    assert max(ready) <= 3.0, f"ready only after {max(ready):.1f} s"
    return (
        f"{kills} kills, {count} acknowledged, 0 lost, 0 twice, of {keyed} by RIFT {again} sent again, "
        f"{sum(map(len, heard))} heard in order, ready after {statistics.median(ready):.2f} s, "
        f"at most {max(ready):.2f} s"
    )


@criterion("kill -9 loses nothing that was acknowledged", small=3, full=1000)
def killed(size: int, folder: Path) -> str:
    return asyncio.run(_killed(folder, size))


@criterion(
    "a power failure at any write loses nothing that was acknowledged",
    small=60,
    full=10_000,
    needs=("strace",),
)
def power(size: int, folder: Path) -> str:
    database, trace, left = folder / "chat.db", folder / "trace", folder / "left"
    left.mkdir()
    posting = [sys.executable, str(STORAGE / "posting.py"), str(database)]
    silent = {"stdout": subprocess.DEVNULL, "check": True}
    subprocess.run([*posting, "--posters=1", "--messages=1", "--round=1"], **silent)
    before = database.read_bytes()
    each = [*posting, f"--posters={POSTERS}", f"--messages={size // POSTERS}", "--round=2"]
    subprocess.run(["strace", *STRACE, "-o", str(trace), *each], **silent)
    acknowledged = re.compile(r"^(\d+ 2\d+) \d+$", re.MULTILINE)
    lost = list(failures(trace.read_text(), database, before, acknowledged, left, most=2000))
    assert not any(lost), f"{max(lost)} acknowledged are lost"
    return f"{size} messages, the power failed at {len(lost)} writes and syncs, 0 acknowledged lost"


@criterion(
    "a migration that is killed at any step is not begun or is done, and nothing is lost", small=1, full=1
)
def migrated(size: int, folder: Path) -> str:
    steps = [_migrated(folder / str(version), version) for version in range(1, migrations.NEWEST)]
    return f"{sum(steps)} of {sum(steps)} steps from {len(steps)} schemas, counts and checksums equal"


def _migrated(folder: Path, version: int) -> int:
    """How many steps it was killed at."""
    lives = folder / "lives"
    lives.mkdir(parents=True)
    old = old_database(folder / "old.db", version)
    before = content(old, version)
    command = [sys.executable, str(STORAGE / "migrating.py"), str(old), str(lives)]
    steps = int(subprocess.run(command, capture_output=True, check=True).stdout)
    for step in range(1, steps):
        path = lives / str(step) / "a.db"
        assert content(path, version) == before, f"step {step} lost something"
        with opened(str(path), 5.0) as (connection, _):
            assert migrations.version_of(connection) == migrations.NEWEST
        assert content(path, version) == before, f"step {step} lost something when it was begun anew"
    return steps - 1


@criterion("a bit that turned is refused or lies inside one cell, and nothing crashes", small=40, full=1000)
def turned(size: int, folder: Path) -> str:
    asyncio.run(_furnished(folder))
    copies = folder / "copies"
    copies.mkdir()
    command = [sys.executable, str(STORAGE / "flipping.py"), str(folder / "chat.db"), str(copies)]
    result = subprocess.run([*command, f"--flips={size}"], capture_output=True, text=True)
    found = json.loads(result.stdout)
    assert not found["wrong"], result.stdout
    same, refused, cells = found["same"], found["refused"], found["cells"]
    return f"{size} bits: {same} made no difference, {refused} refused, {cells} inside a cell"


async def _furnished(folder: Path) -> None:
    posters = [Poster(f"poster{number}") for number in range(POSTERS)]
    async with server(folder) as life:
        await asyncio.gather(*(poster.post(life.write_port, texts=40) for poster in posters))
        life.kill()
    # What the log holds goes into the database, as at a good end.
    with opened(str(folder / "chat.db"), 5.0):
        pass


def _with_clock(stamp: Path) -> list[str]:
    """A command that runs another one by a clock that is off by the seconds in a file."""
    # As the wrapper would, which tells its library the time once only.
    told = subprocess.run(["faketime", "-f", "+0", "env"], capture_output=True, text=True, check=True).stdout
    (preload,) = re.findall(r"^LD_PRELOAD=.*$", told, re.MULTILINE)
    settings = (f"FAKETIME_TIMESTAMP_FILE={stamp}", "FAKETIME_NO_CACHE=1", "DONT_FAKE_MONOTONIC=1")
    return ["env", preload, *settings, "FAKETIME_DONT_FAKE_MONOTONIC=1"]


async def _jumped(folder: Path, jumps: int) -> tuple[Poster, list[str]]:
    """The clock of a server goes back an hour and on a year, again and again."""
    stamp, poster, heard = folder / "time", Poster("poster"), []
    stamp.write_text("+0")
    async with server(folder, *_with_clock(stamp)) as life, asyncio.TaskGroup() as tasks:
        listens = asyncio.Event()
        tasks.create_task(hear(life.read_port, heard, listens))
        await listens.wait()
        for jump in range(jumps):
            await poster.post(life.write_port, texts=20 * jump + 10)
            stamp.write_text(("-3600", "+31536000")[jump % 2])
            await poster.post(life.write_port, texts=20 * jump + 20)
        life.kill()
    return poster, heard


@criterion("a clock that jumps changes no order and ends no token", small=1, full=20, needs=("faketime",))
def jumped(size: int, folder: Path) -> str:
    poster, heard = asyncio.run(_jumped(folder, size))
    texts = stored(folder / "chat.db")
    judge(texts, [poster], [heard])
    assert poster.acknowledged == texts, "the order is not that in which it was said"
    with closing(sqlite3.connect(folder / "chat.db")) as connection:
        times = [at for (at,) in connection.execute("SELECT said_at FROM message ORDER BY seq")]
        (accounts,) = connection.execute("SELECT count(*) FROM account").fetchone()
    assert accounts == 1, "a token was not known any more"
    assert max(times) - min(times) > 300 * 86_400_000 or size < 2, "the clock did not jump"
    return f"{size} jumps, {len(texts)} messages in the order they were said, the token held"


async def _taken(folder: Path, how: str) -> tuple[Poster, int | None]:
    poster = Poster("poster")
    async with server(folder) as life:
        await poster.post(life.write_port, texts=20)
        path = folder / ("chat.db-wal" if how == "log gone" else "chat.db")
        if how == "mode 000":
            path.chmod(0)
        else:
            path.rename(folder / "away")
        if how == "replaced":
            path.write_bytes(b"something else")
        with suppress(AssertionError, EOFError, ConnectionError):
            await poster.post(life.write_port, texts=40)
        if how == "mode 000":
            life.kill()
            return poster, None
        return poster, await asyncio.to_thread(life.process.wait, DEADLINE)


@criterion(
    "a database that is taken away, replaced or closed loses nothing and is never begun anew", small=4, full=4
)
def taken(size: int, folder: Path) -> str:
    kept = 0
    for how in ("gone", "log gone", "replaced", "mode 000")[:size]:
        life = folder / how
        life.mkdir()
        poster, code = asyncio.run(_taken(life, how))
        path = life / "chat.db"
        if how == "log gone":
            (life / "away").rename(life / "chat.db-wal")
        elif how != "mode 000":
            assert not path.exists() or path.read_bytes() == b"something else", "a new one was begun"
            (life / "away").replace(path)
        assert code != 0, f"{how}: it ended as if nothing had happened"
        kept += judge(stored(path), [poster], [])
    return f"{size} ways, {kept} acknowledged, 0 lost"
