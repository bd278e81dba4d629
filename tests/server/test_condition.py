"""How a server is: ready or why not, and the three pages that say so."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.server.condition import ENOUGH, Condition, pages
from minechat.server.figures import Figures


def condition(database: str, *, doors_open: bool = True, takes_posts: bool = True) -> Condition:
    return Condition(
        lambda: doors_open, lambda: takes_posts, lambda: {"read": 1, "write": 2}, lambda: 0, database
    )


def answers(one: Condition) -> dict[str, tuple[int, bytes]]:
    found = {path: page() for path, page in pages(one, Figures()).items()}
    return {path: (answer.status, answer.body) for path, answer in found.items()}


def test_an_open_server_is_well_and_ready(tmp_path: Path) -> None:
    (tmp_path / "chat.db").write_bytes(b"x" * 100)
    (tmp_path / "chat.db-wal").write_bytes(b"x" * 11)
    found = answers(condition(f"{tmp_path}/chat.db"))
    assert found["/health"] == (200, b"ok\n")
    assert found["/ready"] == (200, b"ready\n")
    status, body = found["/metrics"]
    assert status == 200
    assert b"minechat_database_bytes 111.0\n" in body
    assert b'minechat_connections{port="write"} 2.0\n' in body


def test_a_starting_or_stopping_server_is_well_and_not_ready(tmp_path: Path) -> None:
    found = answers(condition(f"{tmp_path}/chat.db", doors_open=False))
    assert found["/health"] == (200, b"ok\n")
    assert found["/ready"] == (503, b"not ready: starting or stopping\n")
    assert b"minechat_ready 0.0\n" in found["/metrics"][1]


def test_a_server_whose_storage_refuses_is_not_ready_whatever_space_there_is(tmp_path: Path) -> None:
    found = answers(condition(f"{tmp_path}/chat.db", takes_posts=False))
    assert found["/health"] == (200, b"ok\n")
    assert found["/ready"] == (503, b"not ready: the disk is full\n")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)], capture_output=True, text=True
    )
    if mount.returncode:
        pytest.skip(f"cannot mount a small disk here: {mount.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_full_disk_is_told_and_so_is_its_end(small_disk: Path) -> None:
    one = condition(f"{small_disk}/chat.db")
    assert one.obstacle() is None
    with open(small_disk / "filler", "wb") as filler:
        os.posix_fallocate(filler.fileno(), 0, 4 * 1024 * 1024 - ENOUGH + 4096)
    assert one.obstacle() == "not ready: the disk is full"
    assert answers(one)["/ready"][0] == 503
    os.unlink(small_disk / "filler")
    assert one.obstacle() is None
