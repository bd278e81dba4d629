"""The history as its caller sees it: bad paths, cancelled and failing batches, privacy, gap records."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minechat.client.history import WARN_EVERY, History, history
from minechat.errors import HistoryUnusable

STAMP = "[22.11.2026 14:05]"


def stamp() -> str:
    return STAMP


def never(warning: str) -> None:
    pytest.fail(f"warned: {warning}")


def lines(first: int, last: int) -> bytes:
    return b"".join(b"%s Vlad: line %05d\n" % (STAMP.encode(), number) for number in range(first, last))


@contextmanager
def nobody() -> Iterator[None]:
    """Acts as a user who may do nothing special, in every thread."""
    if os.geteuid() == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        if os.getuid() == 0:
            os.seteuid(0)


@contextmanager
def public_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


async def refused(path: str | Path) -> str:
    """The one line with which a path is refused, within a second."""
    begin = time.monotonic()
    with pytest.raises(HistoryUnusable) as caught:
        async with history(str(path), warn=never, stamp=stamp):
            pass
    assert time.monotonic() - begin < 1
    words = str(caught.value)
    assert repr(str(path)) in words
    assert "\n" not in words
    return words


async def test_a_batch_is_on_disk_when_append_returns(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    async with history(str(path), warn=never, stamp=stamp) as opened:
        assert path.read_bytes() == b""
        for number in range(20):
            await opened.append(lines(number, number + 1))
            assert path.read_bytes() == lines(0, number + 1)
        await opened.append(lines(20, 9999))
        assert path.read_bytes() == lines(0, 9999)


KILLED = """
import asyncio, os, signal, sys
from minechat.client.history import history

async def main():
    async with history(sys.argv[1], warn=print, stamp=str) as opened:
        await opened.append(b"[now] Eva: last words\\n")
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


def test_nothing_that_was_appended_dies_with_the_process(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "history.log"])
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "history.log").read_bytes() == b"[now] Eva: last words\n"


async def test_what_was_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    for number in range(3):
        async with history(str(path), warn=never, stamp=stamp) as opened:
            await opened.append(lines(number, number + 1))
    assert path.read_bytes() == lines(0, 3)


async def test_a_half_line_is_mended_before_anything_is_appended(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    path.write_bytes(lines(0, 2)[:-4])
    async with history(str(path), warn=never, stamp=stamp) as opened:
        mended = lines(0, 2)[:-4] + b" [truncated]\n"
        assert path.read_bytes() == mended
        await opened.append(lines(2, 3))
    assert path.read_bytes() == mended + lines(2, 3)


async def test_a_gap_is_one_harmless_record(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    async with history(str(path), warn=never, stamp=stamp) as opened:
        await opened.gap("lost: chat.example said \x1b[2J\r\nbye\udcff")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(f"--- {STAMP} lost: chat.example said ␛[2J bye")
    assert text.count("\n") == 1
    assert text.endswith("\n")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "the name is empty"),
        ("no\0file", "cannot be the name of a file"),
        ("\ud800", "cannot be the name of a file"),
        ("x" * 300, "name too long"),
        ("absent/history.log", "the folder it belongs in does not exist"),
        (".", "it is a folder"),
        ("file/history.log", "Not a directory"),
        ("/dev/full", "it is a device"),
        ("/dev/zero", "it is a device"),
    ],
)
async def test_a_bad_path_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, words: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    assert words in await refused(path)


async def test_a_pipe_and_a_socket_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert "it is a named pipe" in await refused(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(tmp_path / "socket"))
        assert "it is a socket" in await refused(tmp_path / "socket")


async def test_a_link_is_refused_and_its_target_untouched(tmp_path: Path) -> None:
    secret, link, dangling = tmp_path / "secret", tmp_path / "link", tmp_path / "dangling"
    secret.write_bytes(b"secret, and no newline at its end")
    link.symlink_to(secret)
    dangling.symlink_to(tmp_path / "absent")
    assert repr(str(secret)) in await refused(link)
    assert repr(str(tmp_path / "absent")) in await refused(dangling)
    assert secret.read_bytes() == b"secret, and no newline at its end"
    assert not (tmp_path / "absent").exists()


async def test_a_file_or_a_folder_of_others_is_refused() -> None:
    with public_folder() as folder:
        (folder / "history.log").touch(0o600)
        (folder / "readable.log").touch()
        (folder / "readable.log").chmod(0o444)
        with nobody():
            if os.access(folder, os.W_OK, effective_ids=True):
                pytest.skip("nothing is forbidden to this user")
            for name in ("history.log", "readable.log", "new.log"):
                assert "Permission denied" in await refused(folder / name)


@pytest.mark.needs("mount")
async def test_a_read_only_disk_is_refused(tmp_path: Path) -> None:
    options = ["mount", "-t", "tmpfs", "-o", "ro,size=64k", "tmpfs", tmp_path]
    done = subprocess.run(options, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount a disk here: {done.stderr.strip()}")
    try:
        assert "Read-only file system" in await refused(tmp_path / "history.log")
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


async def test_the_null_device_takes_everything() -> None:
    async with history(os.devnull, warn=never, stamp=stamp) as opened:
        for number in range(3):
            await opened.append(lines(number, number + 100))


@pytest.mark.needs("strace")
def test_the_file_is_private_from_its_first_system_call(tmp_path: Path) -> None:
    path, log = tmp_path / "history.log", tmp_path / "strace.log"
    script = "import os; os.umask(0)\n" + KILLED
    strace = ["strace", "-f", "-o", log, "-P", path, "-e", "trace=%file,%desc"]
    subprocess.run([*strace, sys.executable, "-c", script, path])
    calls = log.read_text().splitlines()
    created = [call for call in calls if "O_CREAT" in call]
    assert len(created) == 1
    assert ", 0600) = " in created[0]
    assert not any("chmod" in call for call in calls)
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_cancelled_append_still_leaves_its_lines_in_order(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    random_ = random.Random(4)
    number = 0
    async with history(str(path), warn=never, stamp=stamp) as opened:
        for _ in range(200):
            step = random_.randint(1, 300)
            append = asyncio.create_task(opened.append(lines(number, number + step)))
            number += step
            for _ in range(random_.randint(1, 4)):
                await asyncio.sleep(0)
            append.cancel()
    assert path.read_bytes() == lines(0, number)


async def test_leaving_while_cancelled_still_writes_what_was_given(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    entered = asyncio.Event()

    async def watch() -> None:
        async with history(str(path), warn=never, stamp=stamp) as opened:
            entered.set()
            for number in range(1000):
                await opened.append(lines(number * 100, number * 100 + 100))

    watching = asyncio.create_task(watch())
    await entered.wait()
    watching.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watching
    data = path.read_bytes()
    assert data == lines(0, data.count(b"\n"))
    assert data.count(b"\n") % 100 == 0


class Disk:
    """A file system of 64 KiB that can be filled to the brim and freed."""

    def __init__(self, folder: Path) -> None:
        self.history = folder / "history.log"
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        with open(self._ballast, "ab", buffering=0) as file:
            while os.statvfs(self._ballast).f_bavail:
                file.write(b"b" * 4096)

    def free(self) -> None:
        self._ballast.unlink()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]
    done = subprocess.run(options, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
    yield Disk(tmp_path)
    subprocess.run(["umount", "-l", tmp_path], check=True)


async def append_each(opened: History, first: int, last: int) -> None:
    for number in range(first, last):
        await opened.append(lines(number, number + 1))


@pytest.mark.needs("mount")
async def test_a_full_disk_warns_once_a_minute_and_ends_with_one_exact_gap_record(disk: Disk) -> None:
    warnings: list[str] = []
    now = 1000.0
    path = str(disk.history)
    async with history(path, warn=warnings.append, stamp=stamp, clock=lambda: now) as opened:
        await append_each(opened, 0, 10)
        disk.fill()
        await append_each(opened, 10, 500)
        whole = disk.history.read_bytes().count(b"\n")
        assert disk.history.read_bytes() == lines(0, whole)
        assert len(warnings) == 1
        assert path in warnings[0]
        assert "No space left on device" in warnings[0]
        now += WARN_EVERY - 1
        await append_each(opened, 500, 600)
        assert len(warnings) == 1
        now += 1
        await append_each(opened, 600, 700)
        assert len(warnings) == 2
        assert warnings[1].endswith(f"missing records so far: {601 - whole}")
        disk.free()
        await append_each(opened, 700, 705)
    gap = f"--- {STAMP} {700 - whole} records are missing here: No space left on device\n".encode()
    assert disk.history.read_bytes() == lines(0, whole) + gap + lines(700, 705)
    assert len(warnings) == 2


@pytest.mark.needs("mount")
async def test_the_gap_is_recorded_at_the_end_when_nothing_more_is_said(disk: Disk) -> None:
    warnings: list[str] = []
    async with history(str(disk.history), warn=warnings.append, stamp=stamp) as opened:
        await append_each(opened, 0, 1)
        disk.fill()
        await opened.append(lines(1, 4096))
        whole = disk.history.read_bytes().count(b"\n")
        disk.free()
    gap = f"--- {STAMP} {4096 - whole} records are missing here: No space left on device\n".encode()
    assert disk.history.read_bytes() == lines(0, whole) + gap
