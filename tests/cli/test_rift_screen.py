"""The full screen of minechat rift as its person starts it: who one is, leaving, signals, ended sessions."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Terminal
from tests.cli.rift_people import PASSWORD, RiftCommands, RiftServer, rift_server

OPEN, CLOSED = "\x1b[?1049h", b"\x1b[?1049l"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiftServer]:
    with rift_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def sit(terminal: Terminal, commands: RiftCommands, *options: str) -> None:
    terminal.start(commands.argv("rift", *options), str(commands.folder), commands.environment)


def test_questions_then_the_screen_then_a_whole_terminal(
    server: RiftServer, terminal: Terminal, tmp_path: Path
) -> None:
    commands, name = server.stranger(tmp_path), server.name()
    sit(terminal, commands)
    terminal.until("log in: ")
    terminal.keys(b"r", terminal.ENTER)
    terminal.until("Name: ")
    terminal.keys(name.encode(), terminal.ENTER)
    for question in ("characters at least: ", "again: "):
        terminal.until(question)
        terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until(OPEN)
    terminal.until(name)
    terminal.keys(b"hello from the screen", terminal.ENTER)
    terminal.until("general")
    while "hello from the screen" not in commands.run("rift", "--export", "-").stdout:
        pass
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0
    assert CLOSED in terminal.ever_shown
    assert PASSWORD.encode() not in terminal.ever_shown


def test_a_session_that_has_ended_is_asked_for_before_the_screen(
    server: RiftServer, terminal: Terminal, tmp_path: Path
) -> None:
    commands, _ = server.person(tmp_path)
    kept = commands.sessions.read_bytes()
    commands.run("rift", "--forget")
    commands.sessions.write_bytes(kept)
    sit(terminal, commands)
    terminal.until("has ended; log in again")
    terminal.until("log in: ")
    assert OPEN.encode() not in terminal.ever_shown
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 2


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_leaves_the_terminal_whole(
    server: RiftServer, terminal: Terminal, tmp_path: Path, number: int, code: int
) -> None:
    commands, name = server.person(tmp_path)
    sit(terminal, commands)
    terminal.until(OPEN)
    terminal.until(name)
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert CLOSED in terminal.ever_shown
    assert b"Traceback" not in terminal.ever_shown


def test_who_writes_to_new_people_too_fast_waits_in_sight_and_talks_elsewhere_meanwhile(
    terminal: Terminal, tmp_path: Path
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with rift_server(folder, "--max-new-correspondents", "1") as server:
        others = [server.person(tmp_path / str(number), "Eva")[1] for number in range(2)]
        commands, name = server.person(tmp_path / "home")
        sit(terminal, commands)
        terminal.until(name)
        for other in others:
            terminal.keys(f"/pm {other} hello".encode(), terminal.ENTER)
            terminal.until(f"private talk with {other}")
        terminal.until(" s: you write to or")
        terminal.keys(b"/go general", terminal.ENTER)
        terminal.until(">1 general")
        terminal.keys(b"not held up", terminal.ENTER)
        while "not held up" not in commands.run("rift", "--export", "-").stdout:
            while terminal._read(0.1):
                pass  # or the screen would wait for its terminal
        terminal.keys(b"exit", terminal.ENTER)
        terminal.until("Leave?")
        terminal.keys(terminal.ENTER)
        assert terminal.end() == 0


def test_the_screen_opens_while_nobody_serves(
    server: RiftServer, terminal: Terminal, tmp_path: Path, unused_port: int
) -> None:
    commands, _ = server.person(tmp_path)
    kept = commands.sessions.read_text().replace(f"localhost:{server.port}", f"localhost:{unused_port}")
    commands.sessions.write_text(kept)
    commands.port = unused_port
    sit(terminal, commands)
    terminal.until(OPEN)
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0
