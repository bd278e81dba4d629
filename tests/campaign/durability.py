"""Durability: what was acknowledged stays, whatever happens to the process, the disk and the files."""

import asyncio
import random
import statistics
from pathlib import Path

from tests.campaign._life import Poster, hear, judge, server, start, stored
from tests.campaign.criteria import criterion

POSTERS = 20


async def _life(folder: Path, posters: list[Poster], chance: random.Random) -> tuple[float, list[str]]:
    """One life to a random point of it; how long the start took, and what a reader heard."""
    heard: list[str] = []
    async with server(folder) as life, asyncio.TaskGroup() as tasks:
        listens = asyncio.Event()
        tasks.create_task(hear(life.read_port, heard, listens))
        await listens.wait()
        before = sum(len(poster.acknowledged) for poster in posters)
        for poster in posters:
            tasks.create_task(poster.post(life.write_port))
        patience = chance.uniform(0.0, 0.4)
        if chance.random() < 0.8:  # else in the middle of the logins
            while sum(len(poster.acknowledged) for poster in posters) == before:
                await asyncio.sleep(0.001)
        await asyncio.sleep(patience)
        life.kill()
    return life.ready_after, heard


async def _killed(folder: Path, kills: int) -> str:
    chance = random.Random(kills)
    posters = [Poster(f"poster{number}") for number in range(POSTERS)]
    async with server(folder) as life:
        await asyncio.gather(*(poster.post(life.write_port, texts=1) for poster in posters))
    lives = []
    for _ in range(kills):
        if chance.random() < 0.1:  # at any point of the start, too
            with start(folder) as process:
                await asyncio.sleep(chance.uniform(0.0, 0.4))
                process.kill()
        lives.append(await _life(folder, posters, chance))
    ready, heard = zip(*lives, strict=True)
    count = judge(stored(folder / "chat.db"), posters, heard)
    assert count > 10 * kills, f"only {count} were posted"
    assert sum(map(len, heard)) > 10 * kills, "hardly anything was heard"
    assert max(ready) <= 3.0, f"ready only after {max(ready):.1f} s"
    return (
        f"{kills} kills, {count} acknowledged, 0 lost, 0 twice, {sum(map(len, heard))} heard in order, "
        f"ready after {statistics.median(ready):.2f} s, at most {max(ready):.2f} s"
    )


@criterion("kill -9 loses nothing that was acknowledged", small=4, full=1000)
def killed(size: int, folder: Path) -> str:
    return asyncio.run(_killed(folder, size))
