"""The rift command for programs: who one is, posts, watching, exports; as processes and a real server."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.protocol.rift.commands import Ban, CreateRoom, Mute
from tests.cli.rift_people import PASSWORD, Killed, RiftCommands, RiftServer, rift_server
from tests.cli.watched import until
from tests.hostile.corpus import load


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiftServer]:
    with rift_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def vasya(server: RiftServer, tmp_path: Path) -> RiftCommands:
    commands, _ = server.person(tmp_path / "vasya")
    return commands


def records(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_password_from_a_pipe_makes_an_account_and_only_a_session_is_kept(
    server: RiftServer, tmp_path: Path
) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    argv = ("rift", "--register", "-U", name, "--password-stdin")
    done = commands.run(*argv, stdin=f"{PASSWORD}\nhello\n".encode())
    assert (done.returncode, done.stdout) == (0, "")
    assert f"you are {name}" in done.stderr
    assert "sent as" in done.stderr
    kept = commands.sessions.read_text()
    assert PASSWORD not in kept
    assert commands.sessions.stat().st_mode & 0o777 == 0o600
    again = commands.run("rift", "-m", "me again", "--json")
    assert [record["nick"] for record in records(again.stdout)] == [name]


def test_the_token_of_the_speak_port_opens_the_rooms_and_a_session_is_kept(
    server: RiftServer, tmp_path: Path
) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    where = ("-P", str(server.write_port), "--host", "127.0.0.1")
    made = commands.run("registration", *where, "-U", name)
    assert made.returncode == 0
    token = made.stdout.strip()
    done = commands.run("rift", "--token-path", "token.txt", "-m", "by token", "--json")
    assert done.returncode == 0, done.stderr
    assert str(records(done.stdout)[0]["nick"]).endswith(f"_{name}")
    assert token not in commands.sessions.read_text()
    assert commands.run("rift", "-m", "by session").returncode == 0


def test_a_token_file_that_is_not_there_or_names_nobody_is_told_in_one_line(
    server: RiftServer, tmp_path: Path
) -> None:
    commands = server.stranger(tmp_path)
    missing = commands.run("rift", "--token-path", "nowhere.txt", "-m", "x")
    assert (missing.returncode, missing.stderr.count("\n")) == (2, 1)
    (tmp_path / "token.txt").write_text("c0ffee00-0000-4000-8000-000000000000\n")
    (tmp_path / "token.txt").chmod(0o600)
    unknown = commands.run("rift", "--token-path", "token.txt", "-m", "x")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (4, 1)


def test_an_account_without_a_nickname_is_told_to_register_one(server: RiftServer, tmp_path: Path) -> None:
    commands = server.stranger(tmp_path)
    with socket.create_connection(("127.0.0.1", server.write_port), timeout=10) as speaking:
        speaking.sendall(b"\n\n")
        lines = speaking.makefile("rb")
        account = next(json.loads(line) for line in lines if line.startswith(b"{"))
    (tmp_path / "token.txt").write_text(account["account_hash"] + "\n")
    (tmp_path / "token.txt").chmod(0o600)
    done = commands.run("rift", "--token-path", "token.txt", "-m", "x")
    assert done.returncode == 6
    assert "register a nickname" in done.stderr


def test_each_message_is_acknowledged_as_json(vasya: RiftCommands) -> None:
    done = vasya.run("rift", "-m", "one\ntwo", "-m", "three \x1b[31m", "--json")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    one, three = records(done.stdout)
    assert (one["v"], one["number"], one["room"], one["text"]) == (1, 1, "general", "one\ntwo")
    assert (three["number"], three["text"]) == (2, "three \x1b[31m")
    assert three["seq"] == int(str(one["seq"])) + 1
    assert done.stderr.endswith("2 messages sent as " + str(one["nick"]) + "\n")


def test_all_of_a_pipe_is_one_message_and_with_lines_each_line(vasya: RiftCommands) -> None:
    whole = vasya.run("rift", "--json", stdin=b"a\n\nb\n")
    assert [record["text"] for record in records(whole.stdout)] == ["a\n\nb"]
    lines = vasya.run(
        "rift", "--lines", "--json", stdin=b'{"text": "a"}\n\n{"text": "b", "room": "random"}\n'
    )
    assert [(record["room"], record["text"]) for record in records(lines.stdout)] == [
        ("general", "a"),
        ("random", "b"),
    ]
    plain = vasya.run("rift", "--lines", stdin=b"one\ntwo")
    assert plain.stderr.count("2 messages sent") == 1


@pytest.mark.parametrize("line", [b"text", b"[]", b'{"text": 3}', b'{"text": "a", "room": 1}', b"[" * 50000])
def test_what_is_no_message_stops_a_run_and_says_what_was_sent(vasya: RiftCommands, line: bytes) -> None:
    done = vasya.run("rift", "--lines", "--json", stdin=b'{"text": "fine"}\n' + line + b"\n")
    assert done.returncode == 8
    error = json.loads(done.stderr.splitlines()[-1])["error"]
    assert "message 1 was sent, message 2 failed: a line is not a JSON object" in error["message"]


def test_a_private_message_goes_to_one(server: RiftServer, vasya: RiftCommands, tmp_path: Path) -> None:
    _, name = server.person(tmp_path / "eva", "Eva")
    done = vasya.run("rift", "--to", f"@{name}", "-m", "psst", "--json")
    assert (done.returncode, records(done.stdout)[0]["room"]) == (0, f"@{name}")
    nobody = vasya.run("rift", "--to", "Nobody_at_all", "-m", "psst", "--json")
    assert nobody.returncode == 6
    assert json.loads(nobody.stderr)["error"]["code"] == "refused"
    mine = vasya.run("rift", "--export-mine", "-", "--json")
    assert "psst" in mine.stdout


@pytest.mark.parametrize(
    ("argv", "stdin", "code", "words"),
    [
        (["-m", "x" * 5000], b"", 6, "rift: the message is 5000 bytes long; 4096 fit in one\n"),
        ([], b" \n", 2, "standard input is empty"),
        (["-m", " "], b"", 2, "empty"),
        (["--lines"], b"\n\n", 2, "standard input is empty"),
        ([], b"\xff\xfe", 2, "not UTF-8"),
        (["--room", "no-such-room", "-m", "hi"], b"", 6, "no such room"),
    ],
)
def test_what_cannot_be_said(
    vasya: RiftCommands, argv: list[str], stdin: bytes, code: int, words: str
) -> None:
    done = vasya.run("rift", *argv, stdin=stdin)
    assert (done.returncode, done.stdout) == (code, "")
    assert words in done.stderr


def test_who_is_muted_or_banned_is_told_until_when(
    server: RiftServer, vasya: RiftCommands, tmp_path: Path
) -> None:
    eva, name = server.person(tmp_path / "eva", "Eva")
    room = f"club-{name.casefold()}"
    vasya.orders(CreateRoom(room=room))
    post = ("rift", "--room", room, "-m", "hi")
    assert eva.run(*post).returncode == 0
    for deed, word in ((Mute, "muted in"), (Ban, "banned from")):
        for seconds, code in ((600.0, 5), (None, 6)):
            vasya.orders(deed(room=room, username=name, seconds=seconds, reason="noise"))
            done = eva.run(*post)
            assert done.returncode == code
            again = r"; try again in \d+(\.\d)? s" if seconds else ""
            assert re.search(rf"refused: you are {word} {room}: noise{again}\n$", done.stderr), done.stderr


def test_nobody_is_somebody_by_chance(server: RiftServer, tmp_path: Path) -> None:
    commands = server.stranger(tmp_path)
    done = commands.run("rift", "-m", "hi")
    assert done.returncode == 2
    assert "no session of localhost:" in done.stderr
    assert "--password-stdin" in done.stderr
    nameless = commands.run("rift", "--password-stdin", "-m", "hi", stdin=b"secret\n")
    assert (nameless.returncode, "--username" in nameless.stderr) == (2, True)
    empty = commands.run("rift", "-U", "Vasya", "--password-stdin", "-m", "hi")
    assert (empty.returncode, "no password on standard input" in empty.stderr) == (2, True)
    assert not commands.sessions.exists()


def test_a_wrong_password_and_an_unknown_name_are_told_alike(server: RiftServer, tmp_path: Path) -> None:
    name = server.name()
    server.stranger(tmp_path).register(name)
    told = []
    for who in (name, server.name("Nobody")):
        done = server.stranger(tmp_path).run(
            "rift", "-U", who, "--password-stdin", "-m", "hi", stdin=b"not the password\n"
        )
        assert done.returncode == 4
        told.append(done.stderr)
    assert told[0] == told[1]
    assert "not the password" not in told[0]


def test_a_name_is_taken_once(server: RiftServer, tmp_path: Path) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    commands.register(name)
    argv = ("rift", "--register", "-U", name.upper(), "--password-stdin", "--json")
    done = commands.run(*argv, stdin=b"another password\n")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["exit"]) == (6, 6)


def test_a_session_that_was_forgotten_has_ended_at_the_server_too(vasya: RiftCommands) -> None:
    kept = vasya.sessions.read_bytes()
    done = vasya.run("rift", "--forget")
    assert (done.returncode, "is forgotten" in done.stderr) == (0, True)
    assert "session" not in vasya.sessions.read_text().replace("sessions", "")
    assert vasya.run("rift", "--forget").returncode == 2
    vasya.sessions.write_bytes(kept)
    ended = vasya.run("rift", "-m", "hi")
    assert ended.returncode == 4
    assert vasya.run("rift", "-m", "hi").returncode == 2  # and was forgotten here


def test_who_speaks_russian_reads_russian(vasya: RiftCommands) -> None:
    def told(*options: str, stdin: bytes = b"") -> str:
        stderr = vasya.run("rift", *options, stdin=stdin, LANG="ru_RU.UTF-8").stderr
        assert re.search("[а-я]", stderr)
        return stderr.partition(": ")[2].rstrip("\n")

    assert re.fullmatch(r"отправлено 1 сообщение от имени \w+", told("-m", "a"))
    assert re.fullmatch(r"отправлены 2 сообщения от имени \w+", told("-m", "a", "-m", "b"))
    assert told("-m", "x" * 5000) == "в сообщении 5000 байт; помещается 4096"
    assert told(stdin=b" ") == told("--lines", stdin=b" ") == "стандартный ввод пуст; отправлять нечего"
    broken = vasya.run("rift", "--lines", "--json", stdin=b"{}", LANG="ru_RU.UTF-8")
    assert "строка — не объект JSON с текстом" in json.loads(broken.stderr)["error"]["message"]
    assert "завершён и забыт" in told("--forget")
    assert told("--forget").endswith("не запомнен; забывать нечего")
    assert "нужен терминал или --username и --password-stdin" in told("-m", "a")


def test_a_session_that_others_can_read_is_refused_before_anything_is_sent(vasya: RiftCommands) -> None:
    vasya.sessions.chmod(0o644)
    done = vasya.run("rift", "-m", "hi", "--json")
    error = json.loads(done.stderr)["error"]
    assert (done.returncode, error["code"]) == (2, "sessions_unusable")
    assert f"chmod 600 {vasya.sessions}" in error["message"]


def test_another_file_for_the_sessions(server: RiftServer, tmp_path: Path) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    path = tmp_path / "mine.json"
    argv = ("rift", "--register", "-U", name, "--password-stdin", "--session-path", path)
    assert commands.run(*map(str, argv), stdin=PASSWORD.encode()).returncode == 0
    assert name in path.read_text()
    assert not commands.sessions.exists()
    assert commands.run("rift", "--session-path", path, "-m", "hi").returncode == 0  # type: ignore[arg-type]


def test_where_nobody_serves_a_run_ends_and_a_watcher_says_so(
    server: RiftServer, tmp_path: Path, unused_port: int
) -> None:
    commands, _ = server.person(tmp_path)
    kept = commands.sessions.read_text().replace(f"localhost:{server.port}", f"localhost:{unused_port}")
    commands.sessions.write_text(kept)
    commands.port = unused_port
    done = commands.run("rift", "-m", "hi")
    assert (done.returncode, done.stdout) == (3, "")
    assert "(--port" in done.stderr or "is the server running?" in done.stderr
    watch = commands.run("rift", "--plain", "--for", "0.5", "--retry-delay", "0.1")
    assert (watch.returncode, watch.stdout) == (0, "")
    assert "trying again in" in watch.stderr


def test_a_watcher_prints_messages_alone_on_stdout(
    server: RiftServer, vasya: RiftCommands, tmp_path: Path
) -> None:
    eva, name = server.person(tmp_path / "eva", "Eva")
    with vasya.start("rift", "--plain", "--last", "0", "--count", "2") as watcher:
        assert watcher.stderr is not None
        assert watcher.stdout is not None
        assert b"connected to localhost" in watcher.stderr.readline()
        eva.says("first\nline", "second")
        shown = watcher.stdout.read().decode()
        assert watcher.wait(20) == 0
    stamp = r"[0-9. :]+"
    one, two = shown.splitlines()
    assert re.fullmatch(rf"\[{stamp}\] general {name}: first␊line", one)
    assert re.fullmatch(rf"\[{stamp}\] general {name}: second", two)


def test_the_past_comes_first(vasya: RiftCommands) -> None:
    vasya.says("one", "two", "three", room="random")
    done = vasya.run("rift", "--plain", "--room", "random", "--last", "2", "--for", "1.5", "--json")
    assert [record["text"] for record in records(done.stdout)] == ["two", "three"]
    assert done.returncode == 0


def test_the_past_does_not_count(server: RiftServer, vasya: RiftCommands, tmp_path: Path) -> None:
    vasya.says("one", "two", room="random")
    where = ("--room", "random", "--last", "2", "--json")
    with vasya.start("rift", "--plain", "--count", "1", *where) as watcher:
        assert watcher.stdout is not None
        assert json.loads(watcher.stdout.readline())["text"] == "one"
        assert json.loads(watcher.stdout.readline())["text"] == "two"
        vasya.says("three", room="random")
        assert [record["text"] for record in records(watcher.stdout.read().decode())] == ["three"]
        assert watcher.wait(20) == 0
    assert "what --last shows does not count" in " ".join(vasya.run("rift", "--help").stdout.split())


def test_a_program_that_names_a_room_hears_that_alone(
    server: RiftServer, vasya: RiftCommands, tmp_path: Path
) -> None:
    eva, _ = server.person(tmp_path / "eva", "Eva")
    with vasya.start("rift", "--plain", "--room", "tech", "--last", "0", "--count", "1", "--json") as watcher:
        assert watcher.stderr is not None
        assert watcher.stdout is not None
        assert b"connected" in watcher.stderr.readline()
        eva.says("elsewhere")
        eva.says("here", room="tech")
        assert [record["text"] for record in records(watcher.stdout.read().decode())] == ["here"]


def test_through_grep_and_to_a_reader_who_leaves(
    server: RiftServer, vasya: RiftCommands, tmp_path: Path
) -> None:
    eva, name = server.person(tmp_path / "eva", "Eva")
    watch = " ".join(vasya.argv("rift", "--plain", "--last", "0"))
    line = f"{watch} </dev/null 2>state | grep --line-buffered {name} | head -1; echo ${{PIPESTATUS[0]}}"
    state = vasya.folder / "state"
    with Killed(
        ["bash", "-c", line], cwd=vasya.folder, env=vasya.environment, stdout=subprocess.PIPE
    ) as pipe:
        until(lambda: state.exists() and b"connected" in state.read_bytes())
        assert pipe.stdout is not None
        vasya.says("not this")
        eva.says("this")
        assert f"general {name}: this" in pipe.stdout.readline().decode()
        for _ in range(10):  # each write finds out that nobody reads
            if pipe.poll() is None:
                eva.says("more")
        assert pipe.wait(20) == 0
        assert pipe.stdout.read() == b"0\n"
    assert len(state.read_text().splitlines()) == 1


def test_lines_are_said_while_watching_and_their_end_is_the_end(vasya: RiftCommands) -> None:
    done = vasya.run("rift", "--plain", "--lines", "--last", "0", "--json", stdin=b'{"text": "from a bot"}\n')
    assert done.returncode == 0


def test_a_bot_hears_itself_and_others(server: RiftServer, vasya: RiftCommands, tmp_path: Path) -> None:
    eva, _ = server.person(tmp_path / "eva", "Eva")
    argv = ("rift", "--plain", "--lines", "--last", "0", "--json", "--count", "2")
    with vasya.start(*argv) as bot:
        assert bot.stdin is not None
        assert bot.stdout is not None
        assert bot.stderr is not None
        assert b"connected" in bot.stderr.readline()
        eva.says("ping")
        assert json.loads(bot.stdout.readline())["text"] == "ping"
        bot.stdin.write(b'{"text": "pong"}\n')
        bot.stdin.flush()
        assert json.loads(bot.stdout.readline())["text"] == "pong"
        assert bot.wait(20) == 0


def test_hostile_text_reaches_stdout_as_visible_symbols(server: RiftServer, vasya: RiftCommands) -> None:
    texts = [line.decode("utf-8", "replace").replace("\0", "").strip("\n") for line in load().hostile_lines]
    texts = [text[:1000] for text in texts if text.strip()][:60]
    posted = "\n".join(json.dumps({"text": text}) for text in texts)
    before = vasya.run("rift", "--lines", "--json", "--room", "random", stdin=posted.encode())
    assert before.returncode == 0, before.stderr
    for form in ([], ["--json"]):
        done = vasya.run("rift", "--plain", "--room", "random", "--last", "60", "--for", "1.5", *form)
        shown = done.stdout.encode()
        assert not set(shown) & (set(range(32)) - {10} | {127})
        assert not any(0x80 <= ord(char) < 0xA0 or 0x202A <= ord(char) <= 0x202E for char in done.stdout)
        assert len(done.stdout.splitlines()) == len(done.stdout.split("\n")) - 1 == len(texts)
    assert [record["text"] for record in records(done.stdout)] == texts


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_ends_a_watcher_quietly(vasya: RiftCommands, number: int, code: int) -> None:
    with vasya.start("rift", "--plain", "--last", "0") as watcher:
        assert watcher.stderr is not None
        assert b"connected" in watcher.stderr.readline()
        watcher.send_signal(number)
        assert watcher.wait(20) == code
        assert watcher.stderr.read() == b""


def test_a_room_is_exported_whole(vasya: RiftCommands) -> None:
    vasya.says("a\nb", "c", room="random")
    done = vasya.run("rift", "--room", "random", "--export", "room.txt")
    assert (done.returncode, done.stdout) == (0, "")
    exported = vasya.folder / "room.txt"
    assert exported.stat().st_mode & 0o777 == 0o600
    lines = exported.read_text().splitlines()
    assert lines[-2].endswith(": a␊b")
    assert f"{len(lines)} messages of random are in room.txt" in done.stderr
    again = vasya.run("rift", "--room", "random", "--export", "room.txt")
    assert (again.returncode, "exists and is kept" in again.stderr) == (2, True)
    shown = vasya.run("rift", "--room", "random", "--export", "-", "--json")
    assert [record["text"] for record in records(shown.stdout)][-2:] == ["a\nb", "c"]
    assert len(records(shown.stdout)) == len(lines)


def test_all_that_is_kept_of_oneself_is_told_in_sentences(vasya: RiftCommands) -> None:
    vasya.says("hello", room="random")
    told = vasya.run("rift", "--export-mine", "-", "--timestamp-format", "%Y", "--language", "en").stdout
    account, *others = told.splitlines()
    assert re.fullmatch(r"\[\d{4}\] you registered as \w+; a password is set", account)
    assert [re.sub(r"\d{4}", "Y", line) for line in others] == [
        "[Y] you logged in, and that session is remembered",
        "[Y] you are in random as member",
        "[Y] you said in random: hello",
    ]
    entries = records(vasya.run("rift", "--export-mine", "-", "--json").stdout)
    assert [entry["role"] for entry in entries if entry["kind"] == "membership"] == ["member"]


def test_two_who_come_in_at_once_are_both_remembered(server: RiftServer, tmp_path: Path) -> None:
    names = [server.name() for _ in range(4)]
    started = []
    for name in names:
        commands = server.stranger(tmp_path)
        process = commands.start("rift", "--register", "-U", name, "--password-stdin")
        started.append(process)
    for process in started:
        process.communicate(PASSWORD.encode(), timeout=50)
        assert process.returncode == 0
    for name in names:
        assert server.stranger(tmp_path).run("rift", "-U", name, "-m", "hi").returncode == 0


def test_a_password_beyond_this_machine_is_warned_of_once(server: RiftServer, tmp_path: Path) -> None:
    commands = server.stranger(tmp_path)
    argv = ("rift", "-H", "192.0.2.1", "-U", "Vasya", "--password-stdin", "-m", "hi", "--timeout", "0.3")
    done = commands.run(*argv, stdin=b"secret12\n")
    assert done.returncode == 3
    assert done.stderr.count("travels to 192.0.2.1 unencrypted") == 1
    assert "secret12" not in done.stderr


@pytest.mark.needs("strace")
def test_a_secret_is_in_no_argument_and_the_sessions_are_private_from_the_first_call(
    server: RiftServer, tmp_path: Path
) -> None:
    commands, name, log = server.stranger(tmp_path), server.name(), tmp_path / "calls"
    argv = commands.argv("rift", "--register", "-U", name, "--password-stdin", "-vv")
    strace = ["strace", "-f", "-o", str(log), "-e", "trace=openat,execve"]
    done = subprocess.run(
        [*strace, *argv],
        cwd=commands.folder,
        env=commands.environment,
        input=PASSWORD.encode(),
        capture_output=True,
        preexec_fn=lambda: os.umask(0),
    )
    assert done.returncode == 0
    assert PASSWORD.encode() not in done.stderr + done.stdout
    session = json.loads(commands.sessions.read_text())["servers"][f"localhost:{server.port}"]["accounts"]
    secret = next(iter(session.values()))["session"]
    assert secret.encode() not in done.stderr + done.stdout
    created = [line for line in log.read_text().splitlines() if "O_CREAT" in line and "minechat/" in line]
    assert created
    assert all(", 0600)" in line for line in created)


def test_a_client_of_lines_loads_neither_websockets_nor_textual() -> None:
    program = (
        "import sys\n"
        "import minechat.cli.chat, minechat.cli.authorization, minechat.cli.registration\n"
        "import minechat.cli.settings\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'websockets', 'textual', 'platformdirs', 'prompt_toolkit'}, loaded\n"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_a_post_loads_neither_textual_nor_a_prompt(vasya: RiftCommands) -> None:
    program = (
        "import sys\n"
        "from minechat.cli.rift import main\n"
        f"assert main(['-P', '{vasya.port}', '-q', '-m', 'hi']) == 0\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'textual', 'prompt_toolkit', 'rich'}, loaded\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=vasya.folder,
        env=vasya.environment,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_watcher_of_a_room_that_is_not_there_ends(vasya: RiftCommands) -> None:
    done = vasya.run("rift", "--plain", "--room", "no-such-room")
    assert (done.returncode, done.stdout) == (6, "")
    assert "no such room" in done.stderr
