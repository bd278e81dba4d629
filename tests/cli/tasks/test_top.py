"""``minechat server top``: a live view on a terminal, lines elsewhere, and the terminal whole at the end."""

import fcntl
import json
import os
import signal
import struct
import sys
import termios
from asyncio import to_thread
from pathlib import Path

import pyte
import pytest

from tests.cli.conftest import Terminal
from tests.cli.rift_people import rift_server
from tests.cli.tasks.programs import refused, task
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.conftest import close_raw_clients
from tests.server.doors.rift_client import member, rift
from tests.server.raw import SENT, log_in, raw


async def test_json_tells_who_is_here_and_what_happens(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await raw(server.read_port)
        client, name, _ = await log_in(server.write_port, "Вася")
        client.send(b"hello\n\n")
        assert await client.line() == SENT
        out, told = await done(tmp_path, "top", "--every", "0.01", "--count", "2", "--json")
    first, second = map(json.loads, out.splitlines())
    assert told == ""
    assert first["messages_per_second"] is None and second["messages_per_second"] == 0.0
    assert second["people"] == [{"number": 1, "nickname": name, "address": "127.0.0.1", "connections": 1}]
    assert second["addresses"] == [{"address": "127.0.0.1", "connections": 2}]
    assert (second["connections"], second["readers"]) == (2, 1)


async def test_who_is_on_rift_is_told_apart(tmp_path: Path) -> None:
    with rift_server(tmp_path) as server:
        async with member(server.port, "Anna"), rift(server.port):
            await raw(server.write_port)
            top = ("top", "--count", "1")
            seen = await to_thread(task, tmp_path, *top, "--json", database="minechat.db")
            told = await to_thread(task, tmp_path, *top, database="minechat.db")
            await close_raw_clients()
    look = json.loads(seen.stdout)
    assert (look["connections"], look["readers"], look["rift"], look["people_in_all"]) == (3, 0, 2, 1)
    assert "here 0 to watch, 1 to post, 2 for RIFT;" in told.stdout


async def test_without_a_terminal_each_look_is_a_line(tmp_path: Path) -> None:
    async with serving(tmp_path):
        out, told = await done(tmp_path, "top", "--every", "0.01", "--count", "3")
    assert told == "" and out.count("\n") == 3
    assert all("here 0 to watch, 0 to post" in line for line in out.splitlines())


async def test_without_a_server_it_says_so(tmp_path: Path) -> None:
    assert "no server runs" in refused(await ordered(tmp_path, "top"))


async def test_a_server_that_ends_ends_it_too(tmp_path: Path, terminal: Terminal) -> None:
    async with serving(tmp_path):
        start(terminal, tmp_path, columns=80)
        await to_thread(terminal.until, "to watch")
    assert await to_thread(terminal.end) == 3
    told = terminal.ever_shown.decode().rpartition("\x1b[?1049l")[2].splitlines()
    assert told[-1] == "minechat server top: the server on 'a.db.admin' is gone"


@pytest.mark.parametrize("columns", [40, 100])
async def test_it_fits_the_terminal_and_leaves_it_whole(
    tmp_path: Path, terminal: Terminal, columns: int
) -> None:
    async with serving(tmp_path) as server:
        await log_in(server.write_port, "[b]Eva")
        start(terminal, tmp_path, columns)
        await to_thread(terminal.until, "connections")
        await to_thread(terminal.until, "minechat server")  # the second look
        terminal.process.send_signal(signal.SIGINT)
        assert await to_thread(terminal.end) == 130
    live, _, after = terminal.ever_shown.decode().rpartition("\x1b[?1049l")
    assert after == "" and "\x1b[?25h" in live  # the cursor is back, and what was there before
    screen = pyte.Screen(columns, 20)
    pyte.Stream(screen).feed(live)
    shown = "\n".join(screen.display)
    assert "[b]Eva" in shown and "127.0.0.1" in shown
    assert screen.display[0].startswith("minechat server")


def start(terminal: Terminal, folder: Path, columns: int) -> None:
    fcntl.ioctl(terminal._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, columns, 0, 0))
    command = [sys.executable, "-m", "minechat", "server", "top", "--every", "0.05"]
    bare = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm", "HOME": str(folder)}
    terminal.start([*command, "--database", "sqlite:///a.db"], str(folder), bare)
