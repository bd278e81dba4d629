"""Backups and restores beside a server under load, and cut short: whole or not there at all."""

import asyncio
import random
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from tests.campaign._life import DEADLINE, Poster, opened_to_write, server, stored
from tests.campaign.criteria import criterion

POSTERS = 20


def command(*words: str | Path) -> list[str]:
    return [sys.executable, "-m", "minechat", "server", *map(str, words)]


async def done(*words: str | Path) -> None:
    """Runs a task on a server to its end, which must be good."""
    process = await asyncio.create_subprocess_exec(
        *command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await asyncio.wait_for(process.communicate(), DEADLINE)
    assert process.returncode == 0, errors.decode()


async def _under_load(folder: Path, times: int) -> tuple[list[list[str]], int]:
    """The texts of each backup as it was restored, and how many were acknowledged in the end."""
    posters, found = [Poster(f"poster{number}") for number in range(POSTERS)], []
    chat = f"sqlite:///{folder}/chat.db"
    async with server(folder) as life, asyncio.TaskGroup() as tasks:
        for poster in posters:
            tasks.create_task(poster.post(life.write_port))
        while not all(poster.acknowledged for poster in posters):
            await asyncio.sleep(0.001)
        for number in range(times):
            before = {text for poster in posters for text in poster.acknowledged}
            backup, again = folder / f"{number}.backup", folder / f"{number}.db"
            await done("backup", backup, "--database", chat)
            await done("restore", backup, "--verify", "--database", f"sqlite:///{again}")
            found.append(stored(again))
            lacking = before.difference(found[-1])
            assert not lacking, f"{len(lacking)} acknowledged before it are not in backup {number}"
            for path in (backup, again):
                path.unlink()
        writers = opened_to_write(life.process.pid, folder / "chat.db")
        assert writers == 1, f"{writers} connections of the server write"
        life.kill()
    return found, sum(len(poster.acknowledged) for poster in posters)


@criterion("a backup under load is a prefix of what was said, and is restored whole", small=1, full=20)
def under_load(size: int, folder: Path) -> str:
    found, count = asyncio.run(_under_load(folder, size))
    texts = stored(folder / "chat.db")
    for number, backup in enumerate(found):
        assert backup == texts[: len(backup)], f"backup {number} is no prefix"
    return f"{size} of {size}, the last with {len(found[-1])} of {len(texts)} messages; {count} acknowledged"


@criterion("a backup or a restore that is killed leaves no half file", small=1, full=100)
def cut_short(size: int, folder: Path) -> str:
    chance = random.Random(size)
    asyncio.run(_furnished(folder))
    source = f"sqlite:///{folder}/chat.db"
    expected, there = stored(folder / "chat.db"), 0
    for number in range(size):
        for words, made in (
            (("backup", folder / "one.backup", "--database", source), folder / "one.backup"),
            (
                ("restore", folder / "whole.backup", "--verify", "--database", f"sqlite:///{folder}/made.db"),
                folder / "made.db",
            ),
        ):
            if number == 0 and words[0] == "restore":
                subprocess.run(
                    command("backup", folder / "whole.backup", "--quiet", "--database", source),
                    stdout=subprocess.DEVNULL,
                    check=True,
                )
            with subprocess.Popen(
                command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            ) as process:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(chance.uniform(0.1, 0.5))
                process.kill()
            if made.exists():
                assert stored(made) == expected, f"{made.name} is not whole"
                there += 1
                made.unlink()
    return f"{2 * size} kills, {there} files were made, each of them whole"


async def _furnished(folder: Path) -> None:
    poster = Poster("poster")
    async with server(folder) as life:
        await poster.post(life.write_port, texts=300)
        life.kill()
