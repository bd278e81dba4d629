"""Bits that turn in a database: a server refuses it, or serves all but that one cell as it was."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable
from minechat.server.storage.database import opened
from tests.server.storage.test_backup import database, furnish, say_much, storage

FLIPPING = Path(__file__).with_name("flipping.py")


async def test_a_bit_that_turned_is_never_served_as_another_order_or_number(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running)
    say_much(tmp_path, 1500)
    copies = tmp_path / "copies"
    copies.mkdir()
    command = [sys.executable, str(FLIPPING), database(tmp_path), str(copies), "--flips=100"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=50)
    assert result.stderr == ""
    found = json.loads(result.stdout)
    assert found["wrong"] == 0
    assert found["refused"] > 10


@pytest.mark.parametrize("keep", [0, 100, 4096, 20_000])
async def test_a_log_that_was_cut_short_is_read_as_far_as_it_is_whole(tmp_path: Path, keep: int) -> None:
    left = tmp_path / "left"
    left.mkdir()
    async with storage(tmp_path) as running:
        await furnish(running)
        for name in ("a.db", "a.db-wal"):
            (left / name).write_bytes((tmp_path / name).read_bytes())
    os.truncate(left / "a.db-wal", keep)
    try:
        with opened(database(left), 5.0) as (connection, _):
            rows = connection.execute(
                "SELECT seq, text FROM message WHERE room_id = 1 ORDER BY seq"
            ).fetchall()
    except DatabaseUnusable as error:
        assert str(error).isprintable()
    else:
        assert rows == [(seq, str(2 * (seq - 1))) for seq in range(1, len(rows) + 1)]
