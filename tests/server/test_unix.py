"""The unix socket: private whatever the umask, a dead server's is replaced, a living one's never."""

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.errors import AddressUnusable
from minechat.server import unix

#: Takes a socket's place, in a process of its own: it ends without cleaning up.
LEFT_BEHIND = """
import os, sys
from minechat.server import unix
with unix.listening(sys.argv[1]):
    os._exit(0)
"""


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_it_is_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "admin"
    before = os.umask(umask)
    try:
        with unix.listening(str(path)):
            assert stat.S_IMODE(path.lstat().st_mode) == 0o600
            assert stat.S_IMODE((tmp_path / "admin.lock").lstat().st_mode) in (0o600, 0o600 & ~umask)
    finally:
        os.umask(before)
    assert not path.exists()


@pytest.mark.needs("strace")
def test_it_is_private_from_its_first_system_call(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    script = f"import os; os.umask(0)\n{LEFT_BEHIND}"
    watch = ["strace", "-f", "-e", "trace=fchmod,bind,listen", "-o", str(trace)]
    subprocess.run([*watch, sys.executable, "-c", script, str(tmp_path / "admin")], check=True, timeout=30)
    calls = [line.split(" ", 1)[1].strip().partition("(")[0] for line in trace.read_text().splitlines()]
    calls = [call for call in calls if call in ("fchmod", "bind", "listen")]
    assert calls[: calls.index("listen")] == ["fchmod", "bind"]
    assert ", 0600)" in trace.read_text()


def test_whoever_comes_is_connected_and_known(tmp_path: Path) -> None:
    path = str(tmp_path / "admin")
    with unix.listening(path) as listener, unix.connected(path, 5.0) as client:
        listener.setblocking(True)
        server, _ = listener.accept()
        with server:
            assert unix.peer_uid(server) == unix.peer_uid(client) == os.geteuid()


def test_what_goes_wrong_while_it_is_open_is_not_blamed_on_it(tmp_path: Path) -> None:
    with pytest.raises(ConnectionResetError), unix.listening(str(tmp_path / "admin")):
        raise ConnectionResetError
    assert not (tmp_path / "admin").exists()


def test_what_a_dead_server_left_is_replaced(tmp_path: Path) -> None:
    path = str(tmp_path / "admin")
    subprocess.run([sys.executable, "-c", LEFT_BEHIND, path], check=True, timeout=30)
    assert stat.S_ISSOCK(os.lstat(path).st_mode)
    with pytest.raises(ConnectionRefusedError), unix.connected(path, 5.0):
        pass
    with unix.listening(path), unix.connected(path, 5.0):
        pass


def test_a_living_server_keeps_its_socket(tmp_path: Path) -> None:
    path = str(tmp_path / "admin")
    with unix.listening(path):
        before = os.lstat(path)
        with pytest.raises(AddressUnusable, match="a server that is running uses it"), unix.listening(path):
            pass
        assert os.path.samestat(os.lstat(path), before)
        with unix.connected(path, 5.0):
            pass


def test_what_is_no_socket_is_left_as_it_is(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("data")
    (tmp_path / "link").symlink_to(precious)
    for name in ("precious", "link"):
        place = unix.listening(str(tmp_path / name))
        with pytest.raises(AddressUnusable, match="something else is there"), place:
            pass
    assert precious.read_text() == "data" and (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("path", ["", "missing/folder/admin", "a\0b", "x" * 300])
def test_an_impossible_place_is_told_in_one_line(
    tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AddressUnusable) as caught, unix.listening(path):
        pass
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_path_longer_than_an_address_works(tmp_path: Path) -> None:
    folder = tmp_path.joinpath(*["deep" * 10] * 5)
    folder.mkdir(parents=True)
    path = str(folder / "chat.db.admin")
    assert len(path) > 200
    with unix.listening(path):
        assert stat.S_IMODE(os.lstat(path).st_mode) == 0o600
        with unix.connected(path, 5.0):
            pass
    assert not os.path.lexists(path)


def test_a_socket_that_somebody_put_in_our_place_is_not_removed(tmp_path: Path) -> None:
    path = str(tmp_path / "admin")
    with unix.listening(path):
        os.unlink(path)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(path)
    assert os.path.lexists(path)


@pytest.mark.parametrize(
    ("mode", "is_open"), [(0o700, False), (0o775, False), (0o777, True), (0o1777, False)]
)
def test_a_folder_where_all_may_replace_it_is_known(tmp_path: Path, mode: int, is_open: bool) -> None:
    tmp_path.chmod(mode)
    assert unix.is_open_to_all(str(tmp_path)) is is_open
    assert not unix.is_open_to_all(str(tmp_path / "missing"))


#: Listens as somebody else where everybody may connect.
IMPOSTOR = """
import os, sys
from minechat.server import unix
os.setuid(65534)
with unix.listening(sys.argv[1]):
    os.chmod(sys.argv[1], 0o666)
    print("listening", flush=True)
    sys.stdin.read()
"""
#: Connects as one user; says what came of it.
CALLER = """
import os, sys
from minechat.server import unix
os.setuid(int(sys.argv[2]))
try:
    with unix.connected(sys.argv[1], 5.0):
        print("connected")
except PermissionError as error:
    print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_no_order_reaches_an_impostor(open_folder: Path) -> None:
    open_folder.chmod(0o777)
    path = str(open_folder / "admin")
    with subprocess.Popen(
        [sys.executable, "-c", IMPOSTOR, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as impostor:
        assert impostor.stdout is not None and impostor.stdout.readline() == "listening\n"

        def called(uid: int) -> str:
            command = [sys.executable, "-c", CALLER, path, str(uid)]
            return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout

        assert called(65534) == "connected\n"
        assert "another user listens" in called(65533)
        assert impostor.stdin is not None
        impostor.stdin.close()
