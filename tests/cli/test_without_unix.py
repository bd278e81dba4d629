"""The three scripts where the names of Unix are missing, as on Windows: people watch, register and post."""

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
#: Takes away what Windows lacks, then runs the script that its first argument names.
WITHOUT = """
import asyncio, functools, os, select, signal, socket, sys
import concurrent.futures.thread, shutil  # they ask for the system once, at their start
# What Linux's own loop needs is taken before the names go.
socket.socketpair = functools.partial(socket.socketpair, socket.AF_UNIX)
for name in ("fcntl", "resource", "termios", "tty", "pwd", "grp", "readline", "syslog"):
    sys.modules[name] = None
loop = asyncio.SelectorEventLoop
for module, names in {
    loop: ["add_signal_handler", "remove_signal_handler"],
    os: ["O_NOFOLLOW", "O_NONBLOCK", "O_NOCTTY", "O_DIRECTORY", "O_CLOEXEC", "fchmod", "fchown", "geteuid",
         "getuid", "pread", "fork", "mkfifo", "set_blocking"],
    select: ["poll", "epoll"],
    signal: ["SIGHUP", "SIGPIPE", "SIGQUIT", "SIGALRM", "pthread_sigmask"],
    socket: ["AF_UNIX", "TCP_USER_TIMEOUT", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT"],
}.items():
    for name in names:
        delattr(module, name)
sys.platform = "win32"
sys.argv = sys.argv[1:]
sys.path.insert(0, os.path.dirname(sys.argv[0]))
import runpy
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The ports of a server as it is on this machine: for watching and for posting."""
    (tmp_path / ".env").touch()
    with subprocess.Popen(
        [sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0", "--no-rift"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if line.startswith("listening on "))
        watching, posting = re.findall(r"port (\d+)", told)
        yield watching, posting
        process.terminate()


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def without(tmp_path: Path) -> Iterator[Start]:
    """Starts a script in a folder of its own, without what Windows lacks."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *options: str) -> "subprocess.Popen[str]":
        program = [sys.executable, "-c", WITHOUT, str(REPOSITORY / f"{script}.py")]
        process = subprocess.Popen(
            [*program, "-H", "127.0.0.1", *options],
            cwd=tmp_path,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with process:
            process.kill()


def outcome(process: "subprocess.Popen[str]", typed: str = "") -> tuple[int, str, str]:
    out, err = process.communicate(typed, timeout=20)
    return process.returncode, out, err


def test_a_person_watches_registers_and_posts(
    tmp_path: Path, server: tuple[str, str], without: Start
) -> None:
    watching, posting = server
    chat = without("chat", "-P", watching, "--count", "3")
    assert chat.stderr is not None
    assert chat.stderr.readline() == f"connected to 127.0.0.1:{watching}\n"
    code, token, told = outcome(without("registration", "-P", posting, "-U", "Вася"))
    assert (code, token) == (0, (tmp_path / "token.txt").read_text()), told
    code, _, told = outcome(without("authorization", "-P", posting, "-m", "привет"))
    assert code == 0, told
    code, acknowledged, told = outcome(
        without("authorization", "-P", posting, "--lines", "--json"), "one\ntwo\n"
    )
    assert code == 0, told
    assert [json.loads(line)["text"] for line in acknowledged.splitlines()] == ["one", "two"]
    code, shown, told = outcome(chat)
    assert (code, told) == (0, "")
    assert [line.rpartition(" Вася: ")[2] for line in shown.splitlines()] == ["привет", "one", "two"]
    assert (tmp_path / "history.log").read_text(encoding="utf-8") == shown


@pytest.mark.parametrize("script", ["chat", "registration", "authorization"])
def test_failures_are_one_line_there_too(tmp_path: Path, without: Start, script: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        nobody = str(taken.getsockname()[1])
    (tmp_path / ".env").touch()
    options = {"chat": ["--retry", "0"], "registration": ["-U", "V"], "authorization": ["-U", "V", "-m", "x"]}
    code, out, err = outcome(without(script, "-P", nobody, *options[script]))
    assert (code, out, err.count("\n")) == (3, "", 1), err
    assert f"127.0.0.1:{nobody} refuses connections (-H)" in err
    assert not (tmp_path / "token.txt").exists()
