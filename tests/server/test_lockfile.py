"""The lock file: one holder at a time, no trace of a start that failed, no two holders after one either."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minechat import system
from minechat.server.lockfile import is_locked, locked


def test_it_has_one_holder_at_a_time(tmp_path: Path) -> None:
    path = str(tmp_path / "it")
    assert not is_locked(path)
    with locked(path):
        assert is_locked(path)
        with pytest.raises(BlockingIOError, match="a server that is running uses it"), locked(path):
            pass
        assert is_locked(path)
    assert not is_locked(path)
    with locked(path):
        assert is_locked(path)


def test_asking_makes_nothing(tmp_path: Path) -> None:
    assert not is_locked(str(tmp_path / "it"))
    assert os.listdir(tmp_path) == []


def test_who_asks_is_not_taken_for_a_holder_and_keeps_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "it")
    with locked(path):
        pass
    asking = system.open_private(path + ".lock", os.O_RDONLY)
    assert system.lock(asking, shared=True)
    assert not is_locked(path)
    # The first time that the holder finds no lock and waits is when the one who asks is done.
    monkeypatch.setattr("minechat.system.time.sleep", lambda seconds: os.close(asking))
    with locked(path):
        assert is_locked(path)
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(asking)


def test_what_fails_leaves_no_file_and_what_is_refused_leaves_the_holder_his(tmp_path: Path) -> None:
    path = str(tmp_path / "it")
    with pytest.raises(ZeroDivisionError), locked(path):
        raise ZeroDivisionError
    assert os.listdir(tmp_path) == []
    with locked(path):
        with pytest.raises(BlockingIOError), locked(path):
            pass
        assert is_locked(path)


def test_a_pipe_in_its_place_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "it.lock")
    with pytest.raises(OSError, match="a named pipe"):
        is_locked(str(tmp_path / "it"))


#: Takes the lock and fails, again and again; tells when two have it at once.
RIVAL = """
import os, sys
from minechat.server.lockfile import locked
path, mark = sys.argv[1], sys.argv[1] + ".mark"
held = 0
while held < 300:
    try:
        with locked(path):
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL))
            os.unlink(mark)
            held += 1
            raise ZeroDivisionError
    except (BlockingIOError, ZeroDivisionError):
        pass
"""


def test_those_who_fail_in_turn_never_hold_it_together(tmp_path: Path) -> None:
    rivals = [subprocess.Popen([sys.executable, "-c", RIVAL, str(tmp_path / "it")]) for _ in range(4)]
    assert [rival.wait(30) for rival in rivals] == [0, 0, 0, 0]
    assert os.listdir(tmp_path) == []
