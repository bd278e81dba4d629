"""The status port of a whole server: there for who wants it, and nobody else pays for it."""

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

from minechat.server.app import running
from minechat.server.settings import Settings


async def test_it_answers_about_this_server(settings: Settings) -> None:
    async with running(replace(settings, metrics_port=0)) as server:
        assert server.metrics_port

        def page(path: str) -> bytes:
            with urlopen(f"http://127.0.0.1:{server.metrics_port}{path}", timeout=10) as answer:
                return bytes(answer.read())

        assert await asyncio.to_thread(page, "/ready") == b"ready\n"
        assert b"minechat_ready 1.0\n" in await asyncio.to_thread(page, "/metrics")


async def test_who_wants_none_gets_none(settings: Settings) -> None:
    async with running(settings) as server:
        assert server.metrics_port is None


WITHOUT = """
import asyncio, sys
from minechat.server.app import running
from minechat.server.settings import Settings

async def main():
    async with running(Settings(read_port=0, write_port=0, database="sqlite:///a.db")):
        pass

asyncio.run(main())
print(*sorted({"prometheus_client", "h11"} & sys.modules.keys()))
"""


def test_who_wants_none_does_not_load_its_libraries(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], cwd=tmp_path, capture_output=True, text=True, timeout=30
    )
    assert (done.stdout, done.returncode) == ("\n", 0), done.stderr
