"""``minechat server backup`` as a program: the file, what is told of it, and its exit codes."""

import json
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.cli.tasks.programs import refused, task
from tests.server.storage.test_backup import furnish, names, say_much, storage


async def test_it_writes_the_file_and_tells_what_it_holds(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
        result = task(tmp_path, "backup", "one.backup")
    assert (result.returncode, result.stderr) == (
        0,
        "minechat server backup: a.db is backed up in one.backup\n",
    )
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["schema_version", "3"],
        ["room", "3"],
        ["account", "1"],
        ["message", "5"],
        ["ban", "1"],
        ["deed", "2"],
        ["session", "1"],
        ["member", "1"],
        ["sanction", "1"],
        ["invitation", "1"],
        ["block", "0"],
    ]
    assert (tmp_path / "one.backup").stat().st_mode & 0o777 == 0o600


async def test_json_holds_the_same(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
    result = task(tmp_path, "backup", "one.backup", "--json", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    with closing(sqlite3.connect(tmp_path / "one.backup")) as connection:
        recorded = connection.execute("SELECT name, row_count, sha256 FROM manifest").fetchall()
    assert sorted((one["table"], one["rows"], one["sha256"]) for one in told) == sorted(recorded)


async def test_it_is_refused_in_one_line(tmp_path: Path) -> None:
    assert "does not exist" in refused(task(tmp_path, "backup", "one.backup"))
    assert list(tmp_path.iterdir()) == []
    async with storage(tmp_path) as running:
        await furnish(running, 5)
    (tmp_path / "there").touch()
    assert "nothing is overwritten" in refused(task(tmp_path, "backup", "there"))
    assert "does not exist" in refused(task(tmp_path, "backup", "nowhere/one.backup"))
    assert "garbage" in refused(task(tmp_path, "backup", "one.backup", database="garbage"))
    assert names(tmp_path) == {"a.db", "a.db.lock", "a.db-wal", "a.db-shm", "there"}
    assert (tmp_path / "a.db-wal").stat().st_size == 0  # SQLite's, for whoever opens it next


async def test_ctrl_c_ends_it_and_leaves_nothing(tmp_path: Path) -> None:
    async with storage(tmp_path) as running:
        await furnish(running, 5)
    say_much(tmp_path, 300_000)
    command = [sys.executable, "-m", "minechat", "server", "backup", "one", "--database", "sqlite:///a.db"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "one.new").exists():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (130, "")
    assert names(tmp_path) <= {"a.db", "a.db.lock", "a.db-wal", "a.db-shm"}
