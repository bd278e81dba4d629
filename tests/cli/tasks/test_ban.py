"""``minechat server ban`` as a program: at once on a running server, for later on its database alone."""

import asyncio
import json
from datetime import datetime
from pathlib import Path

from tests.cli.tasks.programs import refused
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.raw import log_in, raw

FOREVER = "minechat server ban: {name} is banned for ever; 1 connection was closed\n"


async def test_it_ends_who_is_there_and_lasts_through_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client, name, token = await log_in(server.write_port, "Вася")
        told = await done(tmp_path, "ban", name, "--reason", "flooding")
        assert told == ("", FOREVER.format(name=name))
        assert await client.rest() == b"Message not sent: you are banned: flooding.\n"
    async with serving(tmp_path) as server:
        again = await raw(server.write_port)
        again.send(token.encode() + b"\n")
        assert (await again.rest()).splitlines()[-1] == b"Message not sent: you are banned: flooding."


async def test_without_a_server_it_is_written_for_the_next(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, token = await log_in(server.write_port, "Вася")
    out, _ = await done(tmp_path, "ban", name, "--for", "2h", "--json")
    banned = json.loads(out)
    assert (banned["whom"], banned["closed"]) == (name, 0)
    left = datetime.fromisoformat(banned["until"]).timestamp() - datetime.now().timestamp()
    assert 7190 <= left <= 7200
    async with serving(tmp_path) as server:
        again = await raw(server.write_port)
        again.send(token.encode() + b"\n")
        assert b"you are banned. Try again in 7" in await again.rest()


async def test_an_address_of_this_machine_is_banned_with_a_warning(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        listener = await raw(server.read_port)
        _, told = await done(tmp_path, "ban", "127.0.0.1", "--quiet")
        assert told.count("\n") == 1 and "this very machine" in told
        assert await listener.rest() == b""


async def test_who_is_not_there_and_what_cannot_be_said_is_one_line(tmp_path: Path) -> None:
    async with serving(tmp_path):
        results = await asyncio.gather(
            ordered(tmp_path, "ban", "nobody\x1b[2J"),
            ordered(tmp_path, "ban", "192.0.2.7", "--reason", "two\nlines"),
            ordered(tmp_path, "ban", "192.0.2.7", "--for", "soon"),
            ordered(tmp_path, "ban"),
        )
    problems = ("list accounts", "reason of ban must be one line", "90s, 10m", "required")
    for result, problem in zip(results, problems, strict=True):
        line = refused(result)
        assert problem in line and line.isprintable()
