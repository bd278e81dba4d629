"""Giving orders: over the socket where a server runs, on the database where none does, and to no impostor."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from minechat.cli.tasks.orders import socket_path
from minechat.server.admin import MOST
from tests.cli.tasks.programs import refused, task
from tests.cli.tasks.ruling import done, ordered, serving


def test_the_socket_is_beside_the_database_unless_told_otherwise() -> None:
    assert socket_path("sqlite:///chat.db", None) == "chat.db.admin"
    assert socket_path("sqlite:////var/lib/chat.db", None) == "/var/lib/chat.db.admin"
    assert socket_path("sqlite:///chat.db", "/run/admin") == "/run/admin"


async def test_a_dead_servers_socket_is_no_server(tmp_path: Path) -> None:
    async with serving(tmp_path):
        pass
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(f"{tmp_path}/a.db.admin")
    await done(tmp_path, "ban", "192.0.2.7")
    assert json.loads((await done(tmp_path, "list", "bans", "--json"))[0])["whom"] == "192.0.2.7"


async def test_a_server_that_takes_no_orders_keeps_its_database(tmp_path: Path) -> None:
    async with serving(tmp_path):
        os.unlink(tmp_path / "a.db.admin")
        assert "a server that is running uses it" in refused(await ordered(tmp_path, "list", "bans"))


async def test_a_named_socket_is_asked(tmp_path: Path) -> None:
    async with serving(tmp_path):
        os.rename(tmp_path / "a.db.admin", tmp_path / "elsewhere")
        socket_there = ("--admin-socket", str(tmp_path / "elsewhere"))
        assert (await done(tmp_path, "list", "bans", *socket_there))[1].endswith("nobody is banned\n")
        os.rename(tmp_path / "elsewhere", tmp_path / "a.db.admin")


async def test_who_comes_when_too_many_order_is_told_to_come_again(tmp_path: Path) -> None:
    async with serving(tmp_path), AsyncExitStack() as others:
        for _ in range(MOST):
            _, writer = await asyncio.open_unix_connection(f"{tmp_path}/a.db.admin")
            others.callback(writer.close)
        result = await ordered(tmp_path, "list", "bans")
    assert result.returncode == 5
    assert result.stderr.endswith(": refused: too many give orders at once; try again in 10 s\n")


#: The command as another user, who may not read this Python: once as ourselves, so that all is loaded.
AS_ANOTHER = """
import os, sys
from minechat import text
from minechat.cli import report
from minechat.cli.tasks import list
database = ["--database", "sqlite:///" + sys.argv[1]]
assert list.main(["bans", "--quiet", *database]) == 0
os.setuid(65534)
sys.exit(list.main(["bans", *database]))
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_another_user_may_not_order(open_folder: Path) -> None:
    async with serving(open_folder):
        command = [sys.executable, "-c", AS_ANOTHER, f"{open_folder}/a.db"]
        for mode in (0o600, 0o666):
            os.chmod(open_folder / "a.db.admin", mode)
            result = await asyncio.to_thread(
                subprocess.run, command, cwd=open_folder, capture_output=True, text=True, timeout=30
            )
            assert "as the user the server runs as, or as root" in refused(result)


@asynccontextmanager
async def answering(path: Path, answer: bytes) -> AsyncIterator[None]:
    """Whoever connects there and says a line gets this answer."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.readline():
            writer.write(answer)
        writer.close()

    async with await asyncio.start_unix_server(talk, path):
        yield


async def test_a_server_that_breaks_off_is_a_failure_of_the_network(tmp_path: Path) -> None:
    for answer in (b"", b'{"ok":'):
        async with answering(tmp_path / "a.db.admin", answer):
            result = await asyncio.to_thread(task, tmp_path, "unban", "192.0.2.7")
        assert result.returncode == 3 and "whether the order was carried out is not known" in result.stderr
        (tmp_path / "a.db.admin").unlink(missing_ok=True)


async def test_the_words_of_a_refusal_are_the_servers_and_harmless(tmp_path: Path) -> None:
    words = json.dumps({"error": "no \x1b[2J way", "kind": "NotStored"}).encode() + b"\n"
    async with answering(tmp_path / "a.db.admin", words):
        line = refused(await asyncio.to_thread(task, tmp_path, "unban", "192.0.2.7"))
    assert line == "minechat server unban: no \u241b[2J way"
