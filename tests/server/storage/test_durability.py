"""What was acknowledged is on the disk: after kill -9, in the order of system calls, after a failed fsync."""

import json
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from tests.server.storage.replaying import STRACE, failures

HERE = Path(__file__).parent
SYNCED = re.compile(r"(?:fdatasync|fsync)(?:\(\d+<[^>]*-wal>\)| resumed>\)) += 0")
LOGGED = re.compile(r"pwrite64\(\d+<[^>]*-wal>")
ACKNOWLEDGED = re.compile(r'write\(1<[^>]*>, "(\d+ \d+) \d+\\n"')


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=50)


def kill(folder: Path, *options: str) -> tuple[int, dict[str, object]]:
    result = run(sys.executable, HERE / "killing.py", folder, *options)
    assert result.stderr == ""
    return result.returncode, json.loads(result.stdout)


@pytest.mark.parametrize("keys", [[], ["--keys"]], ids=["once", "again"])
def test_no_kill_loses_what_was_acknowledged_or_keeps_it_twice(tmp_path: Path, keys: list[str]) -> None:
    code, found = kill(tmp_path, "--kills=10", "--posters=20", *keys)
    assert found.pop("acknowledged")
    assert found == {"lost": 0, "duplicated": 0, "disordered": 0, "misnumbered": 0, "integrity": "ok"}
    assert code == 0


def too_early(folder: Path) -> int:
    """Of 20 acknowledgements, how many left before their message was in the log and the log synced."""
    trace = folder / "trace"
    watch = ("strace", "-f", "-y", "-e", "trace=fdatasync,fsync,pwrite64,write", "-s", "5000", "-o", trace)
    posting = (sys.executable, HERE / "posting.py", folder / "a.db", "--posters=1", "--messages=20")
    assert run(*watch, *posting, "--round=7").returncode == 0
    logged = synced = ""
    acknowledged = early = 0
    for line in trace.read_text().splitlines():
        if LOGGED.search(line):
            logged += line
        elif SYNCED.search(line):
            synced = logged
        elif found := ACKNOWLEDGED.search(line):
            acknowledged += 1
            early += found[1] not in synced
    assert acknowledged == 20
    return early


@pytest.mark.needs("strace")
def test_an_acknowledgement_leaves_after_its_sync(tmp_path: Path) -> None:
    assert too_early(tmp_path) == 0


@pytest.mark.needs("strace")
def test_a_power_failure_at_any_write_loses_nothing_acknowledged(tmp_path: Path) -> None:
    database, trace = tmp_path / "a.db", tmp_path / "trace"
    posting = (sys.executable, HERE / "posting.py", database, "--messages=8")
    assert run(*posting, "--posters=1", "--round=1").returncode == 0
    before = database.read_bytes()
    assert run("strace", *STRACE, "-o", trace, *posting, "--posters=4", "--round=2").returncode == 0
    acknowledged = re.compile(r"^(\d+ 2\d+) \d+$", re.MULTILINE)
    (tmp_path / "left").mkdir()
    lost = list(failures(trace.read_text(), database, before, acknowledged, tmp_path / "left"))
    assert len(lost) > 15
    assert set(lost) == {0}


@pytest.mark.needs("strace")
def test_a_failed_sync_stops_the_storage_for_good(tmp_path: Path) -> None:
    database, trace = tmp_path / "a.db", tmp_path / "trace"
    result = run(
        *("strace", "-f", "-y", "-e", "trace=fdatasync,write", "-o", trace),
        *("-e", "inject=fdatasync:error=EIO:when=40+"),
        *(sys.executable, HERE / "posting.py", database, "--posters=5"),
    )
    *acknowledged, failed = result.stdout.splitlines()
    assert result.returncode == 3, result.stderr
    assert failed.startswith("failed: ") and "disk I/O error" in failed
    _, broke, after = trace.read_text().partition("EIO")
    assert broke and not ACKNOWLEDGED.search(after)
    with closing(sqlite3.connect(database)) as connection:
        stored = {(text, seq) for text, seq in connection.execute("SELECT text, seq FROM message")}
    promised = [line.rpartition(" ") for line in acknowledged if line != "ready"]
    assert promised
    assert {(text, int(seq)) for text, _, seq in promised} <= stored
    assert max(int(seq) for *_, seq in promised) == len(promised)


@pytest.mark.needs("strace")
@pytest.mark.parametrize("error", ["EDQUOT", "EFBIG", "ENOSPC"])
def test_no_room_for_a_write_refuses_messages_and_is_got_over(tmp_path: Path, error: str) -> None:
    database = tmp_path / "a.db"
    result = run(
        *("strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64,write"),
        *("-P", f"{database}-wal", "-P", f"{database}.probe"),
        *("-e", f"inject=pwrite64:error={error}:when=60..90", "-e", f"inject=write:error={error}"),
        *(sys.executable, HERE / "posting.py", database, "--posters=2", "--messages=100", "--persist"),
    )
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    refused = [line.removeprefix("refused ") for line in lines if line.startswith("refused ")]
    acknowledged = [line.rpartition(" ")[0] for line in lines if line[:1].isdigit()]
    assert refused
    assert lines[-1][:1].isdigit()
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = [text for (text,) in connection.execute("SELECT text FROM message ORDER BY seq")]
    assert sorted(stored) == sorted(acknowledged)
    assert len(stored) + len(refused) == 200


@pytest.mark.needs("strace")
def test_a_write_that_fails_with_room_enough_stops_the_storage_for_good(tmp_path: Path) -> None:
    result = run(
        *("strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64"),
        *("-e", "inject=pwrite64:error=EIO:when=60+"),
        *(sys.executable, HERE / "posting.py", tmp_path / "a.db", "--posters=2", "--persist"),
    )
    assert result.returncode == 3, result.stderr
    *_, failed = result.stdout.splitlines()
    assert failed.startswith("failed: ") and "disk I/O error" in failed
