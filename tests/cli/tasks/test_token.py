"""``minechat server token`` as a program: the new one on stdout and nowhere else, the old one ends."""

import json
from pathlib import Path
from uuid import UUID

from tests.cli.tasks.programs import refused, task
from tests.cli.tasks.ruling import done, serving
from tests.server.raw import log_in, raw


async def test_a_new_token_is_printed_once_and_the_old_one_ends(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client, name, old = await log_in(server.write_port, "Вася")
        out, told = await done(tmp_path, "token", name, "--new")
        new = out.rstrip("\n")
        assert UUID(new).version == 4 and new not in told
        assert "the old one has ended; 1 connection was closed" in told
        assert await client.rest() == b"Message not sent: your token was replaced.\n"
        for token, known in ((old, False), (new, True)):
            visit = await raw(server.write_port)
            visit.send(token.encode() + b"\n")
            assert ((await visit.lines(2))[1] != b"null\n") is known
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert new.encode() not in kept and old.encode() not in kept


async def test_without_a_server_it_is_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, old = await log_in(server.write_port, "Вася")
    out, _ = await done(tmp_path, "token", name, "--new", "--json", "--quiet")
    new = json.loads(out)
    assert (new["nickname"], new["closed"]) == (name, 0) and new["token"] != old


def test_an_old_token_cannot_be_shown(tmp_path: Path) -> None:
    line = refused(task(tmp_path, "token", "Brave Вася"))
    assert "hashes only" in line and "--new" in line
    assert list(tmp_path.iterdir()) == []
