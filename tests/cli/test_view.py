"""What is told beside the conversation: every change of state, and what is missing even when quiet."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from minechat.cli.settings import parse
from minechat.cli.view import View
from minechat.events import Connected, LinesSkipped, Lost, Retrying

STATES = [
    Connected("chat.example:5000"),
    Lost("chat.example:5000 ended the connection", 3),
    Retrying("chat.example:5000 refuses connections", 4.25),
    LinesSkipped(2),
]


@contextmanager
def view(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> Iterator[View]:
    """A view whose stderr is the file ``told``."""
    with (
        (folder / "shown").open("w") as out,
        (folder / "told").open("w") as err,
        monkeypatch.context() as patch,
    ):
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        patch.setattr(sys, "argv", ["chat.py"])
        yield View(parse("chat", ["--host", "chat.example", *options], environ={}, folders=[]))


async def told(monkeypatch: pytest.MonkeyPatch, folder: Path, *options: str) -> list[str]:
    with view(monkeypatch, folder, *options) as shown:
        for state in STATES:
            await shown.state(state)
    return (folder / "told").read_text().splitlines()


async def test_each_change_of_state_is_one_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert await told(monkeypatch, tmp_path) == [
        "connected to chat.example:5000",
        "connection lost: chat.example:5000 ended the connection"
        " (3 bytes of an unfinished line were left out)",
        "chat.example:5000 refuses connections; trying again in 4.2 s",
        "chat.py: 2 over-long lines were left out",
    ]


async def test_quiet_keeps_what_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert await told(monkeypatch, tmp_path, "-q") == ["chat.py: 2 over-long lines were left out"]


async def test_only_what_is_missing_makes_a_gap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with view(monkeypatch, tmp_path) as shown:
        gaps = [shown.gap(state) for state in STATES]
    assert gaps == [
        None,
        "connection lost: chat.example:5000 ended the connection"
        " (3 bytes of an unfinished line were left out)",
        None,
        "2 over-long lines were left out",
    ]


async def test_a_reason_just_told_is_not_told_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    states = [
        Lost("reset"),
        Retrying("reset", 1.0),
        Retrying("reset", 2.0),
        Lost("gone"),
        Retrying("silent", 3),
    ]
    with view(monkeypatch, tmp_path) as shown:
        for state in states:
            await shown.state(state)
    assert (tmp_path / "told").read_text().splitlines() == [
        "connection lost: reset",
        "trying again in 1.0 s",
        "reset; trying again in 2.0 s",
        "connection lost: gone",
        "silent; trying again in 3.0 s",
    ]
