"""A person at a terminal: the questions of the first start, and the line mode with its commands."""

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.protocol.rift.commands import JoinRoom
from tests.cli.conftest import Terminal
from tests.cli.rift_people import PASSWORD, RiftCommands, RiftServer, rift_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiftServer]:
    with rift_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def vasya(server: RiftServer, tmp_path: Path) -> RiftCommands:
    commands, _ = server.person(tmp_path / "vasya")
    return commands


@pytest.fixture
def eva(server: RiftServer, tmp_path: Path) -> RiftCommands:
    commands, _ = server.person(tmp_path / "eva", "Eva")
    return commands


def sit(terminal: Terminal, commands: RiftCommands, *options: str, **environment: str) -> None:
    argv = commands.argv("rift", *options)
    terminal.start(argv, str(commands.folder), commands.environment | environment)


def prompt(terminal: Terminal, commands: RiftCommands, *options: str) -> None:
    sit(terminal, commands, "--plain", "--last", "0", *options)
    terminal.until("connected to localhost")
    terminal.until(terminal.READY)


def name_of(commands: RiftCommands) -> str:
    [name] = re.findall(r'"username": "(\w+)"', commands.sessions.read_text())
    return name


def secrets(terminal: Terminal, *passwords: str) -> None:
    for password in passwords:
        terminal.until(": ")
        terminal.keys(password.encode(), terminal.ENTER)


def test_the_first_start_asks_and_registers(server: RiftServer, terminal: Terminal, tmp_path: Path) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    sit(terminal, commands, "--plain")
    terminal.until("Type r to register, or l to log in: ")
    terminal.keys(b"x", terminal.ENTER)
    terminal.until("r or l, please")
    terminal.until("log in: ")
    terminal.keys(b"r", terminal.ENTER)
    terminal.until("Name: ")
    terminal.keys(name.encode(), terminal.ENTER)
    terminal.until("Password, 8 characters at least: ")
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("The same again: ")
    terminal.keys(b"another", terminal.ENTER)
    terminal.until("not the same")
    secrets(terminal, PASSWORD, PASSWORD)
    terminal.until(f"you are {name}; this is remembered in ")
    terminal.until(f"you are {name} in general")
    terminal.until(terminal.READY)
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0
    assert PASSWORD.encode() not in terminal.ever_shown
    assert b"another" not in terminal.ever_shown
    assert PASSWORD not in commands.sessions.read_text()


def test_a_taken_name_is_asked_for_again(
    server: RiftServer, vasya: RiftCommands, terminal: Terminal, tmp_path: Path
) -> None:
    commands, name = server.stranger(tmp_path / "vasya"), server.name("Max")
    sit(terminal, commands, "--plain", "--register")
    terminal.until("Name: ")
    terminal.keys(name_of(vasya).encode(), terminal.ENTER)
    secrets(terminal, PASSWORD, PASSWORD)
    terminal.until("taken")
    terminal.until("Name: ")
    terminal.keys(name.encode(), terminal.ENTER)
    secrets(terminal, PASSWORD, PASSWORD)
    terminal.until(f"you are {name}")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0


def test_a_password_that_is_too_short_or_refused_is_asked_for_again_and_nothing_else(
    server: RiftServer, terminal: Terminal, tmp_path: Path
) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    sit(terminal, commands, "--plain", "--register")
    terminal.until("Name: ")
    terminal.keys(name.encode(), terminal.ENTER)
    question = "Password, 8 characters at least: "
    terminal.until(question)
    terminal.keys("пароль7".encode(), terminal.ENTER)
    terminal.until("that has 7 of the 8 characters")
    terminal.until(question)
    assert b"again" not in terminal.ever_shown
    secrets_again = b"x" * 129  # too long: only the server says so
    terminal.keys(secrets_again, terminal.ENTER)
    secrets(terminal, secrets_again.decode())
    terminal.until("a password has 8 to 128 characters")
    terminal.until(question)
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    secrets(terminal, PASSWORD)
    terminal.until(f"you are {name} in general")
    terminal.until(terminal.READY)
    assert terminal.ever_shown.count(b"Name") == 1
    terminal.keys(b"/password", terminal.ENTER)
    terminal.until("Password now: ")
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("New password, 8 characters at least: ")
    terminal.keys(b"short", terminal.ENTER)
    terminal.until("that has 5 of the 8 characters")
    terminal.until(terminal.READY)
    terminal.keys(b"\x15", terminal.CTRL_D)
    assert terminal.end() == 0


def test_a_password_that_is_typed_before_it_is_asked_for_is_never_said(
    terminal: Terminal, vasya: RiftCommands
) -> None:
    prompt(terminal, vasya)
    terminal.keys(b"/password\r", PASSWORD.encode(), b"\rbrand new one\r")
    terminal.until("Password now: ")
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("New password, 8 characters at least: ")
    terminal.keys(b"short", terminal.ENTER)
    terminal.until("that has 5 of the 8 characters")
    terminal.until(terminal.READY)
    terminal.keys(b"\x15", b"the next", terminal.ENTER)
    terminal.until(": the next")
    assert PASSWORD.encode() not in terminal.ever_shown
    assert b"brand new one" not in terminal.ever_shown
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0


def test_a_wrong_password_is_asked_for_again(
    server: RiftServer, vasya: RiftCommands, terminal: Terminal
) -> None:
    name = name_of(vasya)
    vasya.sessions.unlink()
    sit(terminal, vasya, "--plain")
    terminal.until("log in: ")
    terminal.keys(b"l", terminal.ENTER)
    terminal.until("Name: ")
    terminal.keys(name.encode(), terminal.ENTER)
    secrets(terminal, "wrong password")
    terminal.until("nobody has this name with this password")
    terminal.until(f"Name [{name}]: ")
    terminal.keys(terminal.ENTER)
    secrets(terminal, PASSWORD)
    terminal.until(f"you are {name} in general")
    terminal.until(terminal.READY)
    terminal.keys(b"/exit", terminal.ENTER)
    assert terminal.end() == 0
    assert PASSWORD.encode() not in terminal.ever_shown


@pytest.mark.parametrize("code", [2, 130])
@pytest.mark.parametrize("question", ["log in: ", "Name: ", "Password: "])
def test_who_leaves_a_question_is_nobody_and_the_terminal_is_whole(
    server: RiftServer, terminal: Terminal, tmp_path: Path, question: str, code: int
) -> None:
    import termios

    commands = server.stranger(tmp_path)
    before = termios.tcgetattr(terminal._ours)
    sit(terminal, commands, "--plain")
    for asked, answer in (("log in: ", b"l"), ("Name: ", b"Somebody"), ("Password: ", b"")):
        terminal.until(asked)
        if asked == question:
            break
        terminal.keys(answer, terminal.ENTER)
    if code == 130:  # what Ctrl-C is here, where the terminal is not raw
        terminal.process.send_signal(signal.SIGINT)
    else:
        terminal.keys(terminal.CTRL_D)
    assert terminal.process.wait(20) == code
    assert termios.tcgetattr(terminal._ours)[3] == before[3]  # it shows what is typed again
    assert not commands.sessions.exists()


def test_a_session_that_has_ended_is_asked_for_again(vasya: RiftCommands, terminal: Terminal) -> None:
    name, kept = name_of(vasya), vasya.sessions.read_bytes()
    vasya.run("rift", "--forget")
    vasya.sessions.write_bytes(kept)
    sit(terminal, vasya, "--plain", "-U", name)
    terminal.until("has ended; log in again")
    terminal.until("log in: ")
    terminal.keys(b"l", terminal.ENTER)
    secrets(terminal, PASSWORD)
    terminal.until(f"you are {name} in general")
    terminal.until(terminal.READY)
    terminal.keys(b"quit", terminal.ENTER)
    assert terminal.end() == 0
    assert vasya.sessions.read_bytes() != kept


def test_each_message_is_printed_once(vasya: RiftCommands, eva: RiftCommands, terminal: Terminal) -> None:
    me, other = name_of(vasya), name_of(eva)
    prompt(terminal, vasya)
    terminal.keys("привет".encode(), terminal.ENTER)
    terminal.until(f"general {me}: привет")
    eva.says("hello \x1b[2Jthere")
    terminal.until(f"general {other}: hello ␛[2Jthere")
    terminal.keys(b"two", terminal.ALT_ENTER, b"lines", terminal.ENTER)
    terminal.until(f"general {me}: two␊lines")
    terminal.until(terminal.READY)
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0
    shown = terminal.ever_shown.decode()
    assert shown.count(f"{me}: привет") == shown.count("␛[2Jthere") == 1


def test_commands_and_their_answers(vasya: RiftCommands, eva: RiftCommands, terminal: Terminal) -> None:
    me, other = name_of(vasya), name_of(eva)
    room = f"club-{me.casefold()}"
    prompt(terminal, vasya)

    def enter(line: str, *answers: str) -> None:
        terminal.keys(line.encode(), terminal.ENTER)
        for answer in answers:
            terminal.until(answer)
        terminal.until(terminal.READY)

    enter("/users", " online: ", me)
    enter(f"/create {room} of friends", f"--- you are in {room}: of friends", f"you are in {room} now")
    enter("here", f"{room} {me}: here")
    enter("/topic", f"the topic of {room}: of friends")
    enter("/topic of cats", ": of cats")
    enter("/members", f"--- {me} [owner], online")
    enter("/rooms", f"--- {room}: of cats [owner], 1 in it")
    enter(f"/pm {other} psst", f"@{other} {me}: psst")
    enter("/search psst", f"@{other} {me}: psst")
    enter("/history 1", f"{room} {me}: here")
    enter(f"/kick {other}", "--- refused: ")
    terminal.keys(b"\x15")  # what was refused stands at the prompt again
    enter("/kick", "--- /kick takes a name and perhaps a reason")
    terminal.keys(b"\x15")
    enter("/go nowhere", "you are in no room called nowhere")
    terminal.keys(b"\x15")
    enter("/go general", "you are in general now")
    enter("//not a command", f"general {me}: /not a command")
    enter("/export room.txt", "messages of general are in room.txt")
    enter("/export-mine me.jsonl", "all that the server keeps of you is in me.jsonl")
    enter("/help mute", "/mute NAME [TIME] [REASON]")
    enter("/help", "--- /pm NAME TEXT", "--- /exit")
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert (vasya.folder / "room.txt").read_text().endswith("/not a command\n")
    assert "psst" in (vasya.folder / "me.jsonl").read_text()


def test_tab_finishes_names_and_commands(vasya: RiftCommands, eva: RiftCommands, terminal: Terminal) -> None:
    other = name_of(eva)
    prompt(terminal, vasya)
    eva.says("I am here")
    terminal.until("I am here")
    terminal.keys(b"/hist\t1", terminal.ENTER)
    terminal.until("I am here")
    terminal.until(terminal.READY)
    terminal.keys(other[:4].encode(), b"\thello", terminal.ENTER)
    terminal.until(f": {other}: hello")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0


def test_a_long_paste_is_sent_after_a_question(vasya: RiftCommands, terminal: Terminal) -> None:
    me = name_of(vasya)
    prompt(terminal, vasya)
    paste = "\n".join(f"line {number}" for number in range(12))
    for answer, wanted in ((b"n", False), (b"y", True)):
        terminal.keys(b"\x1b[200~", paste.encode(), b"\x1b[201~")
        terminal.until("line 11")
        terminal.keys(terminal.ENTER)
        terminal.until("Send 12 lines as one message?")
        terminal.keys(answer, terminal.ENTER)
        if wanted:
            terminal.until(f"general {me}: line 0␊line 1␊")
        terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert terminal.ever_shown.decode().count("line 0␊line 1␊") == 1


def test_unread_messages_are_counted_at_the_next_start(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal
) -> None:
    prompt(terminal, vasya)
    for line in ("/join tech", "mark", "/go general"):
        terminal.keys(line.encode(), terminal.ENTER)
        terminal.until({"/join tech": "in tech now", "mark": ": mark", "/go general": "general now"}[line])
        terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    eva.says("one", "two", room="tech")
    again = Terminal()
    try:
        sit(again, vasya, "--plain")
        again.until("tech: 2 new since you were here")
        again.until(again.READY)
        again.keys(again.CTRL_D)
        assert again.end() == 0
    finally:
        again.close()


def test_a_dumb_terminal_gets_plain_lines_only(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal
) -> None:
    me, other = name_of(vasya), name_of(eva)
    sit(terminal, vasya, "--last", "0", TERM="dumb")
    terminal.until("connected to localhost")
    terminal.keys(b"mine\n")
    terminal.until("mine")
    eva.says("theirs")
    terminal.until(f"general {other}: theirs")
    terminal.keys(b"/users\n")
    terminal.until(" online: ")
    terminal.keys(b"exit\n")
    assert terminal.end() == 0
    assert b"\x1b" not in terminal.ever_shown
    assert terminal.ever_shown.decode().count("mine") == 1  # as it was typed
    assert me in eva.run("rift", "--export", "-").stdout


@pytest.mark.parametrize("kind", ["dumb", "xterm"])
def test_what_is_typed_behind_a_join_goes_to_the_new_room_or_to_nobody(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal, kind: str
) -> None:
    end = b"\n" if kind == "dumb" else terminal.ENTER
    sit(terminal, vasya, "--plain", "--last", "0", TERM=kind)
    terminal.until("connected to localhost")
    if kind != "dumb":
        terminal.until(terminal.READY)
    lines = [b"/join no-such-room", b"a secret", b"/topic", b"/go general", b"open to all"]
    lines += [b"/jion tech", b"a third secret"]
    lines += [b"/join tech", b"about tech", b"/go nowhere", b"another secret", b"exit"]
    terminal.keys(*(line + end for line in lines))
    assert terminal.end() == 0
    shown = terminal.ever_shown.decode()
    for line in ("a secret", "/topic", "another secret", "a third secret"):
        assert f"--- not sent, as it was typed for another place: {line}" in shown
    eva.orders(JoinRoom(room="tech"))
    general, tech = (eva.run("rift", "--export", "-", "--room", room).stdout for room in ("general", "tech"))
    assert general
    assert "secret" not in general + tech
    assert "open to all" in general
    assert "about tech" in tech
    assert "open to all" not in tech


def test_what_is_begun_behind_a_join_that_is_refused_takes_enter_twice(
    vasya: RiftCommands, terminal: Terminal
) -> None:
    prompt(terminal, vasya)
    terminal.keys(b"/join no-such-room", terminal.ENTER, b"not for all")
    terminal.until("there is no such room")
    terminal.until("not for all")
    terminal.keys(terminal.ENTER)
    terminal.until("this was begun for another place; Enter once more sends it to general")
    assert "not for all" not in vasya.run("rift", "--export", "-").stdout
    terminal.until("not for all")
    terminal.keys(terminal.ENTER)
    while "not for all" not in vasya.run("rift", "--export", "-").stdout:
        pass
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0


def test_a_refused_line_never_becomes_one_with_what_is_typed_behind_it(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal
) -> None:
    other = name_of(eva)
    prompt(terminal, vasya)
    lines = [b"/pm nobody-of-here hi", b"said here", f"/pm {other} a secret".encode()]
    terminal.keys(*(line + terminal.ENTER for line in lines), b"exit", terminal.ENTER)
    assert terminal.end() == 0
    shown = terminal.ever_shown.decode()
    assert "--- not done: /pm nobody-of-here hi" in shown
    assert "said here" in vasya.run("rift", "--export", "-").stdout
    assert "a secret" not in vasya.run("rift", "--export", "-").stdout
    assert "a secret" in vasya.run("rift", "--export", "-", "--to", other).stdout


def test_what_is_typed_is_said_while_stdout_goes_through_grep(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal
) -> None:
    me, other = name_of(vasya), name_of(eva)
    line = " ".join(vasya.argv("rift", "--plain", "--last", "0")) + f" | grep --line-buffered {other}"
    terminal.start(["bash", "-c", line], str(vasya.folder), vasya.environment)
    terminal.until("connected to localhost")
    terminal.keys(b"mine\n")
    while f"{me}: mine" not in eva.run("rift", "--export", "-").stdout:
        pass
    eva.says("theirs")
    terminal.until(f"general {other}: theirs")
    terminal.keys(b"exit\n")
    assert terminal.end() == 0
    assert f"{me}: mine".encode() not in terminal.ever_shown


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_leaves_the_terminal_whole(
    vasya: RiftCommands, terminal: Terminal, number: int, code: int
) -> None:
    prompt(terminal, vasya)
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert b"\x1b[?2004l" in terminal.ever_shown
    assert b"Traceback" not in terminal.ever_shown


def test_in_russian(vasya: RiftCommands, terminal: Terminal, server: RiftServer, tmp_path: Path) -> None:
    vasya.sessions.unlink()
    sit(terminal, vasya, "--plain", LANG="ru_RU.UTF-8")
    terminal.until("Впервые здесь? ")
    terminal.keys("к".encode(), terminal.ENTER)
    terminal.until("Имя: ")
    terminal.keys(server.name("Max").encode(), terminal.ENTER)
    terminal.until("Пароль, не короче 8 символов: ")
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("Ещё раз: ")
    terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("есть связь с localhost")
    terminal.until(terminal.READY)
    terminal.keys("/рудз mute".encode(), terminal.ENTER)
    terminal.until("/mute ИМЯ [СРОК] [ПРИЧИНА]")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0


def test_the_network_goes_and_comes_back(tmp_path: Path, terminal: Terminal) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with rift_server(folder) as first:
        vasya, me = first.person(tmp_path / "vasya")
        prompt(terminal, vasya, "--retry-delay", "0.1")
    terminal.until("connection lost: ")
    terminal.until("trying again in")
    terminal.keys(b"nobody hears", terminal.ENTER)
    terminal.until("not sent: ")
    with rift_server(folder, port=first.port):
        terminal.until("connected to localhost")
        terminal.until(terminal.READY)
        terminal.keys(terminal.ENTER)  # it stands at the prompt again
        terminal.until(f"general {me}: nobody hears")
        terminal.until(terminal.READY)
        terminal.keys(terminal.CTRL_D)
        assert terminal.end() == 0


@pytest.mark.parametrize("line", ["/logout", "/logout-everywhere"])
def test_who_logs_out_is_forgotten(vasya: RiftCommands, terminal: Terminal, line: str) -> None:
    name = name_of(vasya)
    prompt(terminal, vasya)
    terminal.keys(line.encode(), terminal.ENTER)
    assert terminal.end() == 0
    assert name not in vasya.sessions.read_text()


def test_a_new_password_ends_other_sessions_and_keeps_this_one(
    vasya: RiftCommands, terminal: Terminal, tmp_path: Path
) -> None:
    name = name_of(vasya)
    other = RiftCommands(tmp_path)
    other.port = vasya.port
    argv = ("rift", "-U", name, "--password-stdin")
    assert other.run(*argv, stdin=PASSWORD.encode()).returncode == 0
    prompt(terminal, vasya)
    terminal.keys(b"/password", terminal.ENTER)
    for question, answer in (("now: ", PASSWORD), ("at least: ", "a new one"), ("again: ", "a new one")):
        terminal.until(question)
        terminal.keys(answer.encode(), terminal.ENTER)
    terminal.until("the password is changed")
    terminal.until(terminal.READY)
    terminal.keys(b"still here", terminal.ENTER)
    terminal.until(f"general {name}: still here")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert b"a new one" not in terminal.ever_shown
    assert other.run("rift", "-m", "hi").returncode == 4
    assert vasya.run("rift", "-m", "hi").returncode == 0


def test_what_is_typed_while_others_talk_is_whole(
    vasya: RiftCommands, eva: RiftCommands, terminal: Terminal
) -> None:
    me, other = name_of(vasya), name_of(eva)
    prompt(terminal, vasya)
    talk = threading.Thread(target=eva.says, args=[f"noise {number}" for number in range(300)])
    talk.start()
    terminal.until(f"{other}: noise 0")
    for number in range(10):
        terminal.keys(b"one", terminal.ALT_ENTER, f"two {number}".encode(), terminal.ENTER)
        terminal.until(f"general {me}: one␊two {number}\r\n")
    terminal.until(f"{other}: noise 299")
    talk.join(20)
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0
    shown = terminal.ever_shown.decode()
    assert all(shown.count(f"{other}: noise {number}\r\n") == 1 for number in range(300))
    assert "one^[" not in shown  # the terminal itself showed no key


def test_nobody_is_asked_anything_for_a_server_that_is_not_there(
    terminal: Terminal, tmp_path: Path, unused_port: int
) -> None:
    commands = RiftCommands(tmp_path)
    commands.port = unused_port
    sit(terminal, commands)
    assert terminal.end() == 3
    assert b"start chat.py or minechat server" in terminal.ever_shown
    assert b"log in" not in terminal.ever_shown
