"""``minechat server unban`` as a program: who was shut out comes in again."""

import json
from pathlib import Path

from tests.cli.tasks.programs import refused
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.raw import log_in, raw


async def test_who_was_banned_comes_in_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, token = await log_in(server.write_port, "Вася")
        await done(tmp_path, "ban", name)
        assert await done(tmp_path, "unban", name) == (
            "",
            f"minechat server unban: {name} may come in again\n",
        )
        again = await raw(server.write_port)
        again.send(token.encode() + b"\n")
        await again.line()
        assert (await again.account())["nickname"] == name
        assert "is not banned" in refused(await ordered(tmp_path, "unban", name))


async def test_an_address_is_let_in_without_a_server(tmp_path: Path) -> None:
    async with serving(tmp_path):
        await done(tmp_path, "ban", "2001:db8::7")
    out, told = await done(tmp_path, "unban", "2001:db8::8", "--json")
    assert (json.loads(out), told) == ({"v": 1, "whom": "2001:db8::/64"}, "")
