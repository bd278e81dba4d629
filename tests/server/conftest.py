"""A real server on free ports for the tests of its doors."""

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from minechat.server import log
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.server.raw import opened, ports_told


class Kept(logging.Handler):
    """Everything that was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Iterator[Kept]:
    """The log of the server inside this process."""
    kept = Kept()
    monkeypatch.setattr(log.logger, "handlers", [kept])
    before = log.logger.level
    log.logger.setLevel(logging.INFO)
    yield kept
    log.logger.setLevel(before)


async def close_raw_clients() -> None:
    while opened:
        await opened.pop().close()
    for _ in range(10):  # the server hears of it in the next turns, and need not wait for them when it stops
        await asyncio.sleep(0)


@pytest_asyncio.fixture(autouse=True)
async def raw_clients_are_closed() -> AsyncIterator[None]:
    yield
    await close_raw_clients()


@pytest_asyncio.fixture
async def settings(tmp_path: Path) -> Settings:
    return Settings(
        read_port=0, write_port=0, database=f"sqlite:///{tmp_path}/chat.db", limits=PROFILES["off"]
    )


@pytest_asyncio.fixture
async def server(settings: Settings) -> AsyncIterator[Server]:
    """Limits off, so that a test meets what it is about."""
    async with running(settings) as server:
        yield server
        await close_raw_clients()


@pytest_asyncio.fixture
async def fair_server(settings: Settings) -> AsyncIterator[Server]:
    """With the default limits."""
    async with running(replace(settings, limits=PROFILES["default"])) as server:
        yield server
        await close_raw_clients()


@pytest.fixture
def server_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The process of ``process_server``."""
    command = [sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0"]
    with subprocess.Popen(
        [*command, "--limits", "off", "--database", f"sqlite:///{tmp_path}/chat.db"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.terminate()


@pytest.fixture
def process_server(server_process: subprocess.Popen[str]) -> Server:
    """A server in a process of its own, limits off: for tests that send a lot."""
    assert server_process.stderr is not None
    return Server("127.0.0.1", *ports_told(server_process.stderr)[:2])
