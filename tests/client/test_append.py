"""Whole lines in the file: full disks, rotations, several writers, killed writers."""

import fcntl
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from minechat.client.append import TRUNCATED, LineFile


def missing(count: int, reason: str) -> bytes:
    return f"--- {count} {reason}\n".encode()


@contextmanager
def line_file(path: Path, *, fsync: bool = False) -> Iterator[LineFile]:
    file = LineFile(str(path), fsync=fsync, missing_record=missing)
    try:
        yield file
    finally:
        file.close()


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"line %06d of a conversation\n" % number for number in range(first, last))


def accounted(data: bytes) -> tuple[list[int], int]:
    """The numbers in a file where each gap record stands for exactly the numbers that it counts."""
    assert data.endswith(b"\n")
    numbers: list[int] = []
    gaps = 0
    expected = 0
    for line in data.splitlines():
        if line.startswith(b"--- "):
            gaps += 1
            expected += int(line.split()[1])
        else:
            assert line == numbered(expected, expected + 1)[:-1]
            numbers.append(expected)
            expected += 1
    return numbers, gaps


def run(script: str, *args: object, tool: tuple[str, ...] = ()) -> str:
    command = [*tool, sys.executable, "-c", script, *map(str, args)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


OPENED = """
import os, sys
from minechat.client.append import LineFile
path, *rest = sys.argv[1:]
def missing(count, reason):
    return b"--- %d %s\\n" % (count, reason.encode())
file = LineFile(path, fsync="fsync" in rest, missing_record=missing)
line = b"line %06d of a conversation\\n"
"""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", disk], capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


@pytest.mark.needs("mount")
def test_a_full_disk_leaves_whole_lines_and_an_exact_gap(small_disk: Path) -> None:
    path = small_disk / "history.log"
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"b" * 30_000)
    random_ = random.Random(1)
    with line_file(path) as file:
        number = 0
        while number < 3000:
            step = random_.randint(1, 200)
            file.write(numbered(number, number + step))
            number += step
            assert path.read_bytes().endswith(b"\n")
        assert file.trouble == "No space left on device"
        assert file.missing == number - len(accounted(path.read_bytes())[0])
        ballast.unlink()
        file.write(numbered(number, number + 5))
        assert (file.trouble, file.missing) == (None, 0)
    numbers, gaps = accounted(path.read_bytes())
    assert gaps == 1
    assert numbers[-5:] == list(range(number, number + 5))


@pytest.mark.needs("mount")
def test_on_a_disk_that_is_full_now_and_then_every_line_is_there_or_counted(small_disk: Path) -> None:
    path, ballast = small_disk / "history.log", small_disk / "ballast"
    random_ = random.Random(2)
    number = 0
    with line_file(path) as file:
        for _ in range(10):
            with open(ballast, "wb", buffering=0) as filler:
                while os.statvfs(small_disk).f_bavail:
                    filler.write(b"b" * 4096)
            for _ in range(random_.randint(1, 4)):
                step = random_.randint(1, 150)
                file.write(numbered(number, number + step))
                number += step
            ballast.unlink()
            file.write(numbered(number, number + 1))
            number += 1
            assert file.missing == 0
    numbers, gaps = accounted(path.read_bytes())
    assert numbers[-1] == number - 1
    assert gaps > 1


LIMITED = (
    OPENED
    + """
import resource
sys.dont_write_bytecode = True  # the limit would leave it cut, for every later run
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
for batch in range(10):
    file.write(b"".join(line % number for number in range(batch * 7, batch * 7 + 7)))
print(file.trouble, file.missing)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
file.write(line % 70)
"""
)


def test_a_file_size_limit_is_a_full_disk_too(tmp_path: Path) -> None:
    said = run(LIMITED, tmp_path / "history.log")
    whole = 1000 // len(numbered(0, 1))
    assert said == f"File too large {70 - whole}\n"
    numbers, gaps = accounted((tmp_path / "history.log").read_bytes())
    assert (numbers, gaps) == ([*range(whole), 70], 1)


FAILING = (
    OPENED
    + """
for number in range(6):
    file.write(line % number)
    print(file.missing, file.trouble)
"""
)


@pytest.mark.needs("strace")
@pytest.mark.parametrize(
    ("error", "words"),
    [("EIO", "Input/output error"), ("EDQUOT", "Disk quota exceeded"), ("ENOSPC", "No space left on device")],
)
def test_a_failing_write_is_counted_and_told(tmp_path: Path, error: str, words: str) -> None:
    path = tmp_path / "history.log"
    strace = ("strace", "-f", "-qq", "-o", os.devnull, "-P", str(path))
    said = run(FAILING, path, tool=(*strace, "-e", f"inject=write:error={error}:when=2..3"))
    assert said.splitlines() == ["0 None", f"1 {words}", f"2 {words}", "0 None", "0 None", "0 None"]
    assert accounted(path.read_bytes()) == ([0, 3, 4, 5], 1)
    assert f"--- 2 {words}\n" in path.read_text()


@pytest.mark.needs("strace")
def test_a_disk_that_cannot_sync_is_told_and_nothing_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    strace = ("strace", "-f", "-qq", "-o", os.devnull, "-P", str(path))
    said = run(FAILING, path, "fsync", tool=(*strace, "-e", "inject=fsync:error=EIO:when=2"))
    assert said.splitlines()[:3] == ["0 None", "0 Input/output error", "0 None"]
    assert accounted(path.read_bytes()) == (list(range(6)), 0)


@pytest.mark.needs("strace")
def test_every_batch_is_synced_when_asked(tmp_path: Path) -> None:
    path, log = tmp_path / "history.log", tmp_path / "strace.log"
    run(
        FAILING,
        path,
        "fsync",
        tool=("strace", "-f", "-o", str(log), "-P", str(path), "-e", "trace=write,fsync"),
    )
    calls = [line.split(maxsplit=1)[1].partition("(")[0] for line in log.read_text().splitlines()]
    assert [call for call in calls if call in ("write", "fsync")] == ["write", "fsync"] * 6


@pytest.mark.needs("strace")
def test_a_half_line_that_cannot_be_cut_is_marked_by_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    strace = ("strace", "-f", "-qq", "-o", os.devnull, "-P", str(path))
    said = run(LIMITED, path, tool=(*strace, "-e", "inject=ftruncate:error=EIO"))
    lines = path.read_bytes().splitlines()
    whole = 1000 // len(numbered(0, 1))
    assert lines[whole].endswith(TRUNCATED.strip())
    assert lines[whole + 1 :] == [
        f"--- {70 - whole} File too large".encode(),
        b"line 000070 of a conversation",
    ]
    assert said == f"File too large {70 - whole}\n"


def test_what_another_writer_added_meanwhile_is_not_cut(tmp_path: Path) -> None:
    with line_file(tmp_path / "history.log") as file:
        file.write(numbered(0, 2))
        size = file.tell()
        with open(tmp_path / "history.log", "ab") as other:
            other.write(b"not ours\n")
        file._cut(size, size - 5)
    assert (tmp_path / "history.log").read_bytes() == numbered(0, 2) + b"not ours\n"


IMAGE = "[22.11.2026 14:05] Vlad: first\n[22.11.2026 14:06] Ева: привет 🙂 всем".encode()
LAST = IMAGE.index(b"\n") + 1


@pytest.mark.parametrize("whole", [0, LAST])
def test_a_file_cut_anywhere_is_mended_when_opened(tmp_path: Path, whole: int) -> None:
    path = tmp_path / "history.log"
    for cut in range(whole, len(IMAGE) + 1):
        path.write_bytes(IMAGE[whole:cut])
        with line_file(path) as file:
            opened = path.read_bytes()
            file.write(b"next\n")
        rest = IMAGE[whole:cut].decode(errors="ignore")
        mended = rest + TRUNCATED.decode() if rest and not rest.endswith("\n") else rest
        assert opened.decode() == mended
        assert path.read_text() == mended + "next\n"


def test_a_half_line_of_a_writer_killed_meanwhile_never_swallows_a_line(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    with line_file(path) as file, open(path, "ab", buffering=0) as killed:
        file.write(numbered(0, 1))
        killed.write(b"half a li")
        file.write(numbered(1, 2))
    assert path.read_bytes() == numbered(0, 1) + b"half a li" + TRUNCATED + numbered(1, 2)


def test_a_hundred_rotations_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    written = 0
    done = threading.Event()

    def write() -> None:
        nonlocal written
        with line_file(path) as file:
            while not done.is_set() or written % 7:
                file.write(numbered(written, written + 1))
                written += 1
            assert file.trouble is None

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for turn in range(100):
            wait_for(partial(larger, path, 0))
            path.rename(tmp_path / f"history.log.{turn:03}")
    finally:
        done.set()
        writer.join()
    files = sorted(tmp_path.glob("history.log.*")) + [path] * path.exists()
    assert b"".join(file.read_bytes() for file in files) == numbered(0, written)
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in files)


def wait_for(fact: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline
        os.sched_yield()


def test_a_deleted_file_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    with line_file(path) as file:
        file.write(numbered(0, 1))
        path.unlink()
        file.write(numbered(1, 2))
        assert path.read_bytes() == numbered(1, 2)
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_copied_and_truncated_goes_on_with_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    with line_file(path) as file:
        for turn in range(100):
            file.write(numbered(turn * 3, turn * 3 + 3))
            assert path.read_bytes() == numbered(turn * 3, turn * 3 + 3)
            os.truncate(path, 0)


def test_a_link_put_in_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    path, secret = tmp_path / "history.log", tmp_path / "secret"
    secret.write_bytes(b"secret")
    with line_file(path) as file:
        file.write(numbered(0, 1))
        path.unlink()
        path.symlink_to(secret)
        file.write(numbered(1, 3))
        assert file.missing == 2
        assert "symbolic link" in str(file.trouble)
        path.unlink()
        file.write(numbered(3, 4))
    assert secret.read_bytes() == b"secret"
    assert path.read_bytes().splitlines()[0].startswith(b"--- 2 it is a symbolic link")


def test_a_folder_that_goes_and_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "history.log"
    path.parent.mkdir()
    with line_file(path) as file:
        path.unlink()
        path.parent.rmdir()
        file.write(numbered(0, 4))
        assert (file.missing, file.trouble) == (4, "the folder it belongs in does not exist")
        path.parent.mkdir()
        file.write(numbered(4, 5))
    assert accounted(path.read_bytes()) == ([4], 1)


def test_a_writer_waits_for_the_one_that_has_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    with line_file(path) as file, open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        writer = threading.Thread(target=file.write, args=[numbered(0, 1)])
        writer.start()
        writer.join(0.05)
        assert path.read_bytes() == b""
        fcntl.flock(other, fcntl.LOCK_UN)
        writer.join()
        assert path.read_bytes() == numbered(0, 1)


def test_a_lock_that_is_never_given_back_holds_nobody_up_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("minechat.client.append.LOCK_WAIT", 0.2)
    path = tmp_path / "history.log"
    with line_file(path) as file, open(path, "rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        begin = time.monotonic()
        for number in range(100):
            file.write(numbered(number, number + 1))
        assert 0.2 <= time.monotonic() - begin < 5
        assert (file.missing, file.trouble) == (100, "another program keeps it locked")
        fcntl.flock(other, fcntl.LOCK_UN)
        file.write(numbered(100, 101))
    assert accounted(path.read_bytes()) == ([100], 1)


CROWD = (
    OPENED
    + """
import random
name, random_ = rest[0], random.Random(rest[0])
number = 0
while number < 3000:
    step = random_.randint(1, 40)
    file.write(b"".join(b"%s %d %s\\n" % (name.encode(), n, b"x" * random_.randint(0, 200))
               for n in range(number, number + step)))
    number += step
print(file.missing)
"""
)


def test_several_processes_share_a_file_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    command = [sys.executable, "-c", CROWD, str(path)]
    crowd = [subprocess.Popen([*command, name], stdout=subprocess.PIPE, text=True) for name in "abcd"]
    assert [process.communicate()[0] for process in crowd] == ["0\n"] * 4
    heard: dict[str, list[int]] = {name: [] for name in "abcd"}
    for line in path.read_text().splitlines():
        name, number, filler = line.split(" ")
        assert filler.strip("x") == ""
        heard[name].append(int(number))
    assert all(numbers == list(range(len(numbers))) and len(numbers) >= 3000 for numbers in heard.values())


def larger(path: Path, size: int) -> bool:
    return path.exists() and path.stat().st_size > size


ENDLESS = (
    OPENED
    + """
number = 0
while True:
    file.write(b"".join(line % n for n in range(number, number + 500)))
    number += 500
"""
)


def test_a_killed_writer_leaves_a_prefix_and_at_most_one_cut_line(tmp_path: Path) -> None:
    random_ = random.Random(3)
    for turn in range(8):
        path = tmp_path / f"history.{turn}"
        writer = subprocess.Popen([sys.executable, "-c", ENDLESS, str(path)])
        size = random_.randrange(1, 1_000_000)
        wait_for(partial(larger, path, size))
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        with line_file(path) as file:
            file.write(b"next\n")
        *lines, last = path.read_bytes().splitlines(keepends=True)
        assert last == b"next\n"
        if lines[-1].endswith(TRUNCATED):
            cut = lines.pop().removesuffix(TRUNCATED)
            assert numbered(len(lines), len(lines) + 1).startswith(cut)
        assert b"".join(lines) == numbered(0, len(lines))
