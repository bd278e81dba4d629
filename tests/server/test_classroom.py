"""A class of two hundred behind one address: all register, listen and post at once, through real sockets."""

import asyncio
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from minechat.server.handle import Server
from tests.server.raw import GREETING, SENT, Raw, log_in, raw

PUPILS = 200


@asynccontextmanager
async def serving(folder: Path, limits: str) -> AsyncIterator[Server]:
    """A server in a process of its own with a profile of limits."""
    command = [
        sys.executable,
        "-m",
        "minechat",
        "server",
        "--read-port",
        "0",
        "--write-port",
        "0",
        "--no-metrics",
    ]
    command += ["--limits", limits, "--database", f"sqlite:///{folder}/chat.db"]
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE) as process:
        try:
            assert process.stderr is not None
            ports = re.search(rb"port (\d+) to watch, port (\d+)", process.stderr.readline())
            assert ports is not None
            yield Server("127.0.0.1", int(ports[1]), int(ports[2]))
        finally:
            process.terminate()
            process.stderr.read()


async def arrive(server: Server, number: int) -> tuple[Raw, Raw, str]:
    """A pupil's two connections, and the name it was given."""
    reader = await raw(server.read_port)
    client, nickname, _ = await log_in(server.write_port, f"Pupil {number}")
    return reader, client, nickname


async def post(client: Raw, number: int) -> None:
    client.send(f"hello from {number}\n\n".encode())
    assert await client.line() == SENT


async def test_everybody_registers_posts_and_hears_everybody(tmp_path: Path) -> None:
    async with serving(tmp_path, "classroom") as server:
        pupils = await asyncio.gather(*(arrive(server, number) for number in range(PUPILS)))
        assert len({nickname for _, _, nickname in pupils}) == PUPILS
        await asyncio.gather(*(post(client, number) for number, (_, client, _) in enumerate(pupils)))
        said = {f"{nickname}: hello from {n}\n".encode() for n, (_, _, nickname) in enumerate(pupils)}
        heard = b"".join(await pupils[0][0].lines(PUPILS))
        assert set(heard.splitlines(keepends=True)) == said
        for reader, _, _ in pupils[1:]:
            assert await reader.reader.readexactly(len(heard)) == heard


async def test_without_that_profile_most_of_them_stay_outside_and_are_told_why(tmp_path: Path) -> None:
    async with serving(tmp_path, "default") as server:
        first = [await (await raw(server.write_port)).line() for _ in range(PUPILS)]
        told = b"Message not sent: too many connections from your address. Try again in 30 s.\n"
        assert sorted(first) == [GREETING] * 64 + [told] * (PUPILS - 64)
