"""The first thing a process does: a quiet Ctrl-C, and standard streams that exist."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


def test_ctrl_c_during_the_imports_is_quiet() -> None:
    code = (
        "import os, signal\n"
        "from minechat.cli import prepare\n"
        "prepare()\n"
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "import asyncio"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_ignored_ctrl_c_stays_ignored() -> None:
    code = (
        "import os, signal\n"
        "signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "from minechat.cli import prepare\n"
        "prepare()\n"
        "os.kill(os.getpid(), signal.SIGINT)"
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of its own")
@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_were_closed_lead_to_the_null_device(closed: str, tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from minechat.cli import prepare\n"
        "prepare()\n"
        "mine = os.open('mine', os.O_CREAT | os.O_WRONLY)\n"
        "assert mine > 2, mine\n"
        "print('out'); print('err', file=sys.stderr); sys.stdin.read()\n"
        "os.write(mine, b'done')"
    )
    command = f'exec "$0" -c "$1" {closed}'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable, code],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "mine").read_bytes() == b"done"


@pytest.mark.parametrize("script", ["chat", "registration", "authorization"])
def test_the_scripts_are_a_few_lines(script: str) -> None:
    lines = (REPOSITORY / f"{script}.py").read_text().splitlines()
    assert len(lines) < 10
    assert f"minechat.cli.{script}" in "".join(lines)


def test_settings_beside_a_script_count_where_its_caller_has_none(tmp_path: Path) -> None:
    beside, elsewhere = tmp_path / "beside", tmp_path / "elsewhere"
    for folder in (beside, elsewhere):
        folder.mkdir()
    shutil.copy(REPOSITORY / "authorization.py", beside)
    (beside / ".env").write_text("HOST=two words\n")

    def told() -> str:
        done = subprocess.run(
            [sys.executable, "../beside/authorization.py"],
            cwd=elsewhere,
            env={"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 2
        return done.stderr

    assert f"'two words' is not a host name (HOST in {beside / '.env'})" in told()
    (elsewhere / ".env").write_text("HOST=three more words\n")
    assert "'three more words' is not a host name (HOST in .env)" in told()


def test_no_other_script_stands_beside_them() -> None:
    assert {path.stem for path in REPOSITORY.glob("*.py")} == {"chat", "registration", "authorization"}


@pytest.mark.parametrize(
    ("argv", "missing", "remedy"),
    [
        (["chat.py"], "configargparse", "uv run chat.py"),
        (["registration.py", "-h"], "", "uv run registration.py"),
        (["-m", "minechat", "chat"], "configargparse", "uv run minechat"),
        (["-m", "minechat", "--version"], "minechat", "uv run minechat"),
    ],
)
def test_a_python_without_the_libraries_says_what_to_run(argv: list[str], missing: str, remedy: str) -> None:
    bare = [sys.executable, "-S", *argv]  # -S: without the folder of installed libraries
    done = subprocess.run(bare, cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"{missing} is not installed for this Python; run it with: {remedy}\n" in done.stderr


def test_other_failures_of_an_import_are_not_hidden() -> None:
    code = "from minechat.cli import prepare\nprepare()\nimport minechat.no_such_part"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 1
    assert "Traceback" in done.stderr
