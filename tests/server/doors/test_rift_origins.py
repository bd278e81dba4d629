"""Scripts of web pages at RIFT's port: a whole server, by settings or by command, lets in whom it may."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from minechat.server.app import running
from minechat.server.settings import Settings
from tests.server.doors.test_upgrade import HOST, request
from tests.server.raw import DEADLINE, ports_told

PAGE, OTHER = "https://page.example", "http://localhost:3000"
#: What a browser would name, or what a client that is no browser does not, and how it is answered.
ANSWERED = {
    None: 101,
    PAGE: 101,
    OTHER: 101,
    f"http://{HOST}": 101,  # a page of this very host and port
    "https://evil.example": 403,
    f"{PAGE}.evil": 403,
    f"https://{HOST}": 403,  # it came without TLS
    "null": 403,
}


async def status(port: int, origin: str | None) -> int:
    """How the request of a script of this page is answered."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request(*([] if origin is None else [f"Origin: {origin}"])))
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), DEADLINE)
    finally:
        writer.transport.abort()
    return int(head.split()[1])


async def answered(port: int) -> dict[str | None, int]:
    return {origin: await status(port, origin) for origin in ANSWERED}


@pytest_asyncio.fixture
async def port(settings: Settings) -> AsyncIterator[int]:
    async with running(replace(settings, rift_port=0, origins=(PAGE, OTHER))) as server:
        assert server.rift_port is not None
        yield server.rift_port


async def test_pages_that_are_named_are_let_in_and_all_others_are_not(port: int) -> None:
    assert await answered(port) == ANSWERED


async def test_where_no_page_is_named_only_those_of_the_same_host_are_let_in(settings: Settings) -> None:
    async with running(replace(settings, rift_port=0)) as server:
        assert server.rift_port is not None
        assert await answered(server.rift_port) == ANSWERED | {PAGE: 403, OTHER: 403}


@pytest.fixture
def commanded(tmp_path: Path) -> Iterator[int]:
    """The port for RIFT of a server that was told its pages on the command line."""
    command = [
        sys.executable,
        "-m",
        "minechat",
        "server",
        "--no-metrics",
        "--origin",
        PAGE,
        "--origin",
        OTHER,
    ]
    for port in ("read", "write", "rift"):
        command += [f"--{port}-port", "0"]
    command += ["--database", f"sqlite:///{tmp_path}/chat.db"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            yield ports_told(process.stderr)[2]
        finally:
            process.kill()


async def test_pages_named_on_the_command_line_are_let_in_and_all_others_are_not(commanded: int) -> None:
    assert await answered(commanded) == ANSWERED
