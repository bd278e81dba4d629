"""The token file: private at every system call, and after every crash the old token or the new one."""

import errno
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.client.tokens import check_free, read_token, save_token
from minechat.errors import TokenFileUnusable

OLD, NEW = "old-0123456789", "new-9876543210"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    return tmp_path / "mine" / "token.txt"


def left_beside(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path.parent) if name != path.name)


def test_a_token_comes_back_as_it_was_saved(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_token(str(path)) is None
    save_token(str(path), NEW, replace=False)
    assert read_token(str(path)) == NEW
    assert path.read_bytes() == NEW.encode() + b"\n"
    monkeypatch.chdir(path.parent)
    save_token("other", OLD, replace=False)
    assert read_token("other") == OLD
    assert left_beside(path) == ["other"]


def test_an_existing_token_is_kept_unless_told_otherwise(path: Path) -> None:
    save_token(str(path), OLD, replace=False)
    for call in (lambda: check_free(str(path), False), lambda: save_token(str(path), NEW, replace=False)):
        with pytest.raises(TokenFileUnusable, match=r"--force.*--token-path"):
            call()
    assert read_token(str(path)) == OLD
    check_free(str(path), True)
    assert read_token(str(path)) == OLD
    save_token(str(path), NEW, replace=True)
    assert read_token(str(path)) == NEW
    assert left_beside(path) == []


def test_of_many_at_once_one_saves_and_none_overwrites(path: Path) -> None:
    start = threading.Barrier(8)
    saved: list[str] = []

    def save(token: str) -> None:
        start.wait()
        try:
            save_token(str(path), token, replace=False)
        except TokenFileUnusable:
            return
        saved.append(token)

    for turn in range(20):
        threads = [threading.Thread(target=save, args=[f"token-{turn}-{n}"]) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [read_token(str(path))] == saved
        assert left_beside(path) == []
        path.unlink()
        saved.clear()


def test_nothing_is_checked_by_leaving_something_behind(path: Path) -> None:
    check_free(str(path), False)
    assert os.listdir(path.parent) == []


@pytest.mark.parametrize(
    "token", ["", " ", "two words", "two\nlines", "new\n", "письмо", "\x1b[2J", "x" * 257]
)
def test_what_is_not_a_token_is_neither_saved_nor_read(path: Path, token: str) -> None:
    with pytest.raises(TokenFileUnusable) as caught:
        save_token(str(path), token, replace=False)
    assert not path.exists()
    assert not token.strip() or token not in str(caught.value)
    path.touch(0o600)
    path.write_text(token)
    if token != "new\n":
        with pytest.raises(TokenFileUnusable, match="does not hold one token"):
            read_token(str(path))


def test_a_token_typed_by_an_editor_is_read(path: Path) -> None:
    path.touch(0o600)
    path.write_bytes(b"  abc-def \r\n\r\n")
    assert read_token(str(path)) == "abc-def"


def test_a_large_file_is_not_a_token(path: Path) -> None:
    path.touch(0o600)
    os.truncate(path, 1 << 33)
    with pytest.raises(TokenFileUnusable, match="does not hold one token"):
        read_token(str(path))


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o622])
def test_a_token_that_others_can_read_is_refused_with_the_line_that_mends_it(path: Path, mode: int) -> None:
    path = path.with_name("my token")
    save_token(str(path), OLD, replace=False)
    path.chmod(mode)
    with pytest.raises(TokenFileUnusable) as caught:
        read_token(str(path))
    assert OLD not in str(caught.value)
    command = str(caught.value).partition("mend it: ")[2]
    assert command == f"chmod 600 {shlex.quote(str(path))}"
    subprocess.run(command, shell=True, check=True)
    assert read_token(str(path)) == OLD


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_token_of_somebody_else_is_refused(path: Path) -> None:
    save_token(str(path), OLD, replace=False)
    os.chown(path, 12345, -1)
    with pytest.raises(TokenFileUnusable, match=r"uid 12345.*chown 0 .* && chmod 600 "):
        read_token(str(path))


@pytest.mark.parametrize(
    "name", ["", "no\0file", ".", "absent/token", "file/token", "x" * 300, "/dev/null", "pipe", "link"]
)
def test_a_bad_path_is_refused_before_and_while_saving(
    path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(path.parent)
    Path("file").touch()
    secret = path.parent.parent / "secret"
    secret.write_bytes(b"secret")
    Path("link").symlink_to(secret)
    os.mkfifo("pipe")
    before = sorted(os.listdir())
    for replace in (False, True):
        for call in (lambda: check_free(name, replace), lambda: save_token(name, NEW, replace=replace)):  # noqa: B023  # called at once
            with pytest.raises(TokenFileUnusable) as caught:
                call()
            assert repr(name) in str(caught.value)
            assert "\n" not in str(caught.value)
    assert sorted(os.listdir()) == before
    assert secret.read_bytes() == b"secret"


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path]
    done = subprocess.run(options, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"cannot mount a small disk here: {done.stderr.strip()}")
    yield tmp_path
    subprocess.run(["umount", "-l", tmp_path], check=True)


@pytest.mark.needs("mount")
def test_a_full_disk_leaves_the_old_token_whole(small_disk: Path) -> None:
    path = small_disk / "token.txt"
    save_token(str(path), OLD, replace=False)
    with open(small_disk / "ballast", "wb", buffering=0) as ballast:
        while os.statvfs(small_disk).f_bavail:
            ballast.write(b"b" * 4096)
    with pytest.raises(TokenFileUnusable, match="No space left on device"):
        save_token(str(path), NEW, replace=True)
    assert read_token(str(path)) == OLD
    assert left_beside(path) == ["ballast"]


SAVING = """
import os, sys
from minechat.client.tokens import save_token
from minechat.errors import TokenFileUnusable
path, token, replace = sys.argv[1:]
os.umask(0)
os.access(path, os.F_OK, effective_ids=True)  # tells who looks at the calls that the saving begins
try:
    save_token(path, token, replace=replace == "replace")
except TokenFileUnusable as error:
    sys.exit(str(error))
"""
CALLS = "faccessat2,openat,fchmod,chmod,fchmodat,write,fsync,close,link,linkat,rename,renameat,unlink"


def save_traced(path: Path, how: str, *options: str) -> tuple[subprocess.CompletedProcess[str], list[str]]:
    log = path.parent.parent / "strace.log"
    script = [sys.executable, "-B", "-c", SAVING, str(path), NEW, how]
    strace = ["strace", "-o", str(log), "-e", f"trace={CALLS}", *options]
    done = subprocess.run([*strace, *script], capture_output=True, text=True)
    return done, [line for line in log.read_text().splitlines() if re.match(r"\w+\(", line)]


def calls_of_saving(path: Path, how: str) -> list[tuple[str, int, str]]:
    """Each system call of saving: its name, the how manieth of that name in the process, the whole line."""
    done, lines = save_traced(path, how)
    assert done.returncode == 0, done.stderr
    seen: dict[str, int] = {}
    calls: list[tuple[str, int, str]] = []
    for line in lines:
        name = line.partition("(")[0]
        seen[name] = seen.get(name, 0) + 1
        if calls or name == "faccessat2":
            calls.append((name, seen[name], line))
    last = max(index for index, call in enumerate(calls) if call[0] == "fsync")
    return calls[1 : last + 2]


@pytest.mark.needs("strace")
@pytest.mark.parametrize("how", ["keep", "replace"])
def test_the_token_is_private_at_every_system_call_and_durable_at_the_last(path: Path, how: str) -> None:
    lines = [line for _, _, line in calls_of_saving(path, how)]
    created = [line for line in lines if "O_CREAT" in line]
    assert len(created) == 1
    assert "O_EXCL" in created[0]
    assert ", 0600) = " in created[0]
    assert not any("chmod" in line for line in lines)
    order = [re.match(r"\w+", line)[0] for line in lines if not line.startswith(("openat", "close"))]  # type: ignore[index]
    named = ["rename"] if how == "replace" else ["link", "unlink"]
    assert [call.removesuffix("at") for call in order if call != "unlink" or how == "keep"] == [
        "write",
        "fsync",
        *named,
        "fsync",
    ]
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.needs("strace")
@pytest.mark.parametrize("how", ["keep", "replace"])
def test_a_saver_killed_at_any_call_leaves_the_old_token_or_the_new(path: Path, how: str) -> None:
    expected = {OLD, NEW} if how == "replace" else {None, NEW}
    found: set[str | None] = set()
    for name, count, line in calls_of_saving(path, how):
        path.unlink(missing_ok=True)
        if how == "replace":
            save_token(str(path), OLD, replace=False)
        done, _ = save_traced(path, how, "-e", f"inject={name}:signal=KILL:when={count}")
        assert done.returncode == -9, line
        assert {read_token(str(path))} <= expected, line
        found.add(read_token(str(path)))
        for rest in left_beside(path):
            assert (path.parent / rest).stat().st_mode & 0o777 == 0o600
            (path.parent / rest).unlink()
    assert found == expected


@pytest.mark.needs("strace")
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_a_disk_that_fails_at_any_call_leaves_the_old_token(path: Path, error: str) -> None:
    calls = calls_of_saving(path, "replace")
    renamed = [name for name, _, _ in calls].index("rename")
    for name, count, line in calls[: renamed + 1]:
        if name == "close":
            continue
        save_token(str(path), OLD, replace=True)
        done, _ = save_traced(path, "replace", "-e", f"inject={name}:error={error}:when={count}")
        assert done.returncode == 1, line
        assert re.search("No space left|Input/output error", done.stderr), line
        assert read_token(str(path)) == OLD
        assert left_beside(path) == []


@pytest.mark.needs("strace")
def test_where_files_have_no_second_names_the_token_is_saved_all_the_same(path: Path) -> None:
    done, _ = save_traced(path, "keep", "-e", "inject=link,linkat:error=EPERM")
    assert (done.returncode, read_token(str(path)), left_beside(path)) == (0, NEW, [])
    path.write_text(OLD)
    done, _ = save_traced(path, "keep", "-e", "inject=link,linkat:error=EPERM")
    assert (done.returncode, read_token(str(path))) == (1, OLD)


def test_without_second_names_a_token_that_came_meanwhile_is_kept(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def somebody_was_faster(temporary: str, name: str) -> None:
        path.write_text(OLD)
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", somebody_was_faster)
    with pytest.raises(TokenFileUnusable, match="exists and is kept"):
        save_token(str(path), NEW, replace=False)
    assert path.read_text() == OLD
    assert left_beside(path) == []
