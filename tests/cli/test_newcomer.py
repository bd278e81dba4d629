"""What somebody meets who tries things: each slip is told in one line that names it and helps."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from minechat.cli import sentences
from minechat.cli.settings import UsageError, parse
from minechat.events import Retrying

TOKEN = "33333333-0000-4000-8000-000000000000"
FULL = "/dev/full"
needs_full = pytest.mark.skipif(not Path(FULL).exists(), reason="there is no /dev/full here")


def failure(command: str, *argv: str, environ: dict[str, str] | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        parse(command, argv, environ or {}, [])
    return str(caught.value)


@pytest.mark.parametrize("host", ["a%b", "${USER}", "a\\b", "[::1", "::g", "fe80::1%", "a..b\u0301", "x*"])
@pytest.mark.parametrize("command", ["chat", "authorization"])
def test_a_host_that_cannot_be_one_is_named_with_its_origin(command: str, host: str) -> None:
    line = failure(command, environ={"MINECHAT_HOST": host})
    assert repr(host) in line
    assert "(MINECHAT_HOST in the environment)" in line


def test_one_port_for_both_uses_is_refused_with_both_origins() -> None:
    for command, flag in (("server", "--read-port"), ("chat", "--port")):
        line = failure(command, flag, "6000", environ={"WRITE_PORT": "6000"})
        assert "6000" in line
        assert flag in line
        assert "WRITE_PORT in the environment" in line
    assert parse("server", ["--read-port", "0", "--write-port", "0"], {}, []).read_port == 0
    assert parse("chat", ["-H", "chat.example", "-P", "5050"], {}, []).port == 5050


def test_the_beginning_of_an_option_brings_that_option_to_mind() -> None:
    assert "perhaps --history" in failure("chat", "--hist")
    assert "perhaps --timestamp-format" in failure("chat", "--timestamp")


def test_an_option_is_called_as_it_was_typed() -> None:
    assert "it takes no value (--characters)" in failure("chat", "--characters=maybe")
    assert "(--port)" in failure("chat", "--port")
    assert "(-P)" in failure("chat", "-P")


def test_a_question_in_a_reason_does_not_break_the_sentence() -> None:
    state = Retrying("h:1 refuses connections; is the server running?", 7.64)
    assert sentences.state(state) == "h:1 refuses connections (is the server running?); trying again in 7.6 s"


@needs_full
def test_a_full_disk_behind_stdout_hides_no_acknowledged_message(commands, scripted) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    commands.keep_token(TOKEN)

    def post(*messages: str) -> subprocess.CompletedProcess[bytes]:
        given = [part for text in messages for part in ("-m", text)]
        with open(FULL, "wb") as full:
            return subprocess.run(
                commands.argv("authorization", "-P", server.port, "--json", *given),
                cwd=commands.folder,
                env=commands.environment,
                stdin=subprocess.DEVNULL,
                stdout=full,
                stderr=subprocess.PIPE,
                timeout=30,
            )

    one, two = post("only"), post("first", "second")
    assert (one.returncode, two.returncode) == (2, 8)
    told = [json.loads(done.stderr)["error"]["message"] for done in (one, two)]
    assert told[0].startswith("message 1 was sent, but cannot write to standard output")
    assert told[1].startswith("message 1 was sent, but cannot write to standard output")
    assert [text.endswith("; nothing was sent from message 2 on") for text in told] == [False, True]
    assert b"second" not in server.heard


@needs_full
def test_a_full_disk_behind_stdout_hides_no_account(commands, scripted) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    with open(FULL, "wb") as full:
        done = subprocess.run(
            commands.argv("registration", "-P", server.port, "-U", "Vlad"),
            cwd=commands.folder,
            env=commands.environment,
            stdin=subprocess.DEVNULL,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    assert done.returncode == 2
    registered, problem = done.stderr.decode().splitlines()
    assert registered.endswith("registered as Brave Vlad; the token is saved in token.txt")
    assert "cannot write to standard output" in problem
    assert os.path.getsize(commands.token_file) == 37


def test_no_token_on_standard_input_is_called_by_its_name(commands, unused_port) -> None:
    done = commands.run("authorization", "-P", unused_port, "--token-stdin", "-m", "x")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "there is no token on standard input" in done.stderr


def test_a_paste_that_is_too_long_does_not_hide_why_it_was_refused(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    terminal.keys(b"\x1b[200~", "я".encode() * 2500, b"\x1b[201~", terminal.ENTER)
    terminal.until("the message is 5000 bytes long")
    terminal.until("Up brings it back")
    terminal.until(terminal.READY)
    terminal.keys(b"short", terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    assert "яя".encode() not in terminal.shown
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nshort\n\n".encode()
