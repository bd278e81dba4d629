"""The file of remembered sessions: private, whole after any crash, and shared by clients at once."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.remembered import Remembered, Sessions
from minechat.errors import SessionsUnusable

HERE, THERE = "localhost:8765", "chat.example:8765"
VASYA = Remembered(username="Vasya", session="secret-1", marks={"general": 3})
EVA = Remembered(username="Eva", session="secret-2")


@pytest.fixture
def sessions(tmp_path: Path) -> Sessions:
    return Sessions(str(tmp_path / "state" / "minechat" / "sessions.json"))


def test_a_session_comes_back_by_server_and_name(sessions: Sessions) -> None:
    assert sessions.find(HERE) is None
    assert not os.path.exists(os.path.dirname(sessions.path))
    sessions.keep(HERE, VASYA)
    sessions.keep(THERE, EVA)
    assert sessions.find(HERE) == sessions.find(HERE, "vasya") == VASYA
    assert sessions.find(THERE) == EVA
    assert sessions.find(HERE, "Eva") is None


def test_the_last_one_used_is_the_one_without_a_name(sessions: Sessions) -> None:
    sessions.keep(HERE, VASYA)
    sessions.keep(HERE, EVA)
    assert sessions.find(HERE) == EVA
    sessions.mark(HERE, VASYA)
    assert sessions.find(HERE) == EVA
    sessions.keep(HERE, VASYA)
    assert sessions.find(HERE) == VASYA
    sessions.forget(HERE, "Vasya")
    assert sessions.find(HERE) == EVA


def test_a_blank_and_an_underscore_are_one_name(sessions: Sessions) -> None:
    sessions.keep(HERE, Remembered(username="Brave_Vlad", session="s"))
    assert sessions.find(HERE, "brave vlad") is not None


def test_marks_only_go_forward(sessions: Sessions) -> None:
    sessions.keep(HERE, VASYA)
    sessions.mark(HERE, Remembered(username="Vasya", session="secret-1", marks={"general": 2, "tech": 9}))
    found = sessions.find(HERE)
    assert found is not None
    assert found.marks == {"general": 3, "tech": 9}


def test_marks_do_not_bring_back_what_was_forgotten(sessions: Sessions) -> None:
    sessions.keep(HERE, VASYA)
    sessions.forget(HERE, "Vasya")
    sessions.mark(HERE, VASYA)
    assert sessions.find(HERE) is None
    sessions.keep(HERE, Remembered(username="Vasya", session="newer"))
    sessions.mark(HERE, VASYA)
    sessions.forget(HERE, "Vasya", "secret-1")
    found = sessions.find(HERE)
    assert found is not None
    assert (found.session, found.marks) == ("newer", {})


def test_the_marks_of_a_session_are_bounded(sessions: Sessions) -> None:
    marks = {f"room-{number}": number + 1 for number in range(2000)}
    sessions.keep(HERE, Remembered(username="Vasya", session="s", marks=marks))
    found = sessions.find(HERE)
    assert found is not None
    assert len(found.marks) == 500
    assert found.marks["room-1999"] == 2000


def test_a_session_shows_itself_nowhere() -> None:
    assert "secret" not in repr(VASYA)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_that_others_can_read_is_refused_with_the_line_that_mends_it(
    sessions: Sessions, mode: int
) -> None:
    sessions.keep(HERE, VASYA)
    os.chmod(sessions.path, mode)
    for act in (lambda: sessions.find(HERE), lambda: sessions.keep(HERE, EVA)):
        with pytest.raises(SessionsUnusable, match=re.escape(f"mend it: chmod 600 {sessions.path}")):
            act()
    os.chmod(sessions.path, 0o600)
    assert sessions.find(HERE) == VASYA


@pytest.mark.parametrize(
    "data",
    [
        b"{",
        b"[]",
        b"\xff",
        b'{"v": 2, "servers": {}}',
        b'{"v": 1}',
        b'{"v": 1, "servers": {"a": 3}}',
        b"[" * 10**5,
    ],
)
def test_another_file_is_never_written_over(sessions: Sessions, data: bytes) -> None:
    os.makedirs(os.path.dirname(sessions.path))
    Path(sessions.path).write_bytes(data)
    os.chmod(sessions.path, 0o600)
    for act in (lambda: sessions.find(HERE), lambda: sessions.keep(HERE, EVA)):
        with pytest.raises(SessionsUnusable, match="holds no sessions"):
            act()
    assert Path(sessions.path).read_bytes() == data


def test_a_large_file_is_another_file(sessions: Sessions) -> None:
    os.makedirs(os.path.dirname(sessions.path))
    Path(sessions.path).write_text(json.dumps({"v": 1, "servers": {}, "x": "y" * (1 << 20)}))
    os.chmod(sessions.path, 0o600)
    with pytest.raises(SessionsUnusable, match="holds no sessions"):
        sessions.find(HERE)


@given(
    entry=st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["username", "session", "marks", "x"]), inner),
    )
)
def test_a_damaged_entry_counts_as_missing(tmp_path_factory: pytest.TempPathFactory, entry: object) -> None:
    path = tmp_path_factory.mktemp("s") / "sessions.json"
    path.write_text(json.dumps({"v": 1, "servers": {HERE: {"accounts": {"vasya": entry}}}}))
    path.chmod(0o600)
    sessions = Sessions(str(path))
    sessions.find(HERE)
    sessions.keep(HERE, VASYA)
    found = sessions.find(HERE)
    assert found is not None
    assert found.session == VASYA.session


def test_a_symbolic_link_is_not_followed(sessions: Sessions, tmp_path: Path) -> None:
    os.makedirs(os.path.dirname(sessions.path))
    os.symlink(tmp_path / "elsewhere", sessions.path)
    with pytest.raises(SessionsUnusable, match="symbolic link"):
        sessions.keep(HERE, VASYA)
    assert not (tmp_path / "elsewhere").exists()


def test_clients_at_once_keep_each_others_sessions(sessions: Sessions) -> None:
    program = (
        "import sys\n"
        "from minechat.client.remembered import Remembered, Sessions\n"
        "sessions, me = Sessions(sys.argv[1]), sys.argv[2]\n"
        "for number in range(20):\n"
        "    sessions.keep('a:1', Remembered(username=f'{me}-{number}', session=me))\n"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", program, sessions.path, f"client{number}"])
        for number in range(4)
    ]
    assert [process.wait(50) for process in started] == [0] * 4
    for number in range(4):
        for turn in range(20):
            assert sessions.find("a:1", f"client{number}-{turn}") is not None


def test_threads_at_once_too(sessions: Sessions) -> None:
    def keep(number: int) -> None:
        sessions.keep(HERE, Remembered(username=f"user{number}", session="s"))

    threads = [threading.Thread(target=keep, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sessions.find(HERE, f"user{number}") for number in range(8))
    left = set(os.listdir(os.path.dirname(sessions.path)))
    assert left == {"sessions.json", "sessions.json.lock"}


@pytest.mark.needs("strace")
def test_the_file_is_private_at_every_system_call(sessions: Sessions, tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "os.umask(0)\n"
        "from minechat.client.remembered import Remembered, Sessions\n"
        "Sessions(sys.argv[1]).keep('a:1', Remembered(username='Vasya', session='secret'))\n"
    )
    log = tmp_path / "calls"
    strace = ["strace", "-f", "-e", "trace=openat,rename,renameat,renameat2,mkdir,mkdirat", "-o", str(log)]
    done = subprocess.run(
        [*strace, sys.executable, "-c", program, sessions.path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    folder = os.path.dirname(sessions.path)
    calls = [line for line in log.read_text().splitlines() if folder in line]
    created = [line for line in calls if "O_CREAT" in line]
    assert len(created) == 2
    assert all(line.split("= ")[0].rstrip().endswith(", 0600)") for line in created)
    assert os.stat(sessions.path).st_mode & 0o777 == 0o600
    assert os.stat(folder).st_mode & 0o777 == 0o700
