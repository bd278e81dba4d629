"""Private files, locks, keep-alive, signals and limits; and the clients without what Windows lacks."""

import errno
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minechat import system

CREATE = os.O_WRONLY | os.O_APPEND | os.O_CREAT


@contextmanager
def umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    with umask(0):
        os.close(system.open_private(str(tmp_path / "new"), CREATE))
    assert mode(tmp_path / "new") == 0o600


def test_it_serves_as_an_opener(tmp_path: Path) -> None:
    with open(tmp_path / "new", "ab", buffering=0, opener=system.open_private) as file:
        file.write(b"x")
    assert (tmp_path / "new").read_bytes() == b"x"
    with open(tmp_path / "new", "rb", opener=system.open_private) as file:
        assert not os.get_inheritable(file.fileno())


@pytest.mark.parametrize("writer", [True, False])
def test_a_pipe_is_refused_at_once_with_and_without_a_reader(tmp_path: Path, writer: bool) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    if not writer:
        os.close(reader)
    begin = time.monotonic()
    with pytest.raises(OSError, match="named pipe") as caught:
        system.open_private(str(pipe), CREATE)
    assert caught.value.errno == errno.ENXIO
    assert time.monotonic() - begin < 1


def test_a_link_is_refused_and_its_target_named(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"s")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(OSError, match="secret") as caught:
        system.open_private(str(tmp_path / "link"), CREATE)
    assert caught.value.errno == errno.ELOOP


def test_a_pipe_that_takes_the_place_of_a_file_is_refused_by_its_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    before = len(os.listdir("/dev/fd"))
    # As if the name had been free when it was looked at.
    monkeypatch.setattr(system, "_status", lambda path: None)
    with pytest.raises(OSError, match="named pipe"):
        system.open_private(str(tmp_path / "pipe"), CREATE)
    assert len(os.listdir("/dev/fd")) == before
    os.close(reader)


def test_a_link_that_takes_the_place_of_a_file_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    monkeypatch.setattr(system, "_status", lambda path: None)
    with pytest.raises(OSError, match="symbolic") as caught:
        system.open_private(str(tmp_path / "link"), CREATE)
    assert caught.value.errno == errno.ELOOP
    assert not (tmp_path / "target").exists()


def test_a_pipe_that_takes_the_place_of_a_file_never_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(system, "_status", lambda path: None)
    late_reader = threading.Timer(
        1, lambda: os.close(os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK))
    )
    late_reader.start()
    begin = time.monotonic()
    with pytest.raises(OSError, match="No such device or address"):
        system.open_private(str(tmp_path / "pipe"), CREATE)
    assert time.monotonic() - begin < 1
    late_reader.cancel()
    late_reader.join()


def test_the_null_device_is_taken_and_others_are_not() -> None:
    os.close(system.open_private(os.devnull, CREATE))
    with pytest.raises(OSError, match="it is a device"):
        system.open_private("/dev/zero", os.O_RDONLY)


def test_a_user_has_a_name_or_a_number() -> None:
    assert system.user_name(0) == "root"
    assert system.user_name(3_999_999_999) == "uid 3999999999"
    assert system.user_name(None) == ""


def test_a_lock_keeps_others_out_until_it_is_given_back(tmp_path: Path) -> None:
    path = str(tmp_path / "file")
    first, second = system.open_private(path, CREATE), system.open_private(path, CREATE)
    try:
        assert system.lock(first)
        assert not system.lock(second)
        begin = time.monotonic()
        assert not system.lock(second, wait=0.05)
        assert 0.05 <= time.monotonic() - begin < 2
        release = threading.Timer(0.01, system.unlock, [first])
        release.start()
        assert system.lock(second, wait=10)
        release.join()
        system.unlock(second)
        system.unlock(second)
        assert system.lock(first)
    finally:
        os.close(first)
        os.close(second)


def test_a_folder_is_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    system.sync_folder(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    system.sync_folder("")
    with pytest.raises(FileNotFoundError):
        system.sync_folder(str(tmp_path / "absent"))


def test_a_public_or_foreign_file_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "it's a file"
    file.touch(0o600)
    assert system.private_mode_problem(file.stat()) is None
    for public in (0o640, 0o604, 0o620, 0o602):
        file.chmod(public)
        assert system.private_mode_problem(file.stat()) == f"other users may read it (mode 0{public:o})"
    command = system.make_private_command(str(file), file.stat())
    subprocess.run(command, shell=True, check=True)
    assert system.private_mode_problem(file.stat()) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_the_owner_counts() -> None:
    with tempfile.NamedTemporaryFile() as file:
        os.chown(file.name, 12345, -1)
        status = os.stat(file.name)
        assert system.private_mode_problem(status) == "it belongs to another user (uid 12345)"
        subprocess.run(
            system.make_private_command(file.name, status).removeprefix("sudo "), shell=True, check=True
        )
        assert system.private_mode_problem(os.stat(file.name)) is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads Linux options back")
def test_keepalive_reaches_the_kernel() -> None:
    with socket.socket() as sock:
        system.keepalive(sock, 60)
        options = [socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT]
        assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
        assert [sock.getsockopt(socket.IPPROTO_TCP, name) for name in options] == [60, 10, 3, 60_000]
        system.keepalive(sock, 0.5)
        assert [sock.getsockopt(socket.IPPROTO_TCP, name) for name in options] == [1, 1, 3, 500]
        system.keepalive(sock, 1_000_000)
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 32767


def test_the_signals_that_end_a_program() -> None:
    assert set(system.signals()) >= {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


def test_the_descriptor_limit_rises_to_the_hard_one() -> None:
    script = (
        "import resource; from minechat.system import raise_descriptor_limit;"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 128));"
        "print(raise_descriptor_limit(), *resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["128", "128", "128"]


WITHOUT = """
import asyncio, os, signal, socket, sys
import aiofiles, concurrent.futures.thread
runner = asyncio.Runner()
runner.get_loop()  # what Linux needs for its own loop is there before it goes
for name in ("fcntl", "resource"):
    sys.modules[name] = None
for module, names in {
    os: ["O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_DIRECTORY", "fchmod", "geteuid", "getuid", "pread"],
    signal: ["SIGHUP"],
    socket: ["AF_UNIX", "TCP_USER_TIMEOUT", "TCP_KEEPIDLE"],
}.items():
    for name in names:
        delattr(module, name)

import minechat.system, minechat.client.history, minechat.client.tokens
from minechat.client.history import history
from minechat.client.tail import last_records
from minechat.client.tokens import check_free, read_token, save_token
from minechat import system

folder = sys.argv[1]
path, token = os.path.join(folder, "history.log"), os.path.join(folder, "token.txt")

async def main():
    async with history(path, warn=print, stamp=lambda: "[now]") as opened:
        await opened.append(b"one\\ntwo\\n")
    assert await last_records(path, 1) == b"two\\n"

runner.run(main())
runner.close()
check_free(token, False)
save_token(token, "abc", replace=False)
save_token(token, "def", replace=True)
assert read_token(token) == "def"
with socket.socket() as sock:
    system.keepalive(sock, 60)
assert system.lock(0) and signal.SIGINT in system.signals()
print(system.raise_descriptor_limit())
"""


def test_the_clients_work_without_what_windows_lacks(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT, tmp_path], capture_output=True, text=True)
    assert (done.returncode, done.stderr, done.stdout) == (0, "", f"{system.NO_LIMIT}\n")


def test_a_terminal_gives_single_keys_and_nothing_older(tmp_path: Path) -> None:
    pty = pytest.importorskip("pty")
    ours, terminal = pty.openpty()
    try:
        os.write(ours, b"a line\n")
        assert select.select([terminal], [], [], 10)[0]  # it has arrived
        assert system.key_by_key(terminal) is not None
        os.write(ours, b"x\r")
        assert os.read(terminal, 100) == b"x\r"
    finally:
        os.close(ours)
        os.close(terminal)
    with (tmp_path / "file").open("w") as file:
        assert system.key_by_key(file.fileno()) is None
    assert system.key_by_key(-1) is None
