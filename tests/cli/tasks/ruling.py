"""A whole server in this process, and its owner's commands as processes of their own."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.cli.tasks.programs import task
from tests.server.raw import opened


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Server]:
    """A server on ``a.db`` in a folder, limits off, its admin socket where the commands look for it."""
    settings = Settings(
        read_port=0,
        write_port=0,
        database=f"sqlite:///{folder}/a.db",
        limits=PROFILES["off"],
        admin_socket=f"{folder}/a.db.admin",
    )
    async with running(settings) as server:
        try:
            yield server
        finally:
            while opened:
                await opened.pop().close()


async def ordered(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Runs ``minechat server`` and these words on ``a.db`` in a folder, while the server goes on."""
    return await asyncio.to_thread(task, folder, *words)


async def done(folder: Path, *words: str) -> tuple[str, str]:
    """What a command that must succeed said on stdout and on stderr."""
    result = await ordered(folder, *words)
    assert result.returncode == 0, result.stderr
    return result.stdout, result.stderr
