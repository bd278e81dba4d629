"""What RIFT acknowledged is kept: the server is killed in the moment in which an acknowledgement comes."""

import asyncio
from pathlib import Path

from tests.campaign._life import judge, server, stored
from tests.campaign._rift_poster import RiftPoster, judge_numbers, poster
from tests.server.sockets import until


async def killed_at_an_acknowledgement(folder: Path, ann: RiftPoster) -> None:
    before = len(ann.acknowledged)
    async with server(folder) as life, asyncio.TaskGroup() as tasks:
        tasks.create_task(ann.post(life.rift_port))
        await until(lambda: len(ann.acknowledged) > before)
        life.kill()


async def test_a_kill_at_an_acknowledgement_loses_nothing_and_what_is_sent_again_is_there_once(
    tmp_path: Path,
) -> None:
    ann = poster(0)
    for _ in range(3):
        await killed_at_an_acknowledgement(tmp_path, ann)
        judge(stored(tmp_path / "chat.db"), [ann], [])
    assert ann.again
    async with server(tmp_path) as life:
        await ann.post(life.rift_port, texts=ann.number)
    judge_numbers(stored(tmp_path / "chat.db"), [ann])
