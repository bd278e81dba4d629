"""``minechat server password`` as a program: the new one on stdout and nowhere else, everything old ends."""

import asyncio
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.cli.rift_people import rift_server
from tests.cli.tasks.programs import refused, task
from tests.cli.tasks.ruling import done, serving
from tests.server.doors.rift_client import PASSWORD, Rift, rift
from tests.server.raw import log_in
from tests.server.test_admin import given

#: Seconds in which whoever was in is out.
SOON = 1.0
DATABASE = "minechat.db"


async def code_of(port: int, **proof: str) -> str:
    """What somebody is told who comes so; empty for who is let in."""
    async with rift(port) as client:
        await client.send("auth", **proof)
        answer = await client.receive()
        return str(answer.get("payload", {}).get("code", ""))


async def ordered(folder: Path, *words: str, times: int = 1) -> list[tuple[int, str, str]]:
    """So many commands at once, and how each ended."""
    commands = (asyncio.to_thread(task, folder, "password", *words, database=DATABASE) for _ in range(times))
    return [(one.returncode, one.stdout, one.stderr) for one in await asyncio.gather(*commands)]


async def closed_soon(client: Rift) -> None:
    async with asyncio.timeout(SOON):
        frames, close = await client.closed()
    assert (frames[-1]["payload"]["code"], close) == ("ended", 1008)


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())


async def test_a_guest_who_forgot_the_password_comes_in_by_the_one_that_is_printed(tmp_path: Path) -> None:
    with rift_server(tmp_path) as server:
        anna = await Rift.open(server.port)
        await anna.register("Anna")
        session = (await anna.log_in("Anna", "sessions"))["session"]
        ((code, out, told),) = await ordered(tmp_path, "ANNA")
        assert (code, told) == (
            0,
            "minechat server password: Anna has a new password, to be changed by /password; "
            "all sessions ended; 1 connection was closed\n",
        )
        await closed_soon(anna)
        new = out.rstrip("\n")
        assert re.fullmatch(r"([a-z2-9]{4}-){5}[a-z2-9]{4}\n", out)
        for proof, answer in (
            ({"username": "Anna", "password": PASSWORD}, "wrong_password"),
            ({"session": session}, "wrong_password"),
            ({"username": "Anna", "password": new}, ""),
        ):
            assert await code_of(server.port, **proof) == answer
        out, _ = await asyncio.to_thread(_listed, tmp_path)
        (deed,) = map(json.loads, out.splitlines())
        assert (deed["what"], deed["whom"]) == ("password", "Anna")
        assert re.fullmatch(r"by \S+", deed["detail"])
        server.process.terminate()
        log = await asyncio.to_thread(_rest_of, server.process.stderr)
    assert b"password_changed account=1" in log
    kept = log + out.encode() + everything_in(tmp_path)
    assert new.encode() not in kept and new.replace("-", "").encode() not in kept


def _listed(folder: Path) -> tuple[str, str]:
    result = task(folder, "list", "audit", "--json", database=DATABASE)
    return result.stdout, result.stderr


def _rest_of(stream: Any) -> bytes:
    rest: bytes = stream.read()
    return rest


async def test_of_ten_at_once_each_is_done_and_the_last_holds(tmp_path: Path) -> None:
    with rift_server(tmp_path) as server:
        anna = await Rift.open(server.port)
        await anna.register("Anna")
        await anna.log_in("Anna")
        ends = await ordered(tmp_path, "Anna", "--quiet", "--json", times=10)
        await closed_soon(anna)
        # The admin socket talks to eight at a time; who was turned away is told to try again.
        assert {code for code, _, _ in ends} <= {0, 5}
        assert all("try again in" in told and not out for code, out, told in ends if code)
        made = [json.loads(out)["password"] for code, out, told in ends if code == 0 and not told]
        assert len(made) == len(set(made)) >= 1
        codes = [await code_of(server.port, username="Anna", password=one) for one in made]
        assert sorted(codes) == ["", *["wrong_password"] * (len(made) - 1)]
        out, _ = await asyncio.to_thread(_listed, tmp_path)
        assert len(out.splitlines()) == len(made)


async def test_nothing_is_told_before_it_is_on_the_disk(tmp_path: Path) -> None:
    """Another program holds the database: the order waits, and who was in stays in."""
    with rift_server(tmp_path, "--max-hashes", "1") as server:
        anna = await Rift.open(server.port)
        await anna.register("Anna")
        await anna.log_in("Anna")
        with closing(sqlite3.connect(tmp_path / DATABASE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            order = asyncio.create_task(given(f"{tmp_path}/{DATABASE}.admin", "password", nick="Anna"))
            # Passwords are looked at one after the other: by the time of the second the order has its hash.
            for _ in range(2):
                assert await code_of(server.port, username="Anna", password="not hers") == "wrong_password"
            assert (await anna.done("get_online_users"))["users"] == ["Anna"]
            assert not order.done()
            other.execute("ROLLBACK")
        done = await order
        await closed_soon(anna)
        assert await code_of(server.port, username="Anna", password=done["password"]) == ""


async def test_without_a_server_it_is_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, _ = await log_in(server.write_port, "Вася")
    out, told = await done(tmp_path, "password", name, "--json", "--quiet")
    made = json.loads(out)
    assert (made["nickname"], made["closed"], told) == (name, 0, "")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        ((kept,),) = database.execute("SELECT password FROM account")
    assert kept.startswith("$argon2id$") and made["password"] not in kept
    assert made["password"].encode() not in everything_in(tmp_path)


@pytest.mark.parametrize(
    ("nick", "shown"),
    [
        ("Nobody", "'Nobody'"),
        ("#99", "'#99'"),
        ("a\x1b[2J\u202eb", r"'a\x1b[2J\u202eb'"),
        ("two\nlines", r"'two\nlines'"),
        ("'; DROP TABLE account; --", '"\'; DROP TABLE account; --"'),
    ],
)
async def test_who_is_not_there_is_named_in_one_line(tmp_path: Path, nick: str, shown: str) -> None:
    async with serving(tmp_path) as server:
        await log_in(server.write_port, "Вася")
        line = refused(await asyncio.to_thread(task, tmp_path, "password", nick))
        assert f"nobody is called {shown};" in line and line.isprintable()


async def test_who_has_no_name_is_told_what_to_do(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client, _, _ = await log_in(server.write_port, "")
        client.send(b"hello\n\n")  # kept from now on
        await client.line()
        line = refused(await asyncio.to_thread(task, tmp_path, "password", "#1"))
        assert "no name of its own to log in by; minechat server rename gives it one" in line
