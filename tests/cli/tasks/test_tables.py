"""What a database holds, on stdout: for people and for programs."""

import json

import pytest

from minechat.cli.tasks.tables import show
from minechat.server.storage.manifest import TableDigest

FOUND = [TableDigest("room", 2, "ab" * 32), TableDigest("message", 1_000_000, "cd" * 32)]


def test_a_line_for_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(FOUND, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert [line.split() for line in lines] == [
        ["room", "2", "sha256", "ab" * 32],
        ["message", "1000000", "sha256", "cd" * 32],
    ]
    assert len({len(line) for line in lines}) == 1


def test_an_object_for_each_table(capsys: pytest.CaptureFixture[str]) -> None:
    show(FOUND, as_json=True)
    lines = capsys.readouterr().out.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"v": 1, "table": "room", "rows": 2, "sha256": "ab" * 32},
        {"v": 1, "table": "message", "rows": 1_000_000, "sha256": "cd" * 32},
    ]
