"""``minechat server role`` as a program: who moderates the rooms that are nobody's."""

import json
from pathlib import Path

from minechat.server.rights import Role
from tests.cli.tasks.programs import refused
from tests.cli.tasks.ruling import done, ordered, serving
from tests.server.raw import log_in


async def test_somebody_is_a_moderator_at_once_and_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, _ = await log_in(server.write_port, "Вася")
        _, told = await done(tmp_path, "role", name, "general", "moderator")
        assert told == f"minechat server role: {name} is moderator of general now\n"
    out, _ = await done(tmp_path, "role", "#1", "GENERAL", "member", "--json")
    assert json.loads(out) == {"v": 1, "nickname": name, "room": "general", "role": "member"}
    out, _ = await done(tmp_path, "list", "audit", "--json")
    details = [json.loads(line)["detail"] for line in out.splitlines()]
    assert [one.partition(": ")[2] for one in details] == ["member in general", "moderator in general"]


async def test_what_cannot_be_is_refused_in_one_line(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await log_in(server.write_port, "Вася")
        for words, line in (
            (("#7", "general", "moderator"), "nobody is called '#7'"),
            (("#1", "nowhere", "moderator"), "there is no such room"),
            (("#1", "random", "owner"), "is not in this room"),
            (("#1", "general", "owner"), "this room is everybody's"),
        ):
            assert line in refused(await ordered(tmp_path, "role", *words))
    assert Role.MODERATOR.word == "moderator"
