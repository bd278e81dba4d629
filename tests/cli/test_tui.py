"""The two-socket chat on a full screen: a token by a question, what is said and heard, the past, the end."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Commands, OpenPort, Peer, Terminal
from tests.cli.rift_people import RiftServer, rift_server
from tests.cli.watched import until


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiftServer]:
    with rift_server(tmp_path_factory.mktemp("server")) as server:
        yield server


def sit(terminal: Terminal, commands: Commands, server: RiftServer, *options: str) -> None:
    ports = ("-H", "127.0.0.1", "-P", server.read_port, "--write-port", server.write_port)
    argv = commands.argv("chat", "--tui", *ports, *options)
    terminal.start(argv, str(commands.folder), commands.environment | {"LINES": "30", "COLUMNS": "100"})


def leave(terminal: Terminal) -> int:
    terminal.keys(b"/exit", terminal.ENTER)
    return terminal.end()


def test_a_newcomer_is_asked_once_and_talks(
    server: RiftServer, commands: Commands, terminal: Terminal
) -> None:
    name = server.name()
    sit(terminal, commands, server)
    terminal.until("There is no token in token.txt. Nickname to register")
    terminal.keys(name.encode(), terminal.ENTER)
    terminal.until("\x1b[?1049h")
    assert commands.token_file.stat().st_mode & 0o777 == 0o600
    terminal.until(name)  # the screen names us once the port for posting has
    terminal.keys("привет".encode(), terminal.ENTER)
    until(lambda: f"{name}: привет" in (commands.folder / "history.log").read_text())
    assert leave(terminal) == 0
    assert b"\x1b[?1049l" in terminal.ever_shown
    token = commands.token_file.read_text().strip()
    assert token.encode() not in terminal.ever_shown


def test_the_history_is_there_again(server: RiftServer, commands: Commands, terminal: Terminal) -> None:
    (commands.folder / "history.log").write_text("[22.11.2026 14:05] Vlad: said long ago\n")
    (commands.folder / "history.log").chmod(0o600)
    sit(terminal, commands, server)
    terminal.until("Nickname to register")
    terminal.keys(terminal.ENTER)  # only watches
    terminal.until("said long ago")
    assert leave(terminal) == 0
    assert not commands.token_file.exists()


def test_a_token_beyond_this_machine_is_warned_of_before_it_leaves(
    commands: Commands, terminal: Terminal
) -> None:
    commands.keep_token("6b2c9a80-0000-4000-8000-000000000001")
    argv = commands.argv("chat", "--tui", "-H", "192.0.2.1", "--timeout", "0.3")
    terminal.start(argv, str(commands.folder), commands.environment | {"LINES": "30", "COLUMNS": "100"})
    terminal.until("the token travels to 192.0.2.1 unencrypted: whoever is on the way can read it")
    terminal.until("\x1b[?1049h")
    assert leave(terminal) == 0


def test_a_server_of_our_own_works_too(commands: Commands, terminal: Terminal) -> None:
    commands.keep_token("6b2c9a80-0000-4000-8000-000000000001")
    argv = commands.argv("chat", "--tui", "-P", 0, "--write-port", 0, "--characters")
    terminal.start(argv, str(commands.folder), commands.environment)
    terminal.until("a chat of your own is open on 127.0.0.1:")
    terminal.until("\x1b[?1049h")
    until(
        lambda: (commands.folder / "history.log").exists() and (commands.folder / "history.log").read_text()
    )
    assert leave(terminal) == 0


def test_without_a_terminal_there_is_no_screen(commands: Commands) -> None:
    done = commands.run("chat", "--tui", "-H", "127.0.0.1")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--tui needs a terminal" in done.stderr


def test_the_plain_chat_loads_no_screen(commands: Commands) -> None:
    program = (
        "import sys\n"
        "from minechat.cli.chat import main\n"
        "main(['-H', '127.0.0.1', '-P', '1', '--retry', '0', '--no-history', '-q'])\n"
        "loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "assert not loaded & {'textual', 'rich', 'prompt_toolkit', 'websockets'}, loaded\n"
        "assert 'minechat.client.lines' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=commands.folder, env=commands.environment)
    assert done.returncode == 0


def test_what_the_server_has_no_time_for_waits_in_sight_and_is_sent_again(
    server: RiftServer, commands: Commands, scripted: OpenPort, terminal: Terminal
) -> None:
    def busy_once(peer: Peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(b"Message not sent: the chat is busy. Try again in 1 s.\n")
        peer.acknowledge(2)
        peer.until_gone()

    port = scripted(busy_once)
    commands.keep_token(Peer.TOKEN)
    ports = ("-H", "127.0.0.1", "-P", server.read_port, "--write-port", port.port)
    argv = commands.argv("chat", "--tui", *ports)
    terminal.start(argv, str(commands.folder), commands.environment | {"LINES": "30", "COLUMNS": "100"})
    terminal.until("Brave Vlad")
    terminal.keys(b"first", terminal.ENTER, b"second", terminal.ENTER)
    terminal.until("next try in 1 s: the chat is busy")
    until(lambda: port.heard.endswith(b"second\n\n"))
    assert port.heard.partition(b"first")[1:] == (b"first", b"\n\nfirst\n\nsecond\n\n")
    assert leave(terminal) == 0
