"""The service manager hears when the server is ready, reloads, stops and lives."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat import system
from minechat.cli.service import PAUSE, Service


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(10)
        yield manager


def heard(manager: socket.socket) -> list[str]:
    return manager.recv(4096).decode().split("\n")


def service(manager: socket.socket, **environ: str) -> Service:
    return Service.of({"NOTIFY_SOCKET": manager.getsockname(), **environ})


async def test_it_hears_that_the_server_is_ready_and_then_that_it_lives(manager: socket.socket) -> None:
    one = service(manager, WATCHDOG_USEC="30000", WATCHDOG_PID=str(os.getpid()))
    counts = iter(range(100))
    task = asyncio.create_task(one.watch(lambda: f"{next(counts)} connected"))
    messages = [await asyncio.to_thread(heard, manager) for _ in range(3)]
    task.cancel()
    assert messages == [
        ["READY=1", "STATUS=0 connected"],
        ["WATCHDOG=1", "STATUS=1 connected"],
        ["WATCHDOG=1", "STATUS=2 connected"],
    ]


def test_it_hears_of_a_reload_by_the_clock_it_knows(manager: socket.socket) -> None:
    one = service(manager)
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    one.reloading()
    reloading, stamp = heard(manager)
    assert reloading == "RELOADING=1"
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000
    one.ready()
    assert heard(manager) == ["READY=1"]
    one.stopping()
    assert heard(manager) == ["STOPPING=1", "STATUS=stopping"]


@pytest.mark.parametrize(
    ("environ", "pause"),
    [
        ({}, PAUSE),
        ({"WATCHDOG_USEC": "60000000"}, 20.0),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, PAUSE),
        ({"WATCHDOG_USEC": "0"}, PAUSE),
        ({"WATCHDOG_USEC": "soon"}, PAUSE),
    ],
)
def test_a_sign_of_life_comes_three_times_as_often_as_asked(environ: dict[str, str], pause: float) -> None:
    assert Service.of(environ)._pause == pause


def test_an_abstract_address_is_one_too() -> None:
    name = f"minechat-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"\0{name}")
        manager.settimeout(10)
        system.notify(f"@{name}", "READY=1", "STATUS=ok")
        assert heard(manager) == ["READY=1", "STATUS=ok"]


def test_nobody_there_is_no_failure(tmp_path: Path) -> None:
    assert not Service.of({})
    Service.of({}).stopping()
    Service.of({"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
