"""The prompt on a pseudo-terminal, with a person's keys: editing, new lines, leaving."""

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

TOKEN = "22222222-0000-4000-8000-000000000000"
ALT_ENTER, ENTER, CTRL_C, CTRL_D, UP = b"\x1b\r", b"\r", b"\x03", b"\x04", b"\x1b[A"
#: The terminal is told to mark pasted text: the prompt is open.
READY = "\x1b[?2004h"


class Terminal:
    """A person's side of a pseudo-terminal."""

    def __init__(self) -> None:
        self._ours, self._theirs = pty.openpty()
        self.shown = b""
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self, argv: list[str], folder: str, environment: dict[str, str], stdout: int | None = None
    ) -> None:
        """Starts a program that has this terminal as its own."""
        self._process = subprocess.Popen(
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

    def signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def end(self) -> int:
        """Waits for the end of the program; returns its exit code."""
        assert self._process is not None
        while self._read(20):
            pass
        return self._process.wait(20)

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._ours], [], [], seconds)
        try:
            data = os.read(self._ours, 4096) if ready else b""
        except OSError:  # the program has closed its end
            data = b""
        self.shown += data
        return bool(data)

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        os.close(self._ours)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.close()


def acknowledging(peer) -> None:
    peer.log_in()
    while peer.message():
        peer.say(peer.ACKNOWLEDGED)


@pytest.fixture
def sit_down(commands, scripted, terminal):
    """A person at the prompt of ``authorization``; returns the server."""

    def open_prompt(script=acknowledging, *more: str):
        server = scripted(script)
        commands.keep_token(TOKEN)
        argv = commands.argv("authorization", "-P", server.port, *more)
        terminal.start(argv, str(commands.folder), commands.environment)
        terminal.until("you are Brave Vlad")
        terminal.until(READY)
        return server

    return open_prompt


def test_what_is_typed_is_sent_and_ctrl_d_leaves(sit_down, terminal) -> None:
    server = sit_down()
    terminal.keys("првт".encode(), b"\x7f\x7f", "ивет".encode(), ENTER)
    terminal.until("sent")
    terminal.until(READY)
    terminal.keys(b"one", ALT_ENTER, b"two", ENTER)
    terminal.until("sent")
    terminal.until(READY)
    terminal.keys(CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nпривет\n\none\ntwo\n\n".encode()


def test_up_brings_back_what_was_said(sit_down, terminal) -> None:
    server = sit_down()
    for keys in ([b"again", ENTER], [ENTER], [UP, ENTER]):
        terminal.keys(*keys)
        if keys != [ENTER]:
            terminal.until("sent")
        terminal.until(READY)
    terminal.keys(CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nagain\n\nagain\n\n".encode()


def test_a_paste_of_several_lines_is_one_message(sit_down, terminal) -> None:
    server = sit_down()
    terminal.keys(b"\x1b[200~one\n\ntwo\x1b[201~", ENTER)
    terminal.until("sent")
    terminal.until(READY)
    terminal.keys(CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\none\ntwo\n\n".encode()


def test_ctrl_c_leaves_with_nothing_sent(sit_down, terminal) -> None:
    server = sit_down()
    terminal.keys(b"half a mess")
    terminal.until("half a mess")
    terminal.keys(CTRL_C)
    assert terminal.end() == 130
    assert server.heard == f"{TOKEN}\n".encode()
    assert b"Traceback" not in terminal.shown


def test_a_signal_at_the_prompt_leaves_too(sit_down, terminal) -> None:
    sit_down()
    terminal.signal(signal.SIGTERM)
    assert terminal.end() == 143
    assert b"Traceback" not in terminal.shown


def test_ctrl_c_before_the_acknowledgement_says_that_nobody_knows(sit_down, terminal) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.until_gone()

    server = sit_down(script)
    terminal.keys(b"x", ENTER)
    deadline = time.monotonic() + 20
    while b"x\n\n" not in server.heard:
        assert time.monotonic() < deadline
        time.sleep(0)
    # The terminal is no longer raw: the key comes as a signal to a program in its foreground.
    terminal.signal(signal.SIGINT)
    assert terminal.end() == 130
    assert b"it is unknown whether message 1 was sent" in terminal.shown


def test_a_refused_message_is_offered_again(sit_down, terminal) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(b"Message not sent: too fast. Try again in 1 s.\n")
        peer.acknowledge(1)
        peer.until_gone()

    server = sit_down(script)
    terminal.keys(b"pardon", ENTER)
    terminal.until("refused: too fast; try again in 1 s")
    terminal.until(READY)
    terminal.until("pardon")
    terminal.keys(b"!", ENTER)
    terminal.until("sent")
    terminal.until(READY)
    terminal.keys(CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\npardon\n\npardon!\n\n".encode()


def test_a_message_over_the_limit_is_not_sent(sit_down, terminal) -> None:
    server = sit_down()
    terminal.keys(b"\x1b[200~", b"x" * 5000, b"\x1b[201~", ENTER)
    terminal.until("5000 bytes")
    terminal.until(READY)
    terminal.keys(CTRL_C)
    assert terminal.end() == 130
    assert server.heard == f"{TOKEN}\n".encode()


def test_a_connection_that_is_lost_is_reported(sit_down, terminal) -> None:
    sit_down(lambda peer: peer.log_in())
    terminal.keys(b"x", ENTER)
    assert terminal.end() == 3
    assert b"nothing was sent" in terminal.shown or b"unknown whether" in terminal.shown


def test_a_token_is_typed_unseen_and_never_comes_back(commands, scripted, terminal) -> None:
    server = scripted(acknowledging)
    argv = commands.argv("authorization", "-P", server.port, "--token-stdin")
    terminal.start(argv, str(commands.folder), commands.environment)
    terminal.until("Token:")
    terminal.keys(TOKEN.encode(), ENTER)
    terminal.until("you are Brave Vlad")
    terminal.until(READY)
    terminal.keys(UP, b"hello", ENTER)
    terminal.until("sent")
    terminal.until(READY)
    terminal.keys(CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nhello\n\n".encode()


def test_a_newcomer_at_a_terminal_is_not_asked(commands, scripted, terminal) -> None:
    server = scripted(acknowledging)
    argv = commands.argv("authorization", "-P", server.port, "-U", "Vlad")
    terminal.start(argv, str(commands.folder), commands.environment)
    assert terminal.end() == 0
    assert server.heard == b"\nVlad\n"


@pytest.mark.parametrize("dumb", [False, True])
def test_the_nickname_is_asked_for_until_there_is_one(commands, scripted, terminal, dumb: bool) -> None:
    server = scripted(acknowledging)
    environment = commands.environment | ({"TERM": "dumb"} if dumb else {})
    terminal.start(commands.argv("registration", "-P", server.port), str(commands.folder), environment)
    terminal.until("Nickname:")
    terminal.keys(ENTER)
    terminal.until("Nickname:")
    terminal.keys("Влад".encode(), ENTER)
    terminal.until("registered as Brave Vlad")
    assert terminal.end() == 0
    assert server.heard == "\nВлад\n".encode()


@pytest.mark.parametrize(("key", "code"), [(CTRL_C, 130), (CTRL_D, 2)])
def test_who_leaves_the_question_is_not_registered(commands, scripted, terminal, key, code) -> None:
    server = scripted(acknowledging)
    argv = commands.argv("registration", "-P", server.port)
    terminal.start(argv, str(commands.folder), commands.environment)
    terminal.until("Nickname:")
    terminal.keys(key)
    assert (terminal.end(), server.connections) == (code, 0)
    assert not commands.token_file.exists()


def test_with_stdout_elsewhere_the_question_is_still_seen(commands, scripted, terminal) -> None:
    server = scripted(acknowledging)
    reading, writing = os.pipe()
    argv = commands.argv("registration", "-P", server.port)
    terminal.start(argv, str(commands.folder), commands.environment, stdout=writing)
    os.close(writing)
    terminal.until("Nickname:")
    terminal.keys(b"Vlad\n")
    assert terminal.end() == 0
    with os.fdopen(reading) as stdout:
        assert stdout.read() == "6b2c9a80-0000-4000-8000-000000000001\n"
