"""The files of an open database: noticed when they go, and asked whether there is room."""

import errno
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable
from minechat.server.storage.files import Files
from tests.server.storage.disks import small_disk


def files(folder: Path) -> Files:
    (folder / "a.db").write_bytes(b"database")
    (folder / "a.db-wal").write_bytes(b"log")
    return Files(str(folder / "a.db"))


def test_the_size_of_the_log_is_told(tmp_path: Path) -> None:
    assert files(tmp_path).check() == 3


@pytest.mark.parametrize("name", ["a.db", "a.db-wal"])
def test_a_file_that_goes_or_is_replaced_is_noticed(tmp_path: Path, name: str) -> None:
    mine = files(tmp_path)
    (tmp_path / name).rename(tmp_path / "away")
    with pytest.raises(DatabaseUnusable, match="removed or replaced"):
        mine.check()
    (tmp_path / name).write_bytes((tmp_path / "away").read_bytes())
    with pytest.raises(DatabaseUnusable, match="removed or replaced"):
        mine.check()


def test_there_is_room_and_asking_leaves_nothing(tmp_path: Path) -> None:
    mine = files(tmp_path)
    assert not mine.lack_room(1)
    assert {one.name for one in tmp_path.iterdir()} == {"a.db", "a.db-wal"}


@pytest.mark.needs("mount", "umount")
def test_a_full_disk_has_no_room(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m"):
        mine = files(tmp_path / "disk")
        assert not mine.lack_room(2 << 20)
        assert mine.lack_room(8 << 20)
        assert not (tmp_path / "disk" / "a.db.probe").exists()


@pytest.mark.needs("mount", "umount")
@pytest.mark.parametrize(("size", "expected"), [("32m", True), ("128m", False)])
def test_a_disk_with_little_room_is_tight(tmp_path: Path, size: str, expected: bool) -> None:
    with small_disk(tmp_path / "disk", size):
        assert files(tmp_path / "disk").are_tight() is expected


@pytest.mark.needs("mount", "umount")
def test_room_that_came_a_moment_ago_counts_from_the_next_time_on(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "4m"):
        mine = files(tmp_path / "disk")
        ballast = tmp_path / "disk" / "ballast"
        ballast.write_bytes(bytes(3 << 20))
        assert mine.lack_room(1) and mine.lack_room(1)
        ballast.unlink()
        assert [mine.lack_room(1) for _ in range(3)] == [True, False, False]


LIMITED = """
import resource, sys
from minechat.server.storage.files import Files
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
print(Files(sys.argv[1]).lack_room(2 << 20))
"""


@pytest.mark.parametrize(("limit", "expected"), [(1 << 20, "True"), (4 << 20, "False")])
def test_a_limit_of_the_file_size_is_no_room(tmp_path: Path, limit: int, expected: str) -> None:
    files(tmp_path)
    command = [sys.executable, "-c", LIMITED, tmp_path / "a.db", str(limit)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == (expected, "")


@pytest.mark.needs("strace")
@pytest.mark.parametrize(("error", "expected"), [("EDQUOT", "True"), ("ENOSPC", "True"), ("EIO", "False")])
def test_only_errors_that_tell_of_room_count(tmp_path: Path, error: str, expected: str) -> None:
    files(tmp_path)
    inject = ("strace", "-o", "/dev/null", "-e", "trace=pwrite64,write", "-P", tmp_path / "a.db.probe")
    inject += ("-e", f"inject=write:error={error}")
    command = [*inject, sys.executable, "-c", LIMITED, tmp_path / "a.db", str(resource.RLIM_INFINITY)]
    result = subprocess.run(command, capture_output=True, text=True)
    assert (result.stdout.strip(), result.stderr) == (expected, "")
    assert hasattr(errno, error)
