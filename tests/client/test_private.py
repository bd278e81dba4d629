"""Private files: what others may read, or is no file, is refused; a name that is taken stays."""

import os
from pathlib import Path

import pytest

from minechat.client.private import NotPrivate, open_regular, read, refuse_taken


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o666])
def test_what_others_may_read_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"token")
    file.chmod(mode)
    with pytest.raises(NotPrivate, match="mend it: chmod 600"):
        read(str(file), 100)


def test_no_more_is_read_than_was_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(b"token")
    file.chmod(0o600)
    assert read(str(file), 3) == b"tok"
    assert read(str(tmp_path / "none"), 3) is None


@pytest.mark.parametrize("path", ["/dev/null", "folder", "pipe"])
def test_what_is_no_regular_file_is_refused_at_once(tmp_path: Path, path: str) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError):
        os.close(open_regular(os.path.join(tmp_path, path)))


def test_a_name_that_is_taken_is_refused_unless_it_may_go(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    refuse_taken(str(file), replace=False)
    file.touch(0o600)
    refuse_taken(str(file), replace=True)
    with pytest.raises(FileExistsError):
        refuse_taken(str(file), replace=False)
    with pytest.raises(FileNotFoundError):
        refuse_taken("", replace=True)
