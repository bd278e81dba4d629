"""``minechat server rename`` as a program: exactly the name that is given, or none."""

import json
from pathlib import Path

from tests.cli.tasks.programs import refused
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.raw import log_in, raw


async def test_an_account_has_its_new_name_at_once(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client, name, token = await log_in(server.write_port, "Вася")
        _, told = await done(tmp_path, "rename", name, "Basil")
        assert told == f"minechat server rename: {name} is Basil now; 1 connection was closed\n"
        assert b"your nickname is now Basil" in await client.rest()
        again = await raw(server.write_port)
        again.send(token.encode() + b"\n")
        await again.line()
        assert (await again.account())["nickname"] == "Basil"
    out, _ = await done(tmp_path, "rename", "#1", "Vasya", "--json")
    assert json.loads(out) == {"v": 1, "was": "Basil", "nickname": "Vasya", "closed": 0}


async def test_a_taken_name_is_refused_and_says_whose_it_is(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for nick in ("Вася", "Боба"):
            await log_in(server.write_port, nick)
        await done(tmp_path, "rename", "#1", "Basil")
        line = refused(await ordered(tmp_path, "rename", "#2", "BasiI"))
    assert line == "minechat server rename: BasiI is taken by Basil, or looks like it"
