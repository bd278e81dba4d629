"""``minechat <command>`` and ``python -m minechat``: the right command, or one line."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.cli.main import main


def minechat(tmp_path: Path, *argv: str) -> "subprocess.CompletedProcess[str]":
    kept = ("PATH", "PYTHONPATH", "SYSTEMROOT")
    clean = {name: value for name, value in os.environ.items() if name in kept}
    command = [sys.executable, "-m", "minechat", *argv]
    return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True)


@pytest.mark.parametrize("argv", [["-h"], ["--help"], ["help"]])
def test_the_overview(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 0
    assert "usage: minechat <command>" in capsys.readouterr().out


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("minechat ")


@pytest.mark.parametrize("argv", [[], ["chta"], ["-q", "chat"], ["--json"]])
def test_no_command_is_one_line(argv: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "registration" in captured.err
    assert captured.err.startswith("{" if argv == ["--json"] else "minechat: ")


@pytest.mark.parametrize("command", ["chat", "registration", "authorization", "server"])
def test_a_command_gets_the_rest_of_the_line(command: str, tmp_path: Path) -> None:
    done = minechat(tmp_path, command, "--bogus=secret")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"minechat {command}: no such option: --bogus ")
    helped = minechat(tmp_path, command, "-h")
    assert (helped.returncode, helped.stderr) == (0, "")
    assert f"usage: minechat {command} [options]" in helped.stdout


def test_the_door_opens_where_the_names_of_unix_are_missing(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys\n"
        "for name in ('fcntl', 'resource', 'pwd', 'grp', 'termios', 'readline'): sys.modules[name] = None\n"
        "for name in ('SIGHUP', 'SIGPIPE', 'SIGQUIT'): delattr(signal, name)\n"
        "for name in ('O_NOFOLLOW', 'O_NONBLOCK', 'O_CLOEXEC', 'getuid', 'fork'): delattr(os, name)\n"
        "import minechat.cli as door\n"
        "door.prepare()\n"
        "from minechat.cli import main, program, tables\n"
        "from minechat.cli.settings import parse\n"
        "open('.env', 'w').write('READ_PORT=7')\n"
        "options = parse('chat', [])\n"
        "async def body(): return options.port\n"
        "sys.exit(program.run(body))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 7, done.stderr
