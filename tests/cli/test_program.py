"""A command as a process: signals, closed pipes, exhausted descriptors, bugs."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minechat.cli.program import run
from minechat.errors import HistoryUnusable, OutcomeUnknown, Unreachable

HEAD = """
import asyncio, os, signal, sys
from minechat.cli import prepare
prepare()
from minechat.cli.program import run
"""
WAIT = HEAD + (
    """
async def main():
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaned", flush=True)
sys.exit(run(main))
"""
)
STUCK = HEAD + (
    """
async def main():
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        print("cleaning", flush=True)
        while True: {stuck}
sys.exit(run(main))
"""
)


@contextmanager
def started(code: str, **how: object) -> Iterator[subprocess.Popen[str]]:
    streams = {
        "stdin": subprocess.DEVNULL,
        "stdout": subprocess.PIPE,
        "stderr": subprocess.PIPE,
        "text": True,
    }
    with subprocess.Popen([sys.executable, "-c", code], **{**streams, **how}) as process:  # type: ignore[call-overload]  # plain keywords
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize(("number", "code"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
def test_a_signal_ends_with_its_code_after_the_clean_up(number: str, code: int) -> None:
    with started(WAIT) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(getattr(signal, number))
        out, err = process.communicate(timeout=10)
        assert (out, err, process.returncode) == ("cleaned\n", "", code)


@pytest.mark.parametrize("stuck", ["await asyncio.sleep(3600)", "pass"])
def test_a_second_signal_ends_at_once_even_when_the_loop_is_stuck(stuck: str) -> None:
    with started(STUCK.format(stuck=stuck)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.stdout.readline() == "cleaning\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 130
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_an_ignored_signal_stays_ignored() -> None:
    code = HEAD + (
        """
signal.signal(signal.SIGHUP, signal.SIG_IGN)
async def main():
    os.kill(os.getpid(), signal.SIGHUP)
    await asyncio.sleep(0)
    return 7
sys.exit(run(main))
"""
    )
    assert subprocess.run([sys.executable, "-c", code]).returncode == 7


def test_a_failure_during_the_clean_up_is_told_and_the_signal_keeps_its_code() -> None:
    code = HEAD + (
        """
from minechat.errors import OutcomeUnknown
async def main():
    print("ready", flush=True)
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise OutcomeUnknown("it may be in the chat")
sys.exit(run(main, program="authorization.py"))
"""
    )
    with started(code) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=10)
        assert (err, process.returncode) == ("authorization.py: it may be in the chat\n", 130)


def test_a_closed_pipe_ends_quietly() -> None:
    code = HEAD + (
        """
async def main():
    sys.stdin.readline()
    while True:
        print("x" * 1000, flush=True)
sys.exit(run(main))
"""
    )
    with started(code, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
        assert process.wait(timeout=10) == 0
        assert process.stderr.read() == ""


def test_a_broken_pipe_that_is_not_our_output_is_a_bug(capfd: pytest.CaptureFixture[str]) -> None:
    async def main() -> int:
        raise BrokenPipeError("some socket")

    assert run(main) == 1
    assert "please report it" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no limit of descriptors to set")
@pytest.mark.parametrize("spare", [0, 3, 5])
def test_exhausted_descriptors_are_one_line(spare: int) -> None:
    code = HEAD + (
        f"""
import resource
from minechat import text
resource.setrlimit(resource.RLIMIT_NOFILE, (3 + {spare}, 3 + {spare}))
async def main(): return 0
sys.exit(run(main, program="chat.py"))
"""
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    if done.returncode == 0:
        assert (spare, done.stderr) == (5, "")
    else:
        assert done.returncode == 2
        assert done.stderr.startswith("chat.py: too many open files")
        assert done.stderr.count("\n") == 1


def ended(error: BaseException, capsys: pytest.CaptureFixture[str], **how: bool) -> tuple[int, str]:
    async def main() -> int:
        raise error

    code = run(main, **how)  # type: ignore[arg-type]  # plain keywords
    return code, capsys.readouterr().err


def test_errors_become_one_line_and_a_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(Unreachable("no way"), capsys) == (3, "minechat: no way\n")
    assert ended(HistoryUnusable("h"), capsys, json_errors=True)[1].startswith(
        '{"error":{"code":"history_unusable"'
    )


def test_of_a_group_a_bug_is_told_before_everything_else(capsys: pytest.CaptureFixture[str]) -> None:
    group = ExceptionGroup("both", [Unreachable("no way"), ExceptionGroup("in", [KeyError("bug")])])
    code, line = ended(group, capsys)
    assert code == 1
    assert "KeyError" in line
    assert ended(ExceptionGroup("one", [OutcomeUnknown("u")]), capsys) == (3, "minechat: u\n")


def test_a_cancellation_that_nobody_asked_for_is_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    code, line = ended(asyncio.CancelledError(), capsys)
    assert code == 1
    assert "CancelledError" in line


def test_the_handlers_of_signals_are_put_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    async def main() -> int:
        assert signal.getsignal(signal.SIGTERM) is not before[1]
        return 7

    assert run(main) == 7
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


KEPT = ("PATH", "PYTHONPATH", "SYSTEMROOT")
START = (
    "import sys\n"
    "from minechat.cli import prepare\n"
    "prepare()\n"
    "from minechat.cli.program import start\n"
    "from minechat.errors import Unreachable\n"
    "sys.argv[0] = 'chat.py'\n"
    "async def body(options): raise Unreachable(f'cannot reach {options.host}; try later')\n"
    "sys.exit(start('chat', None, body))"
)


def start(tmp_path: Path, *argv: str, **environ: str) -> "subprocess.CompletedProcess[str]":
    clean = {name: value for name, value in os.environ.items() if name in KEPT}
    return subprocess.run(
        [sys.executable, "-c", START, *argv],
        cwd=tmp_path,
        env=clean | environ,
        capture_output=True,
        text=True,
    )


def test_a_command_names_the_origin_of_the_value_it_failed_on(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("HOST=chat.example\nHOTS=x\n")
    done = start(tmp_path)
    assert done.returncode == 3
    warning, line = done.stderr.splitlines()
    assert warning.startswith("chat.py: no such setting: HOTS (.env)")
    assert line == "chat.py: cannot reach chat.example (HOST in .env); try later"
    assert len(start(tmp_path, "-q").stderr.splitlines()) == 1


def test_a_command_refuses_bad_settings_in_one_line(tmp_path: Path) -> None:
    done = start(tmp_path, READ_PORT="a\x1bb")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "chat.py: 'a\\x1bb' is not a whole number in range (READ_PORT in the environment); use 0 to 65535\n"
    )
    done = start(tmp_path, "--json", READ_PORT="abc")
    assert done.stderr.startswith(
        '{"error":{"code":"usage_error","exit":2,"retryable":false,"retry_after":null,'
    )


def test_the_help_may_be_piped_to_a_reader_that_leaves(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-c", START, "-h"], stdout=writer, stderr=subprocess.PIPE, cwd=tmp_path
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (0, b"")
