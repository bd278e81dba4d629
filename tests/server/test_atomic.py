"""Files that appear whole under their name, or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.server.atomic import making


def write(path: str, text: str) -> None:
    Path(path).write_text(text)


def test_it_has_its_name_only_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with making(str(path)) as new:
        write(new, "whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_making_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(LookupError), making(str(tmp_path / "a")) as new:
        write(new, "half")
        raise LookupError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("how", ["file", "folder", "dangling link"])
def test_nothing_is_overwritten(tmp_path: Path, how: str) -> None:
    path = tmp_path / "a"
    {"file": path.touch, "folder": path.mkdir, "dangling link": lambda: path.symlink_to("nowhere")}[how]()
    with pytest.raises(FileExistsError), making(str(path)):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_what_appears_meanwhile_is_not_overwritten_either(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with pytest.raises(FileExistsError), making(str(path)) as new:
        write(new, "mine")
        path.write_text("another's")
    assert path.read_text() == "another's"
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_it_may_be_asked_to_replace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with making(str(tmp_path / "a"), replace=True) as new:
        write(new, "new")
    assert (tmp_path / "a").read_text() == "new"


def test_what_a_killed_making_left_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "a.new").write_text("half")
    (tmp_path / "a.new").chmod(0o666)
    with open(tmp_path / "a.new") as spy:
        with making(str(tmp_path / "a")) as new:
            assert Path(new).read_text() == ""
            write(new, "secret")
        assert spy.read() == "half"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["a"]


def test_a_second_name_that_a_killed_making_left_is_no_way_to_cut_the_file_short(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("whole")
    os.link(tmp_path / "a", tmp_path / "a.new")
    with making(str(tmp_path / "a"), replace=True):
        assert (tmp_path / "a").read_text() == "whole"


def test_two_makings_of_one_file_do_not_meet(tmp_path: Path) -> None:
    path = str(tmp_path / "a")
    with making(path) as new:
        write(new, "first")
        with pytest.raises(FileExistsError, match="another process"), making(path):
            pass
    assert Path(path).read_text() == "first"


MAKE = """
import os, sys
from minechat.server.atomic import making
os.umask(0)
with making(sys.argv[1]) as new:
    open(new, "w").write("x")
"""


@pytest.mark.needs("strace")
def test_it_is_private_from_the_first_call_and_durable_before_it_has_its_name(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    watch = ("strace", "-y", "-e", "trace=openat,fsync,link,linkat,rename", "-o", trace)
    subprocess.run([*watch, sys.executable, "-c", MAKE, tmp_path / "a"], check=True)
    lines = [line for line in trace.read_text().splitlines() if f"{tmp_path}/a" in line or "fsync" in line]
    assert ", 0600)" in lines[0] and "O_CREAT" in lines[0]
    calls = [line.partition("(")[0] for line in lines[1:]]
    assert calls.index("fsync") < next(at for at, call in enumerate(calls) if call.startswith("link"))
    assert calls[-1] == "fsync"


def test_where_links_are_not_known_it_is_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # No file system here is without links; the call is made to answer as FAT's does.
    def refuse(*_: str) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with making(str(tmp_path / "a")) as new:
        write(new, "whole")
    assert [one.name for one in tmp_path.iterdir()] == ["a"]
    with pytest.raises(FileExistsError), making(str(tmp_path / "b")) as new:
        (tmp_path / "b").write_text("another's")
    assert (tmp_path / "b").read_text() == "another's"
