"""The admin socket: orders of the owner are carried out at once, everybody else's are refused."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from minechat import system
from minechat.errors import AddressUnusable
from minechat.server.admin import LINE, MOST, admin_socket, may_order, obeying
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.orders import PAGE, REASON
from minechat.server.owner import Owner
from minechat.server.settings import PROFILES, Settings
from minechat.server.storage import open_storage
from tests.server.conftest import close_raw_clients
from tests.server.raw import SENT, log_in, raw

DEADLINE = 10.0


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "admin")


@pytest_asyncio.fixture
async def ruled(settings: Settings, path: str) -> AsyncIterator[Server]:
    """A whole server that takes orders."""
    async with running(replace(settings, admin_socket=path)) as server:
        yield server
        await close_raw_clients()


@asynccontextmanager
async def socket_alone(tmp_path: Path, path: str, deadline: float = DEADLINE) -> AsyncIterator[None]:
    """The socket on a database, without a server."""
    with admin_socket(path) as listener:
        async with (
            open_storage(f"sqlite:///{tmp_path}/alone.db", on_committed=lambda _: None) as storage,
            asyncio.TaskGroup() as tasks,
            obeying(listener, Owner(storage), tasks, deadline),
        ):
            yield


class Orders:
    """The owner's end of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> dict[str, Any] | None:
        """The answer to a line; None when the connection ends without one."""
        self.writer.write(data)
        answer = await asyncio.wait_for(self.reader.readline(), DEADLINE)
        return json.loads(answer) if answer else None

    async def give(self, order: str, **fields: object) -> dict[str, Any]:
        answer = await self.send(json.dumps({"order": order, **fields}).encode() + b"\n")
        assert answer is not None
        return answer

    async def ended(self) -> bool:
        try:
            return await asyncio.wait_for(self.reader.read(), DEADLINE) == b""
        except ConnectionResetError:
            return True


@asynccontextmanager
async def orders(path: str) -> AsyncIterator[Orders]:
    reader, writer = await asyncio.open_unix_connection(path)
    try:
        yield Orders(reader, writer)
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def given(path: str, order: str, **fields: object) -> Any:
    """One order that is carried out; its result."""
    async with orders(path) as owner:
        answer = await owner.give(order, **fields)
    assert "ok" in answer, answer
    return answer["ok"]


async def refused_at(port: int, *said: bytes) -> bytes:
    """The last line somebody hears before the connection ends."""
    client = await raw(port)
    client.send(b"".join(said))
    return (await client.rest()).splitlines(keepends=True)[-1]


# What orders do to a running server.


async def test_a_ban_ends_live_visits_and_bars_new_ones(ruled: Server, path: str) -> None:
    client, name, token = await log_in(ruled.write_port, "Вася")
    done = await given(path, "ban", whom=name, seconds=None, reason="flooding")
    assert done == {"whom": name, "until": None, "closed": 1, "loopback": False}
    assert await client.rest() == b"Message not sent: you are banned: flooding.\n"
    again = await refused_at(ruled.write_port, token.encode() + b"\n")
    assert again == b"Message not sent: you are banned: flooding.\n"
    await given(path, "unban", whom=name)
    third = await raw(ruled.write_port)
    third.send(token.encode() + b"\n")
    await third.line()
    assert (await third.account())["nickname"] == name


async def test_a_ban_with_an_end_says_when_to_try_again(ruled: Server, path: str) -> None:
    client, name, _ = await log_in(ruled.write_port, "Вася")
    await given(path, "ban", whom=name, seconds=60, reason="")
    assert await client.rest() == b"Message not sent: you are banned. Try again in 60 s.\n"


async def test_a_ban_of_an_address_ends_both_ports(ruled: Server, path: str) -> None:
    listener = await raw(ruled.read_port)
    client, _, _ = await log_in(ruled.write_port, "Вася")
    silent = await raw(ruled.write_port)
    await silent.line()
    done = await given(path, "ban", whom="127.0.0.1", seconds=None, reason="noise")
    assert done["closed"] == 3 and done["loopback"] is True
    words = b"Message not sent: you are banned: noise.\n"
    assert await client.rest() == words
    assert await silent.rest() == words
    assert await listener.rest() == b""
    assert await refused_at(ruled.write_port) == words
    assert await (await raw(ruled.read_port)).rest() == b""
    await given(path, "unban", whom="127.0.0.1")
    await log_in(ruled.write_port, "Вася")


async def test_who_has_no_name_is_banned_by_number(ruled: Server, path: str) -> None:
    client, name, _ = await log_in(ruled.write_port, "")
    client.send(b"spam\n\n")
    assert await client.line() == SENT
    (account,) = (await given(path, "list", what="accounts", after=0))["entries"]
    assert account["nickname"] == name
    done = await given(path, "ban", whom=f"#{account['number']}", seconds=None, reason="")
    assert done["closed"] == 1
    assert await client.rest() == b"Message not sent: you are banned.\n"


async def test_a_new_token_ends_the_old_one_everywhere(ruled: Server, path: str) -> None:
    client, name, old = await log_in(ruled.write_port, "Вася")
    done = await given(path, "token", nick=name)
    assert await client.rest() == b"Message not sent: your token was replaced.\n"
    assert done["nickname"] == name and done["token"] != old
    refused = await raw(ruled.write_port)
    refused.send(old.encode() + b"\n")
    assert (await refused.lines(2))[1] == b"null\n"
    entered = await raw(ruled.write_port)
    entered.send(done["token"].encode() + b"\n")
    await entered.line()
    assert (await entered.account())["nickname"] == name


async def test_whoever_is_renamed_logs_in_again_with_the_same_token(ruled: Server, path: str) -> None:
    client, name, token = await log_in(ruled.write_port, "Вася")
    await given(path, "rename", nick=name, to="Basil")
    assert await client.rest() == b"Message not sent: your nickname is now Basil. Try again in 1 s.\n"
    listener = await raw(ruled.read_port)
    again = await raw(ruled.write_port)
    again.send(token.encode() + b"\nhello\n\n")
    await again.line()
    assert (await again.account())["nickname"] == "Basil"
    assert (await again.lines(2))[1] == SENT
    assert await listener.line() == b"Basil: hello\n"


async def test_what_was_committed_before_a_ban_is_answered(ruled: Server, path: str) -> None:
    client, name, _ = await log_in(ruled.write_port, "Вася")
    listener = await raw(ruled.read_port)
    client.send(b"hello\n\n")
    assert await listener.line() == f"{name}: hello\n".encode()
    await given(path, "ban", whom=name, seconds=None, reason="")
    assert await client.rest() == SENT + b"Message not sent: you are banned.\n"


async def test_a_flooder_is_out_within_a_second(settings: Settings, path: str) -> None:
    fair = replace(settings, admin_socket=path, limits=PROFILES["default"])
    async with running(fair) as server:
        client, name, _ = await log_in(server.write_port, "Вася")
        client.send(b"spam\n\n" * 2000)
        assert await client.line() == SENT
        began = time.monotonic()
        await given(path, "ban", whom=name, seconds=None, reason="flooding")
        assert (await client.rest()).endswith(b"Message not sent: you are banned: flooding.\n")
        assert time.monotonic() - began < 1.0
        await close_raw_clients()


async def test_an_announcement_is_heard_and_not_kept(ruled: Server, path: str) -> None:
    listener = await raw(ruled.read_port)
    await given(path, "announce", text="the server\nrestarts \x1b[2J at noon")
    assert await listener.line() == "Server: the server restarts \u241b[2J at noon\n".encode()
    (deed,) = (await given(path, "list", what="audit", after=0))["entries"]
    by = f"by {system.user_name(os.geteuid())}"
    assert (deed["what"], deed["detail"]) == ("announce", f"{by}: the server restarts \u241b[2J at noon")
    assert (await given(path, "list", what="accounts", after=0))["entries"] == []


async def test_a_look_tells_who_is_here(ruled: Server, path: str) -> None:
    await raw(ruled.read_port)
    client, name, _ = await log_in(ruled.write_port, "Вася")
    client.send(b"hello\n\n")
    assert await client.line() == SENT
    seen = await given(path, "figures")
    (person,) = seen["people"]
    assert (person["nickname"], person["address"], person["connections"]) == (name, "127.0.0.1", 1)
    assert (seen["connections"], seen["readers"], seen["people_in_all"]) == (2, 1, 1)
    await client.close()
    while (await given(path, "figures"))["people"]:
        await asyncio.sleep(0)


# The socket.


async def test_several_orders_on_one_connection_are_answered_in_their_order(
    tmp_path: Path, path: str
) -> None:
    async with socket_alone(tmp_path, path), orders(path) as owner:
        owner.writer.write(b'{"order":"list","what":"bans","after":0}\n{"order":"figures"}\n')
        assert json.loads(await owner.reader.readline()) == {"ok": {"entries": [], "after": None}}
        assert json.loads(await owner.reader.readline())["kind"] == "InvalidInput"


async def test_bad_input_gets_one_error_and_hurts_nobody(tmp_path: Path, path: str) -> None:
    async with socket_alone(tmp_path, path), orders(path) as other, orders(path) as owner:
        for bad in (b"\n", b"{}\n", b"[" * 50_000 + b"\n", b"\xff\xfe\n", b'{"order":"drop"}\n'):
            answer = await owner.send(bad)
            assert answer is not None and answer.keys() == {"error", "kind"}
        assert "ok" in await owner.give("list", what="bans", after=0)
        assert "ok" in await other.give("list", what="bans", after=0)


@pytest.mark.parametrize("ended", [b"\n", b""])
async def test_a_line_over_the_limit_is_told_and_its_tail_is_no_order(
    tmp_path: Path, path: str, ended: bytes
) -> None:
    tail = b'{"order":"list","what":"bans","after":0}\n'
    async with socket_alone(tmp_path, path), orders(path) as owner:
        answer = await owner.send(b" " * (2 * LINE) + ended + (tail if ended else b""))
        assert answer is not None and "at most 65536 bytes" in answer["error"]
        assert await owner.ended()


async def test_the_longest_answer_is_one_line_within_the_limit(tmp_path: Path, path: str) -> None:
    async with socket_alone(tmp_path, path), orders(path) as owner:
        for number in range(PAGE):
            order = {"whom": f"2001:db8:{number:x}::1", "seconds": 60, "reason": "𠀀" * REASON}
            assert "ok" in await owner.give("ban", **order)
        owner.writer.write(b'{"order":"list","what":"bans","after":0}\n')
        answer = await asyncio.wait_for(owner.reader.readline(), DEADLINE)
        assert len(json.loads(answer)["ok"]["entries"]) == PAGE and len(answer) <= LINE


async def test_whoever_is_silent_is_let_go(tmp_path: Path, path: str) -> None:
    async with socket_alone(tmp_path, path, deadline=0.05), orders(path) as silent:
        silent.writer.write(b'{"order":')
        assert await silent.ended()


async def test_whoever_takes_no_answers_is_let_go(tmp_path: Path, path: str) -> None:
    async with socket_alone(tmp_path, path, deadline=0.2):
        async with orders(path) as deaf:
            deaf.reader._transport.pause_reading()  # type: ignore[attr-defined]  # a socket nobody reads
            line = b'{"order":"' + b"x" * 1000 + b'"}\n'
            while not deaf.writer.transport.is_closing():
                deaf.writer.write(line * 100)
                try:
                    await asyncio.wait_for(deaf.writer.drain(), DEADLINE)
                except ConnectionError:
                    break
        async with orders(path) as other:
            assert "ok" in await other.give("list", what="bans", after=0)


async def test_few_may_order_at_once_and_a_place_is_free_again(tmp_path: Path, path: str) -> None:
    async with socket_alone(tmp_path, path):
        open_ones = [await asyncio.open_unix_connection(path) for _ in range(MOST)]
        for reader, writer in open_ones:
            assert "ok" in await Orders(reader, writer).give("list", what="bans", after=0)
        async with orders(path) as late:
            assert "too many" in str(await late.send(b""))
            assert await late.ended()
        for _, writer in open_ones:
            writer.close()
            await writer.wait_closed()
        answer: dict[str, Any] = {"error": ""}
        while "error" in answer:
            async with orders(path) as late:
                answer = await late.give("list", what="bans", after=0)


async def test_it_is_gone_with_the_server(settings: Settings, path: str) -> None:
    async with running(replace(settings, admin_socket=path)):
        assert os.path.exists(path)
    assert not os.path.exists(path)


async def test_a_place_that_cannot_be_is_told_before_anything_is_served(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AddressUnusable, match="something else is there"):
        async with running(replace(settings, admin_socket=str(tmp_path / "file"))):
            pytest.fail("it runs")


async def test_a_folder_open_to_all_is_logged(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "everybodys"
    folder.mkdir()
    folder.chmod(0o777)
    async with socket_alone(tmp_path, str(folder / "admin")):
        assert "admin_folder_open_to_all" in caplog.text


# Who may order.


def test_only_this_user_and_root_may_order() -> None:
    assert may_order(os.geteuid()) and may_order(0) and may_order(None)
    assert not may_order(os.geteuid() + 1)


#: Gives an order as another user, where the mode of the socket's file does not stand in the way.
STRANGER = """
import os, socket, sys
os.setuid(65534)
with socket.socket(socket.AF_UNIX) as stranger:
    stranger.connect(sys.argv[1])
    stranger.settimeout(10)
    try:
        stranger.sendall(b'{"order":"ban","whom":"192.0.2.7","seconds":null,"reason":""}\\n')
    except BrokenPipeError:
        pass
    print(stranger.makefile().readline())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
async def test_an_order_of_another_user_is_refused(open_folder: Path) -> None:
    path = str(open_folder / "admin")
    async with socket_alone(open_folder, path):
        os.chmod(path, 0o666)
        asked = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-c", STRANGER, path], capture_output=True, text=True, timeout=30
        )
        bans = (await given(path, "list", what="bans", after=0))["entries"]
    assert '"kind": "Forbidden"' in asked.stdout, asked.stdout + asked.stderr
    assert bans == []
