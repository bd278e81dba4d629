"""The prompt on a pseudo-terminal, with a person's keys: editing, new lines, leaving."""

import os
import pty
import signal
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
TOKEN = "22222222-0000-4000-8000-000000000000"


def test_what_is_typed_is_sent_and_ctrl_d_leaves(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    terminal.keys("првт".encode(), b"\x7f\x7f", "ивет".encode(), terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    terminal.keys(b"one", terminal.ALT_ENTER, b"two", terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nпривет\n\none\ntwo\n\n".encode()
    assert b"\x1b[6n" not in terminal.ever_shown  # a late answer to that would look like typing


def test_up_brings_back_what_was_said(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    for keys in ([b"again", terminal.ENTER], [terminal.ENTER], [terminal.UP, terminal.ENTER]):
        terminal.keys(*keys)
        if keys != [terminal.ENTER]:
            terminal.until("sent")
        terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nagain\n\nagain\n\n".encode()


def test_a_paste_of_several_lines_is_one_message(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    terminal.keys(b"\x1b[200~one\n\ntwo\x1b[201~", terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\none\ntwo\n\n".encode()


def test_ctrl_c_leaves_with_nothing_sent(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    terminal.keys(b"half a mess")
    terminal.until("half a mess")
    terminal.keys(terminal.CTRL_C)
    assert terminal.end() == 130
    assert server.heard == f"{TOKEN}\n".encode()
    assert b"Traceback" not in terminal.shown


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_signal_at_the_prompt_leaves_too(sit_down, terminal, *, number: int, code: int) -> None:
    sit_down(TOKEN)
    terminal.process.send_signal(number)
    assert terminal.end() == code
    assert b"\x1b[?2004l" in terminal.ever_shown  # the terminal is left as it was
    assert b"Traceback" not in terminal.shown


def test_a_token_is_typed_unseen_and_never_comes_back(commands, scripted, terminal) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    argv = commands.argv("authorization", "-P", server.port, "--token-stdin")
    terminal.start(argv, str(commands.folder), commands.environment)
    terminal.until("Token:")
    terminal.keys(TOKEN.encode(), terminal.ENTER)
    terminal.until("you are Brave Vlad")
    terminal.until(terminal.READY)
    terminal.keys(terminal.UP, b"hello", terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\nhello\n\n".encode()
    assert TOKEN.encode() not in terminal.ever_shown


def test_a_hidden_answer_is_not_in_the_history_of_the_session(commands, terminal) -> None:
    program = (
        "import asyncio\n"
        "from minechat.cli.prompt import EditedPrompt\n"
        "async def main():\n"
        "    prompt = EditedPrompt()\n"
        "    await prompt.ask('Token: ', hidden=True)\n"
        "    print(repr(await prompt.ask('Message: ')))\n"
        "asyncio.run(main())\n"
    )
    terminal.start([sys.executable, "-c", program], str(REPOSITORY), commands.environment)
    terminal.until("Token:")
    terminal.keys(b"secret", terminal.ENTER)
    terminal.until("Message:")
    terminal.keys(terminal.UP, b"hello", terminal.ENTER)
    terminal.until("'hello'")
    assert terminal.end() == 0


def test_a_newcomer_at_a_terminal_is_not_asked(commands, scripted, terminal) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    argv = commands.argv("authorization", "-P", server.port, "-U", "Vlad")
    terminal.start(argv, str(commands.folder), commands.environment)
    assert terminal.end() == 0
    assert server.heard == b"\nVlad\n"


@pytest.mark.parametrize("dumb", [False, True])
def test_the_nickname_is_asked_for_until_there_is_one(commands, scripted, terminal, dumb: bool) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    environment = commands.environment | ({"TERM": "dumb"} if dumb else {})
    terminal.start(commands.argv("registration", "-P", server.port), str(commands.folder), environment)
    terminal.until("Nickname:")
    terminal.keys(terminal.ENTER)
    terminal.until("Nickname:")
    terminal.keys("Влад".encode(), terminal.ENTER)
    terminal.until("registered as Brave Vlad")
    assert terminal.end() == 0
    assert server.heard == "\nВлад\n".encode()


@pytest.mark.parametrize(("key", "code"), [(b"\x03", 130), (b"\x04", 2)])
def test_who_leaves_the_question_is_not_registered(commands, scripted, terminal, key, code) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    argv = commands.argv("registration", "-P", server.port)
    terminal.start(argv, str(commands.folder), commands.environment)
    terminal.until("Nickname:")
    terminal.keys(key)
    assert (terminal.end(), server.connections) == (code, 0)
    assert not commands.token_file.exists()


def test_with_stdout_elsewhere_the_question_is_plain_and_still_seen(commands, scripted, terminal) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    reading, writing = os.pipe()
    argv = commands.argv("registration", "-P", server.port)
    terminal.start(argv, str(commands.folder), commands.environment, stdout=writing)
    os.close(writing)
    terminal.until("Nickname: ")
    terminal.keys(b"Vlad\n")
    assert terminal.end() == 0
    assert b"\x1b" not in terminal.ever_shown
    with os.fdopen(reading) as stdout:
        assert stdout.read() == "6b2c9a80-0000-4000-8000-000000000001\n"


def test_the_prompt_is_on_stderr_and_leaves_stdout_to_data(commands, scripted, terminal) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    ours, theirs = pty.openpty()
    argv = commands.argv("registration", "-P", server.port)
    terminal.start(argv, str(commands.folder), commands.environment, stdout=theirs)
    terminal.until("Nickname:")
    terminal.keys(b"Vlad", terminal.ENTER)
    assert terminal.end() == 0
    assert os.read(ours, 4096) == b"6b2c9a80-0000-4000-8000-000000000001\r\n"
    os.close(theirs)
    os.close(ours)
