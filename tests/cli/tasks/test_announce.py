"""``minechat server announce`` as a program: who listens hears it, in the server's name."""

import json
from pathlib import Path

from tests.cli.tasks.programs import refused
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.raw import raw


async def test_everybody_who_listens_hears_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        listeners = [await raw(server.read_port) for _ in range(3)]
        _, told = await done(tmp_path, "announce", "The server restarts at noon")
        assert told == "minechat server announce: said: The server restarts at noon\n"
        out, _ = await done(tmp_path, "announce", "in \x1b[31m two\nhours", "--json")
        assert json.loads(out)["text"] == "in \u241b[31m two hours"
        for listener in listeners:
            assert await listener.lines(2) == [
                b"Server: The server restarts at noon\n",
                "Server: in \u241b[31m two hours\n".encode(),
            ]
        assert "1 to 1000" in refused(await ordered(tmp_path, "announce", "x" * 1001))


async def test_without_a_server_nobody_would_hear_it(tmp_path: Path) -> None:
    assert "no server runs" in refused(await ordered(tmp_path, "announce", "hello"))
    assert list(tmp_path.iterdir()) == []
