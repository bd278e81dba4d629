"""Every command in every state, in random order: only documented answers, no bug, nobody ever stuck."""

from collections import Counter
from dataclasses import replace

from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import ROWS
from minechat.server.app import running
from minechat.server.settings import Settings
from tests.server.doors.rift_walk import main_text, walk

STEPS = 700
#: Commands that so few steps need not carry out.
SELDOM = 8


async def test_a_random_walk_meets_nothing_undocumented(settings: Settings) -> None:
    seen: Counter[tuple[str, str]] = Counter()
    for seed in (1, 2):
        database = f"{settings.database}{seed}"
        async with running(replace(settings, rift_port=0, database=database)) as server:
            assert server.rift_port is not None
            seen += await walk(server.rift_port, people=5, steps=STEPS, seed=seed)
    words = {row.word for row in ROWS}
    assert {word for word, _ in seen} >= words, main_text(seen)
    carried_out = {word for word, answer in seen if answer not in CODES}
    assert len(carried_out) >= len(words) - SELDOM, main_text(seen)
