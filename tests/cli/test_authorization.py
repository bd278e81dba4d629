"""Posting: whose token, which messages, and an honest word about each of them."""

import json
import os
import queue
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from minechat.cli.authorization import authorization
from minechat.cli.settings import AuthorizationOptions, parse
from minechat.errors import InvalidInput, MessageTooLong, TokenFileUnusable

TOKEN = "22222222-0000-4000-8000-000000000000"


def options(port: int, *more: str) -> AuthorizationOptions:
    return parse("authorization", ["-P", str(port), "-q", *more], environ={}, folders=[])


def acknowledging(peer) -> None:
    peer.acknowledge_all()


def talk(token: str, *messages: str) -> bytes:
    """What a client says that logs in and posts."""
    return "".join([f"{token}\n", *(f"{message}\n\n" for message in messages)]).encode()


# --- messages ---


def test_each_message_is_one_whatever_it_holds(commands, scripted) -> None:
    server = scripted(acknowledging)
    given = ["a\n\nb", "a\r\n \r\nb", "\n\nlead", "a\u2028b\x0bc\x85d", "end\n\n\n", "a\rb"]
    as_options = [part for text in given for part in ("-m", text)]
    done = commands.run("authorization", "-P", server.port, "-T", TOKEN, *as_options)
    sent = ["a\nb", "a\nb", "lead", "a\u2028b\x0bc\x85d", "end", "a\nb"]
    assert (done.returncode, done.stdout) == (0, "")
    assert server.heard == talk(TOKEN, *sent)
    assert "6 messages sent as Brave Vlad" in done.stderr


def test_all_of_standard_input_is_one_message(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, stdin="\nодин\r\n\r\nдва".encode())
    assert (done.returncode, done.stderr) == (0, "authorization.py: sent as Brave Vlad\n")
    assert server.heard == talk(TOKEN, "один\nдва")


def test_a_message_given_leaves_standard_input_alone(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    with commands.start("authorization", "-P", server.port, "-m", "x") as process:
        assert process.wait(20) == 0  # though standard input has not ended
    assert server.heard == talk(TOKEN, "x")


def test_lines_are_sent_as_they_arrive(commands, scripted) -> None:
    heard: queue.Queue[bytes] = queue.Queue()

    def script(peer) -> None:
        peer.log_in()
        while message := peer.message():
            heard.put(message)
            peer.say(peer.ACKNOWLEDGED)

    server = scripted(script)
    commands.keep_token(TOKEN)
    with commands.start("authorization", "-P", server.port, "--lines", "--json") as process:
        for number, line in enumerate(["one", "два\rтри"], 1):
            process.stdin.write(f"{line}\n\n".encode())
            process.stdin.flush()
            text = line.replace("\r", "\n")
            assert heard.get(timeout=20) == f"{text}\n".encode()
            record = json.loads(process.stdout.readline())
            assert (record["number"], record["text"]) == (number, text)
        process.stdin.write(b"last")
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, b"authorization.py: 3 messages sent as Brave Vlad\n")
    assert heard.get(timeout=20) == b"last\n"


@pytest.mark.parametrize("more", [[], ["--lines"]])
@pytest.mark.parametrize("stdin", [b"", b" \n\n"])
def test_empty_input_is_an_error(commands, scripted, more: list[str], stdin: bytes) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, *more, stdin=stdin)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert server.heard in (b"", f"{TOKEN}\n".encode())


def test_binary_input_is_an_error(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, stdin=bytes(range(256)))
    assert (done.returncode, done.stderr.count("\n"), server.connections) == (2, 1, 0)


@pytest.mark.skipif(sys.platform == "win32", reason="no wait4 there")
def test_ten_megabytes_are_refused_in_little_memory(commands, scripted, tmp_path: Path) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    large = tmp_path / "large"
    large.write_bytes("щ".encode() * 5_000_000)
    memory = []
    for source, code in ((os.devnull, 2), (large, 6)):
        with open(source, "rb") as stdin:
            process = commands.start("authorization", "-P", server.port, stdin=stdin.fileno())
            assert process.stderr.read().count(b"\n") == 1
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        process.communicate()
        assert process.returncode == code
        memory.append(usage.ru_maxrss)
    assert server.connections == 0
    assert memory[1] - memory[0] < 4096  # KiB


@pytest.mark.parametrize("text", ["x" * 4096, "щ" * 2100, "\n".join("x" * 101)])
async def test_over_the_limit_nothing_is_sent(scripted, text: str) -> None:
    server = scripted(acknowledging)
    with pytest.raises(MessageTooLong):
        await authorization(options(server.port, "-T", TOKEN, "-m", "short", "-m", text))
    assert server.connections == 0


@pytest.mark.parametrize("text", [" ", "\n \n", "a\udcffb"])
async def test_what_is_no_message_is_not_sent(scripted, text: str) -> None:
    server = scripted(acknowledging)
    with pytest.raises(InvalidInput):
        await authorization(options(server.port, "-T", TOKEN, "-m", "short", "-m", text))
    assert server.connections == 0


def test_as_json_each_acknowledged_message_is_one_object(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    text = "é щ \u202e\x1b[31m 😀"
    for encoding in ("utf-8", "latin-1"):
        done = subprocess.run(
            commands.argv("authorization", "-P", server.port, "--json", "-q", "-m", text, "-m", "b\n\nc"),
            cwd=commands.folder,
            env=commands.environment | {"PYTHONIOENCODING": encoding},
            capture_output=True,
            timeout=30,
        )
        records = [json.loads(line) for line in done.stdout.decode(encoding).splitlines()]
        assert [(r["number"], r["nick"], r["text"]) for r in records] == [
            (1, "Brave Vlad", text),
            (2, "Brave Vlad", "b\nc"),
        ]
        assert (done.returncode, done.stderr) == (0, b"")
        assert b"\x1b" not in done.stdout


# --- what became of them ---


def test_a_cut_between_messages_tells_which_were_sent(commands, scripted) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.acknowledge(2)
        peer.message()

    server = scripted(script)
    given = ["-m", "a", "-m", "b", "-m", "c", "-m", "d"]
    done = commands.run("authorization", "-P", server.port, "-T", TOKEN, "-q", "--json", *given)
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["exit"], error["retryable"]) == (8, 8, False)
    assert "messages 1 to 2 were sent, message 3 failed" in error["message"]
    assert "unknown whether it arrived" in error["message"]
    assert "nothing was sent from message 4 on" in error["message"]
    assert [json.loads(line)["text"] for line in done.stdout.splitlines()] == ["a", "b"]
    assert server.heard == talk(TOKEN, "a", "b", "c")
    assert server.connections == 1


def test_lines_before_one_that_fails_are_told(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, "--lines", stdin=b"fine\n\xff\nnever\n")
    assert done.returncode == 8
    assert "message 1 was sent, message 2 failed: standard input is not UTF-8 text" in done.stderr
    assert server.heard == talk(TOKEN, "fine")


@pytest.mark.parametrize("last_word", [b"", b"Message sent at last!\n"])
def test_without_an_acknowledgement_nobody_knows(commands, scripted, last_word: bytes) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(last_word)
        peer.until_gone()

    server = scripted(script)
    done = commands.run("authorization", "-P", server.port, "-T", TOKEN, "-m", "x", "--timeout", "0.4")
    assert done.returncode == 3
    assert "unknown whether it arrived" in done.stderr
    assert server.heard == talk(TOKEN, "x")
    assert server.connections == 1


@pytest.mark.parametrize(
    ("answer", "code", "words", "after"),
    [
        (b"Message not sent: too fast. Try again in 7 s.\n", 5, "refused: too fast; try again in 7 s", 7),
        (b"Message not sent: you are banned.\n", 6, "refused: you are banned", None),
        (b"Message not sent: \x1b[2J\x9b1m.\n", 6, "refused: \x1b[2J\ufffd1m", None),
    ],
)
def test_a_refusal_says_why_and_when_to_try_again(
    commands, scripted, *, answer: bytes, code: int, words: str, after: int | None
) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(answer)
        peer.until_gone()

    done = commands.run("authorization", "-P", scripted(script).port, "-T", TOKEN, "-m", "x", "--json", "-q")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, done.stdout) == (code, "")
    assert "\x1b" not in done.stderr
    assert (error["message"], error["retry_after"], error["retryable"]) == (words, after, code == 5)


@pytest.mark.parametrize(
    ("line", "code"), [("too many connections. Try again in 60 s.", 5), ("your address is banned.", 6)]
)
@pytest.mark.parametrize("command", ["authorization", "registration"])
def test_a_server_that_takes_nobody_is_a_refusal(
    commands, scripted, command: str, line: str, code: int
) -> None:
    def turn_away(peer) -> None:
        peer.say(f"Message not sent: {line}\n".encode())
        peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    server = scripted(turn_away)
    commands.keep_token(TOKEN)
    own = ("-m", "x") if command == "authorization" else ("-U", "Vlad", "--force")
    for _ in range(5):
        done = commands.run(command, "-P", server.port, "-q", *own)
        if done.returncode != 3:  # a reset before the client's connect() is answered leaves nothing to read
            break
    assert (done.returncode, done.stdout, server.heard) == (code, "", b"")
    reason, _, again = line.removesuffix(".").partition(". T")
    assert done.stderr.endswith(f": refused: {reason}{'; t' * bool(again)}{again}\n")
    assert done.stderr.count("\n") == 1


def test_a_greeting_that_drips_is_given_up_in_time(commands, scripted) -> None:
    def script(peer) -> None:
        peer.socket.settimeout(0.05)
        for byte in peer.GREETING:
            peer.say(bytes([byte]))
            try:
                if not peer.socket.recv(1):
                    return
            except TimeoutError:
                pass

    done = commands.run(
        "authorization", "-P", scripted(script).port, "-T", TOKEN, "-m", "x", "--timeout", "0.3"
    )
    assert done.returncode == 3
    assert "did not answer" in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_acknowledgement_tells_what_is_unknown(commands, scripted, number, code) -> None:
    arrived = threading.Event()

    def script(peer) -> None:
        peer.log_in()
        peer.acknowledge(1)
        peer.message()
        arrived.set()
        peer.until_gone()

    server = scripted(script)
    with commands.start(
        "authorization", "-P", server.port, "-T", TOKEN, "-q", "-m", "a", "-m", "b"
    ) as process:
        assert arrived.wait(20)
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out) == (code, b"")
    assert err == (
        b"authorization.py: stopped: it is unknown whether message 2 was sent; message 1 was sent\n"
    )


def test_a_signal_while_waiting_for_input_is_quiet(commands, scripted) -> None:
    greeted = threading.Event()

    def script(peer) -> None:
        peer.log_in()
        greeted.set()
        peer.until_gone()

    server = scripted(script)
    commands.keep_token(TOKEN)
    with commands.start("authorization", "-P", server.port, "--lines") as process:
        assert greeted.wait(20)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130  # though standard input has not ended
        assert process.stderr.read() == b""


# --- tokens ---


def unknown(peer) -> None:
    peer.say(peer.GREETING)
    peer.line()
    peer.say(b"null\n", peer.QUESTION)
    peer.until_gone()


def test_an_unknown_token_never_registers_anybody(commands, scripted) -> None:
    server = scripted(unknown)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, "-m", "x", "-U", "Vlad")
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr == (
        "authorization.py: the server does not know this token (token.txt); check it or register anew\n"
    )
    assert server.heard == f"{TOKEN}\n".encode()
    assert commands.token_file.read_text() == TOKEN + "\n"


@pytest.mark.parametrize(
    ("more", "stdin", "environment", "origin"),
    [
        (["--token-stdin"], TOKEN.encode(), {}, "standard input"),
        ([], b"", {"TOKEN": TOKEN}, "TOKEN in the environment"),
    ],
)
def test_an_unknown_token_is_named_by_its_origin(
    commands, scripted, *, more, stdin, environment, origin: str
) -> None:
    server = scripted(unknown)
    done = commands.run("authorization", "-P", server.port, "-m", "x", *more, stdin=stdin, **environment)
    assert done.returncode == 4
    assert f"does not know this token ({origin})" in done.stderr


@pytest.mark.parametrize(
    ("more", "stdin", "environment", "winner"),
    [
        (["-T", "typed"], b"", {"TOKEN": "set"}, "typed"),
        (["--token-stdin"], b" piped\r\n", {"TOKEN": "set"}, "piped"),
        ([], b"", {"TOKEN": "set"}, "set"),
        ([], b"", {"MINECHAT_TOKEN": "set"}, "set"),
        ([], b"", {}, TOKEN),
    ],
)
def test_the_order_of_tokens(commands, scripted, *, more, stdin, environment, winner: str) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, "-m", "x", *more, stdin=stdin, **environment)
    assert done.returncode == 0
    assert server.heard == talk(winner, "x")
    assert done.stderr.count("other users of this machine can see") == (winner == "typed")


def test_a_token_of_the_environment_that_hides_a_named_file_is_told(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run(
        "authorization", "-P", server.port, "-m", "x", "--token-path", "token.txt", MINECHAT_TOKEN="set"
    )
    assert (done.returncode, server.heard) == (0, talk("set", "x"))
    assert "the token is MINECHAT_TOKEN in the environment, not the one in token.txt" in done.stderr


def test_the_first_line_is_the_token_and_the_rest_the_message(commands, scripted) -> None:
    server = scripted(acknowledging)
    stdin = f"{TOKEN}\nfirst\nsecond\n".encode()
    done = commands.run("authorization", "-P", server.port, "--token-stdin", stdin=stdin)
    assert (done.returncode, server.heard) == (0, talk(TOKEN, "first\nsecond"))
    done = commands.run("authorization", "-P", server.port, "--token-stdin", "--lines", stdin=stdin)
    assert done.returncode == 0
    assert server.heard == talk(TOKEN, "first\nsecond") + talk(TOKEN, "first", "second")


NOT_TOKENS = ["a\nb", "a b", " ", "\x1b", "токен", "x" * 257]


@pytest.mark.parametrize("token", NOT_TOKENS)
async def test_what_is_no_token_is_never_sent(scripted, token: str) -> None:
    server = scripted(acknowledging)
    with pytest.raises(InvalidInput) as raised:
        await authorization(options(server.port, "-T", token, "-m", "x"))
    assert server.connections == 0
    assert token not in str(raised.value) or not token.strip()
    assert str(raised.value).endswith("(-T); nothing was sent")


def test_a_bad_token_or_name_is_told_with_where_it_came_from(commands, unused_port: int) -> None:
    (commands.folder / ".env").write_text('TOKEN="two words"\n')
    typed = commands.run("authorization", "-P", unused_port, "--token-stdin", stdin=b"two words")
    assert (typed.returncode, "(standard input); nothing was sent\n" in typed.stderr) == (2, True)
    kept = commands.run("authorization", "-P", unused_port, "-m", "x")
    assert (kept.returncode, "(TOKEN in .env); nothing was sent\n" in kept.stderr) == (2, True)
    (commands.folder / ".env").write_text('NICKNAME="two\\nlines"\n')
    for command in ("registration", "authorization"):
        named = commands.run(command, "-P", unused_port)
        assert (named.returncode, named.stderr.count("\n")) == (2, 1)
        assert named.stderr.endswith("(NICKNAME in .env); nothing was sent\n")


@pytest.mark.parametrize("stdin", [b"", b"\n", b"\nmessage\n"])
def test_an_empty_token_is_never_sent(commands, scripted, stdin: bytes) -> None:
    server = scripted(acknowledging)
    done = commands.run("authorization", "-P", server.port, "--token-stdin", "-U", "Vlad", stdin=stdin)
    assert (done.returncode, server.connections) == (2, 0)


def test_a_token_file_that_others_can_read_is_refused(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN, mode=0o644)
    done = commands.run("authorization", "-P", server.port, "-m", "x")
    assert (done.returncode, done.stderr.count("\n"), server.connections) == (2, 1, 0)
    assert "chmod" in done.stderr


def test_without_any_token_and_name_nothing_happens(commands, scripted) -> None:
    server = scripted(acknowledging)
    done = commands.run("authorization", "-P", server.port, "-m", "x")
    assert (done.returncode, server.connections) == (2, 0)
    assert "registration.py" in done.stderr
    assert "--username" in done.stderr


def test_a_token_is_shown_nowhere(commands, scripted) -> None:
    def rude(peer) -> None:
        peer.say(peer.GREETING)
        peer.line()
        peer.say(b'{"nickname": "V", "account_hash": 5}\n')

    def broken(peer) -> None:
        peer.log_in()
        peer.message()

    shown = ""
    for script in (acknowledging, unknown, rude, broken):
        server = scripted(script)
        done = commands.run("authorization", "-P", server.port, "-T", TOKEN, "-m", "x", "-vv")
        shown += done.stdout + done.stderr
    commands.keep_token(TOKEN + " and more")
    done = commands.run("authorization", "-P", server.port, "-m", "x", "-vv", "--json")
    assert TOKEN not in shown + done.stdout + done.stderr
    assert repr(options(1, "-T", TOKEN)).count(TOKEN) == 0


# --- newcomers ---


def test_a_newcomer_is_registered_and_posts(commands, scripted) -> None:
    server = scripted(acknowledging)
    done = commands.run("authorization", "-P", server.port, "--nickname", "Влад", "--message", "привет")
    assert (done.returncode, done.stdout) == (0, "")
    assert server.heard == "\nВлад\nпривет\n\n".encode()
    assert commands.token_file.read_text() == "6b2c9a80-0000-4000-8000-000000000001\n"
    assert "registered as Brave Vlad" in done.stderr


@pytest.mark.parametrize("more", [[], ["--lines"]])
def test_a_newcomer_may_have_nothing_to_say(commands, scripted, more: list[str]) -> None:
    server = scripted(acknowledging)
    done = commands.run("authorization", "-P", server.port, "-U", "Vlad", *more)
    assert (done.returncode, server.heard) == (0, b"\nVlad\n")
    assert commands.token_file.exists()


def test_a_name_matters_only_without_a_token(commands, scripted) -> None:
    server = scripted(acknowledging)
    commands.keep_token(TOKEN)
    done = commands.run("authorization", "-P", server.port, "-U", "Vlad", stdin=b"x")
    assert (done.returncode, server.heard) == (0, talk(TOKEN, "x"))


async def test_a_newcomer_is_checked_before_anything_is_sent(scripted, tmp_path: Path) -> None:
    server = scripted(acknowledging)
    path = str(tmp_path / "token.txt")
    for error, more in (
        (InvalidInput, ["-U", "a\nb", "-m", "x", "--token-path", path]),
        (TokenFileUnusable, ["-U", "Vlad", "-m", "x", "--token-path", str(tmp_path / "no" / "token.txt")]),
        (MessageTooLong, ["-U", "Vlad", "-m", "x" * 5000, "--token-path", path]),
    ):
        with pytest.raises(error):
            await authorization(options(server.port, *more))
    assert server.connections == 0
    assert os.listdir(tmp_path) == []


def test_a_newcomer_whose_token_cannot_be_saved_sees_it(commands, scripted) -> None:
    def script(peer) -> None:
        peer.say(peer.GREETING)
        peer.line()
        peer.say(peer.QUESTION)
        peer.line()
        commands.keep_token(TOKEN)  # somebody else was quicker
        peer.say(peer.ACCOUNT, peer.WELCOME)
        peer.until_gone()

    server = scripted(script)
    done = commands.run("authorization", "-P", server.port, "-U", "Vlad", "-m", "x")
    assert (done.returncode, done.stdout) == (2, "6b2c9a80-0000-4000-8000-000000000001\n")
    assert server.heard == b"\nVlad\n"
    assert commands.token_file.read_text() == TOKEN + "\n"


# --- a real server ---


@dataclass
class RealServer:
    """``minechat server`` as a process of its own, on ports that were free."""

    process: "subprocess.Popen[bytes]"
    read_port: int
    write_port: int


@pytest.fixture
def real_server(commands) -> Iterator[RealServer]:
    repository = Path(__file__).resolve().parents[2]
    ports = ["--read-port", "0", "--write-port", "0", "--no-rift"]
    process = subprocess.Popen(
        [sys.executable, "-m", "minechat", "server", *ports, "--limits", "off"],
        cwd=commands.folder,
        env=commands.environment | {"PYTHONPATH": str(repository)},
        stderr=subprocess.PIPE,
    )
    with process:
        try:
            assert process.stderr is not None
            told = next(line for line in process.stderr if line.startswith(b"listening on "))
            read_port, write_port = map(int, re.findall(rb"port (\d+)", told))
            yield RealServer(process, read_port, write_port)
        finally:
            process.kill()


def test_what_is_posted_is_heard_once_and_in_order(commands, real_server) -> None:
    port = real_server.write_port
    with socket.create_connection(("127.0.0.1", real_server.read_port)) as watching:
        lines = watching.makefile("r", encoding="utf-8")
        token = commands.run("registration", "-P", port, "-U", "Вася").stdout.strip()
        name = None
        for options, stdin, said in (
            (["-m", "привет", "-m", "a\n\nb"], b"", ["привет", "a b"]),
            ([], b"from a pipe\n", ["from a pipe"]),
            (["--lines"], b"one\n\ntwo", ["one", "two"]),
            (["--token-stdin", "--token-path", "none"], f"{token}\nall of it".encode(), ["all of it"]),
            (["--token-path", "other", "-U", "Петя"], b"newcomer", ["newcomer"]),
        ):
            done = commands.run("authorization", "-P", port, *options, stdin=stdin)
            assert done.returncode == 0, done.stderr
            heard = [lines.readline().rstrip("\n").partition(": ") for _ in said]
            assert [text for _, _, text in heard] == said
            name = name or heard[0][0]
            assert {nick for nick, _, _ in heard} == {name} or said == ["newcomer"]


def test_a_token_the_real_server_does_not_know(commands, real_server) -> None:
    done = commands.run("authorization", "-P", real_server.write_port, "-T", TOKEN, "-m", "x", "-U", "Vlad")
    assert done.returncode == 4
    assert not commands.token_file.exists()


def test_lines_until_the_server_is_killed(commands, real_server) -> None:
    assert commands.run("registration", "-P", real_server.write_port, "-U", "Vlad").returncode == 0
    with commands.start("authorization", "-P", real_server.write_port, "--lines", "--json") as process:
        process.stdin.write(b"one\n")
        process.stdin.flush()
        assert json.loads(process.stdout.readline())["text"] == "one"
        real_server.process.kill()
        real_server.process.wait()
        out, err = process.communicate(b"two\n", timeout=20)
    assert (process.returncode, out) == (8, b"")
    assert "message 1 was sent, message 2 failed" in json.loads(err)["error"]["message"]


# --- the cost ---


def test_a_post_in_one_line_imports_nothing_it_does_not_use(commands, scripted) -> None:
    server = scripted(acknowledging)
    (commands.folder / ".env").unlink()
    argv = commands.argv("authorization", "-P", server.port, "-T", TOKEN, "-m", "x", "-q")
    done = subprocess.run(
        [argv[0], "-X", "importtime", *argv[1:]],
        cwd=commands.folder,
        env=commands.environment,
        capture_output=True,
        text=True,
        timeout=30,
    )
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if "|" in line}
    assert done.returncode == 0
    assert "minechat.client.speak" in loaded
    unwanted = {"aiofiles", "prompt_toolkit", "sqlite3", "websockets", "dotenv", "secrets"}
    unwanted |= {f"minechat.{name}" for name in ("server", "text", "client.tokens", "client.history")}
    assert loaded & unwanted == set()
