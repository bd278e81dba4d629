"""Registering: a token on stdout and in a private file, an old one never lost, a new one never either."""

import json
import os
import socket
import stat
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.cli.registration import registration
from minechat.cli.settings import RegistrationOptions, parse
from minechat.errors import InvalidInput, MinechatError

OLD = "11111111-0000-4000-8000-000000000000"


def options(port: int, path: Path, *more: str) -> RegistrationOptions:
    argv = ["-P", str(port), "-U", "Vlad", "--token-path", str(path), *more]
    return parse("registration", argv, environ={}, folders=[])


def test_the_token_is_alone_on_stdout_and_private_in_its_file(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    done = commands.run("registration", "-P", server.port, "-U", "Влад")
    token = "6b2c9a80-0000-4000-8000-000000000001"
    assert (done.returncode, done.stdout) == (0, token + "\n")
    assert done.stderr == "registration.py: registered as Brave Vlad; the token is saved in token.txt\n"
    assert server.heard == "\nВлад\n".encode()
    assert commands.token_file.read_text() == token + "\n"
    assert stat.S_IMODE(commands.token_file.stat().st_mode) == 0o600


def test_as_json_it_is_one_object(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    done = commands.run("registration", "-P", server.port, "-U", "Vlad", "--json", "-q")
    token = "6b2c9a80-0000-4000-8000-000000000001"
    expected = {"v": 1, "nickname": "Brave Vlad", "token": token, "token_path": "token.txt"}
    assert (json.loads(done.stdout), done.stderr, done.returncode) == (expected, "", 0)


def test_a_token_that_is_there_is_kept_and_nobody_is_asked(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    commands.keep_token(OLD)
    done = commands.run("registration", "-P", server.port, "-U", "Vlad")
    assert (done.returncode, done.stdout, server.connections) == (2, "", 0)
    assert done.stderr.count("\n") == 1
    assert "--force" in done.stderr
    assert "--token-path" in done.stderr
    assert commands.token_file.read_text() == OLD + "\n"


def test_force_replaces_it(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    commands.keep_token(OLD)
    done = commands.run("registration", "-P", server.port, "-U", "Vlad", "--force")
    assert done.returncode == 0
    assert commands.token_file.read_text() == done.stdout


def test_a_folder_that_is_not_there_is_found_out_before_connecting(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    done = commands.run("registration", "-P", server.port, "-U", "Vlad", "--token-path", "no/token.txt")
    assert (done.returncode, server.connections) == (2, 0)
    assert "no/token.txt" in done.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_a_token_that_cannot_be_saved_is_shown(commands, scripted, as_json: bool) -> None:
    def script(peer) -> None:
        peer.say(peer.GREETING)
        peer.line()
        peer.say(peer.QUESTION)
        peer.line()
        commands.keep_token(OLD)  # somebody else was quicker
        peer.say(peer.ACCOUNT, peer.WELCOME)

    server = scripted(script)
    more = ["--json"] if as_json else []
    done = commands.run("registration", "-P", server.port, "-U", "Vlad", *more)
    token = "6b2c9a80-0000-4000-8000-000000000001"
    assert done.returncode == 2
    assert "not saved" in done.stderr
    assert commands.token_file.read_text() == OLD + "\n"
    if as_json:
        assert (json.loads(done.stdout)["token"], json.loads(done.stdout)["token_path"]) == (token, None)
        assert json.loads(done.stderr)["error"]["exit"] == 2
    else:
        assert done.stdout == token + "\n"


NOT_NAMES = ["Vlad\nEva", "Vlad\rEva", "Vl\x1bad", "Vl\x9bad", " ", "Vl\udcffad", "x" * 5000]


@pytest.mark.parametrize("name", NOT_NAMES)
async def test_a_name_that_cannot_be_one_is_never_sent(scripted, tmp_path: Path, name: str) -> None:
    server = scripted(lambda peer: peer.log_in())
    with pytest.raises(InvalidInput):
        await registration(options(server.port, tmp_path / "token.txt", "-U", name))
    assert server.connections == 0


def test_a_name_of_two_lines_is_a_line_on_stderr(commands) -> None:
    done = commands.run("registration", "-P", 1, "-U", "Vlad\nEva")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert "(-U)" in done.stderr


def test_without_a_name_and_a_terminal_nobody_is_registered(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    done = commands.run("registration", "-P", server.port, stdin=b"Vlad\n")
    assert (done.returncode, server.connections) == (2, 0)
    assert "--username" in done.stderr


def test_no_server_here_says_what_to_start(commands, unused_port: int) -> None:
    done = commands.run("registration", "-P", unused_port, "-U", "Vlad")
    assert done.returncode == 3
    assert "start chat.py or minechat server" in done.stderr
    assert not commands.token_file.exists()


def test_a_token_that_leaves_this_machine_is_warned_of_once(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    # The address of every interface leads here too, and does not look like this machine.
    done = commands.run("registration", "-P", server.port, "-U", "Vlad", "-H", "0.0.0.0")
    assert (done.returncode, done.stderr.count("unencrypted")) == (0, 1)


def test_a_nickname_that_would_steer_the_terminal_is_made_safe(commands, scripted) -> None:
    account = b'{"nickname": "\\u001b]0;x\\u0007 \\u202eV\\r", "account_hash": "a-token"}\n'

    def script(peer) -> None:
        peer.ACCOUNT = account
        peer.log_in()

    done = commands.run("registration", "-P", scripted(script).port, "-U", "Vlad")
    assert done.returncode == 0
    assert not set(done.stderr) & set("\x1b\x07\u202e\r")


@pytest.mark.parametrize(
    "answer",
    [
        b"null\n",
        b"[]\n",
        b"[" * 4000 + b"\n",
        b'{"nickname": 5, "account_hash": "a"}\n',
        b'{"nickname": "V"}\n',
        b'{"nickname": "V", "account_hash": ""}\n',
        b'{"nickname": "V", "account_hash": "a\\nb"}\n',
        b'{"nickname": "V", "account_hash": "' + b"a" * 100_000 + b'"}\n',
        b"\xff\xfe\n",
    ],
)
async def test_an_account_that_is_none_leaves_the_old_token(scripted, tmp_path: Path, answer: bytes) -> None:
    def script(peer) -> None:
        peer.ACCOUNT = answer
        peer.log_in()
        peer.until_gone()

    path = tmp_path / "token.txt"
    path.write_text(OLD)
    path.chmod(0o600)
    with pytest.raises(MinechatError) as raised:
        await registration(options(scripted(script).port, path, "--force", "-q"))
    assert "\n" not in str(raised.value)
    assert path.read_text() == OLD
    assert os.listdir(tmp_path) == ["token.txt"]


@pytest.mark.parametrize("reset", [False, True])
async def test_a_cut_at_any_byte_leaves_the_old_token_or_the_new_one(
    scripted, tmp_path: Path, capsys: pytest.CaptureFixture[str], reset: bool
) -> None:
    cuts: Iterator[int]

    def script(peer) -> None:
        left = next(cuts)
        for piece in (peer.GREETING, peer.QUESTION, peer.ACCOUNT):
            peer.say(piece[:left])
            left -= len(piece)
            if left < 0:
                break
            peer.line()
        if reset:
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = scripted(script)
    whole = sum(map(len, _TALK))
    cuts = iter(range(whole))
    path = tmp_path / "token.txt"
    path.write_text(OLD)
    path.chmod(0o600)
    settings = options(server.port, path, "--force", "-q")
    for _ in range(whole):
        with pytest.raises(MinechatError):
            await registration(settings)
        assert path.read_text() == OLD
    assert os.listdir(tmp_path) == ["token.txt"]
    assert capsys.readouterr().out == ""


_TALK = (
    b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n",
    b"Enter preferred nickname below:\n",
    b'{"nickname": "Brave Vlad", "account_hash": "6b2c9a80-0000-4000-8000-000000000001"}\n',
)


async def test_a_server_that_drips_is_given_up_in_time(scripted, tmp_path: Path) -> None:
    def script(peer) -> None:
        peer.socket.settimeout(0.05)
        for byte in peer.GREETING:
            peer.say(bytes([byte]))
            try:
                if not peer.socket.recv(1):
                    return  # the client has given up
            except TimeoutError:
                pass

    with pytest.raises(MinechatError, match="did not answer"):
        await registration(options(scripted(script).port, tmp_path / "t", "-q", "--timeout", "0.3"))


def test_a_reader_who_has_gone_is_no_failure(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        commands.argv("registration", "-P", server.port, "-U", "Vlad", "-q"),
        cwd=commands.folder,
        env=commands.environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        timeout=30,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
    assert commands.token_file.exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_an_output_that_takes_nothing_is_told(commands, scripted) -> None:
    server = scripted(lambda peer: peer.log_in())
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            commands.argv("registration", "-P", server.port, "-U", "Vlad", "-q"),
            cwd=commands.folder,
            env=commands.environment,
            stdout=full,
            stderr=subprocess.PIPE,
            timeout=30,
        )
    assert done.returncode == 2
    assert done.stderr == b"registration.py: cannot write to standard output: No space left on device\n"
    assert commands.token_file.exists()
