"""``minechat server restore`` as a program: the database it makes, and when it makes none."""

import json
from pathlib import Path

import pytest

from minechat.server.storage.backup import back_up
from tests.cli.tasks.programs import refused, task
from tests.server.storage.test_backup import database, furnish, storage
from tests.server.storage.test_restore import change


@pytest.fixture
async def backup(tmp_path: Path) -> Path:
    (tmp_path / "source").mkdir()
    async with storage(tmp_path / "source") as running:
        await furnish(running, 5)
    back_up(database(tmp_path / "source"), str(tmp_path / "one.backup"))
    return tmp_path / "one.backup"


async def test_it_makes_the_database_and_tells_what_it_holds(tmp_path: Path, backup: Path) -> None:
    result = task(tmp_path, "restore", "one.backup", "--verify")
    assert (result.returncode, result.stderr) == (
        0,
        "minechat server restore: a.db is restored from one.backup\n",
    )
    assert ["message", "5"] in [line.split()[:2] for line in result.stdout.splitlines()]
    again = task(tmp_path, "backup", "two.backup")
    assert again.stdout == result.stdout


async def test_json_holds_the_same(tmp_path: Path, backup: Path) -> None:
    result = task(tmp_path, "restore", "one.backup", "--json", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert {one["table"]: one["rows"] for one in told}["message"] == 5


async def test_it_is_refused_in_one_line_and_makes_nothing(tmp_path: Path, backup: Path) -> None:
    assert "does not exist" in refused(task(tmp_path, "restore", "nothing"))
    assert "not a backup" in refused(task(tmp_path, "restore", "source/a.db"))
    change(backup, "UPDATE message SET text = 'forged'")
    assert "'message' does not hold" in refused(task(tmp_path, "restore", "one.backup", "--verify"))
    assert {one.name for one in tmp_path.iterdir()} == {"source", "one.backup"}
    assert "nothing is overwritten" in refused(
        task(tmp_path, "restore", "one.backup", database="source/a.db")
    )
