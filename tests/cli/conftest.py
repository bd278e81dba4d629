"""The scripts as real processes, and a speak port that follows a script instead of the rules."""

import os
import pty
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


class Peer:
    """The server's end of one connection, in plain blocking calls."""

    GREETING = b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n"
    ACCOUNT = b'{"nickname": "Brave Vlad", "account_hash": "6b2c9a80-0000-4000-8000-000000000001"}\n'
    TOKEN = "6b2c9a80-0000-4000-8000-000000000001"
    WELCOME = b"Welcome to chat! Post your message below. End it with an empty line.\n"
    QUESTION = b"Enter preferred nickname below:\n"
    ACKNOWLEDGED = b"Message send. Write more, end message with an empty line.\n"

    def __init__(self, sock: socket.socket, hear: Callable[[bytes], None]) -> None:
        self.socket = sock
        self._stream = sock.makefile("rb")
        self._hear = hear

    def say(self, *data: bytes) -> None:
        self.socket.sendall(b"".join(data))

    def line(self) -> bytes:
        """The client's next line with its newline; less of it, or b"", when the client leaves."""
        line = self._stream.readline()
        self._hear(line)
        return line

    def message(self) -> bytes:
        """The client's lines up to an empty one, which is left out; b"" when the client leaves."""
        text = b""
        while (line := self.line()) not in (b"\n", b""):
            text += line
        return text

    def log_in(self) -> None:
        """The talk with a client that has a token or wants one, up to the welcome."""
        self.say(self.GREETING)
        if self.line() == b"\n":
            self.say(self.QUESTION)
            self.line()
        self.say(self.ACCOUNT, self.WELCOME)

    def acknowledge(self, count: int) -> None:
        """Answers so many messages."""
        for _ in range(count):
            if self.message():
                self.say(self.ACKNOWLEDGED)

    def acknowledge_all(self) -> None:
        """The whole talk as it should be, until the client leaves."""
        self.log_in()
        while self.message():
            self.say(self.ACKNOWLEDGED)

    def until_gone(self) -> None:
        """Listens until the client leaves."""
        while self.line():
            pass


Script = Callable[[Peer], None]


class Scripted:
    """A listening port on loopback where each connection is one run of ``script`` in a thread.

    The connection ends when the script does; what the client said stands in ``heard``.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept)]
        self.port: int = self._listener.getsockname()[1]
        self.heard = b""
        self.connections = 0
        self.errors: list[BaseException] = []
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._talk, args=(sock,))
            self._threads.append(thread)
            thread.start()

    def _talk(self, sock: socket.socket) -> None:
        peer = Peer(sock, self._hear)
        try:
            self._script(peer)
        except OSError:
            pass  # the client has left, which scripts need not expect
        except BaseException as error:  # noqa: BLE001 - told when the port closes
            self.errors.append(error)
        finally:
            peer._stream.close()
            sock.close()

    def _hear(self, data: bytes) -> None:
        self.heard += data

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        assert not self.errors, self.errors


OpenPort = Callable[[Script], Scripted]


@pytest.fixture
def scripted() -> Iterator[OpenPort]:
    """Opens a scripted speak port."""
    opened: list[Scripted] = []

    def open_port(script: Script) -> Scripted:
        opened.append(Scripted(script))
        return opened[-1]

    yield open_port
    for server in opened:
        server.close()


@pytest.fixture
def unused_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@dataclass
class Commands:
    """Runs the scripts of the repository in an empty folder with a bare environment."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # An .env here keeps that of the developer's own checkout out of the tests.
        (self.folder / ".env").touch()
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TERM": "xterm",
        }

    def argv(self, command: str, *options: str | int) -> list[str]:
        return [sys.executable, str(REPOSITORY / f"{command}.py"), *map(str, options)]

    def run(
        self, command: str, *options: str | int, stdin: bytes = b"", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """One run to its end; what it printed must be text."""
        done = subprocess.run(
            self.argv(command, *options),
            cwd=self.folder,
            env=self.environment | environment,
            input=stdin,
            capture_output=True,
            timeout=30,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    def start(
        self, command: str, *options: str | int, stdin: int = subprocess.PIPE
    ) -> "subprocess.Popen[bytes]":
        """One run that goes on; ``with`` it, so that it ends with the test."""
        return subprocess.Popen(
            self.argv(command, *options),
            cwd=self.folder,
            env=self.environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    @property
    def token_file(self) -> Path:
        return self.folder / "token.txt"

    def keep_token(self, token: str, mode: int = 0o600) -> None:
        """Puts a token where the commands look for it."""
        self.token_file.write_text(f"{token}\n")
        self.token_file.chmod(mode)


@pytest.fixture
def commands(tmp_path: Path) -> Commands:
    return Commands(tmp_path)


class Terminal:
    """A person's side of a pseudo-terminal."""

    ALT_ENTER, ENTER, CTRL_C, CTRL_D, UP = b"\x1b\r", b"\r", b"\x03", b"\x04", b"\x1b[A"
    #: The terminal is told to mark pasted text: the prompt is open.
    READY = "\x1b[?2004h"

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self.shown = b""
        self.ever_shown = b""

    def start(
        self, argv: list[str], folder: str, environment: dict[str, str], stdout: int | None = None
    ) -> None:
        """Starts a program that has this terminal as its own."""
        self.process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment,
            stdin=self._theirs,
            stdout=self._theirs if stdout is None else stdout,
            stderr=self._theirs,
            start_new_session=True,
        )
        os.close(self._theirs)

    def until(self, text: str) -> None:
        """Waits until the text has been shown, and forgets what was shown before its end."""
        wanted = text.encode()
        while wanted not in self.shown:
            assert self._read(20), f"{text!r} was not shown: {self.shown!r}"
        self.shown = self.shown[self.shown.index(wanted) + len(wanted) :]

    def keys(self, *keys: bytes) -> None:
        pressed = memoryview(b"".join(keys))
        while pressed:
            pressed = pressed[os.write(self._ours, pressed) :]

    def end(self) -> int:
        """Waits for the end of the program; returns its exit code."""
        while self._read(20):
            pass
        return self.process.wait(20)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        try:
            data = os.read(self._ours, 4096) if ready else b""
        except OSError:  # the program has closed its end
            data = b""
        self.shown += data
        self.ever_shown += data
        return bool(data)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


@pytest.fixture
def sit_down(commands: Commands, scripted: OpenPort, terminal: Terminal) -> Callable[..., Scripted]:
    """Puts a person at the prompt of ``authorization``; returns the server behind it."""

    def open_prompt(token: str, script: Script = Peer.acknowledge_all) -> Scripted:
        server = scripted(script)
        commands.keep_token(token)
        argv = commands.argv("authorization", "-P", server.port)
        terminal.start(argv, str(commands.folder), commands.environment)
        terminal.until("you are Brave Vlad")
        terminal.until(terminal.READY)
        return server

    return open_prompt
