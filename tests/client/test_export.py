"""An export is the whole history or no file: page by page, private, never over another file."""

import asyncio
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from minechat.cli.exits import REFUSED_FOR_NOW, exit_code
from minechat.client import export as exporting
from minechat.client.export import export, export_mine
from minechat.client.session import History, Message
from minechat.errors import ConnectionLost, ExportUnusable, NotMinechat, Refused
from minechat.protocol.rift.replies import MyData


def said(number: int, text: str | None = None) -> Message:
    return Message(place="tech", nick="Eva", text=text or f"text {number}", time=float(number), seq=number)


class Past:
    """The part of a session that an export asks: a history, and data of one's own."""

    nickname = "Eva"
    abilities = frozenset({"history", "get_my_data"})

    def __init__(self, messages: Sequence[Message], failures: Sequence[Exception] = ()) -> None:
        self.marks: dict[str, int] = {}
        self._messages = messages
        self._failures = list(failures)
        self.asked: list[tuple[str, int]] = []

    def events(self) -> Any:
        raise AssertionError

    async def say(self, place: str, text: str) -> Message:
        raise AssertionError

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        assert after is not None
        self.asked.append((place, after))
        if self._failures and after:
            raise self._failures.pop(0)
        page = [message for message in self._messages if (message.seq or 0) > after]
        return History(messages=tuple(page[:limit]), more=len(page) > limit)

    async def order(self, name: str, **fields: Any) -> Any:
        assert name == "get_my_data"
        account = {"kind": "account", "username": "Eva", "time": 7.0, "password": True}
        entries = {"": (account,), "x": ({"kind": "message", "room": "tech", "text": "a\nb"},)}
        return MyData(entries=entries[fields["after"]], after="x" if fields["after"] == "" else None)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "room.txt"


async def test_every_message_is_one_line_in_order(path: Path) -> None:
    past = Past([said(number) for number in range(1, 251)])
    assert await export(past, "tech", str(path), form="%S") == 250
    lines = path.read_text().splitlines()
    assert lines[:2] == ["[01] Eva: text 1", "[02] Eva: text 2"]
    assert len(lines) == 250
    assert past.asked == [("tech", 0), ("tech", 100), ("tech", 200)]
    assert path.stat().st_mode & 0o777 == 0o600


async def test_gaps_in_the_numbers_are_no_end(path: Path) -> None:
    past = Past([said(number * 50) for number in range(1, 251)])
    assert await export(past, "@Eva", str(path)) == 250


@pytest.mark.parametrize("name", ["room.jsonl", "room.json"])
async def test_the_name_of_the_file_asks_for_json(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    assert await export(Past([said(1, "a\nb\x1b")]), "tech", str(path)) == 1
    [line] = path.read_text().splitlines()
    assert json.loads(line)["text"] == "a\nb\x1b"
    assert await export(Past([said(1)]), "tech", str(tmp_path / "text"), as_json=True) == 1
    assert json.loads((tmp_path / "text").read_text())["seq"] == 1


async def test_an_empty_room_is_an_empty_file(path: Path) -> None:
    assert await export(Past([]), "tech", str(path)) == 0
    assert path.read_bytes() == b""


async def test_a_file_that_is_there_is_kept(path: Path) -> None:
    path.write_text("mine")
    past = Past([said(1)])
    with pytest.raises(ExportUnusable, match="exists and is kept"):
        await export(past, "tech", str(path))
    assert (path.read_text(), past.asked) == ("mine", [])


@pytest.mark.parametrize("name", ["no/such/folder", "", "."])
async def test_a_file_that_cannot_be_is_refused_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    past = Past([said(1)])
    with pytest.raises(ExportUnusable):
        await export(past, "tech", name)
    assert past.asked == []


async def test_a_connection_lost_half_way_leaves_no_file(path: Path) -> None:
    past = Past([said(number) for number in range(1, 251)], [ConnectionLost("gone")])
    with pytest.raises(ConnectionLost):
        await export(past, "tech", str(path))
    assert os.listdir(path.parent) == []


async def test_a_server_that_wants_us_to_wait_is_asked_again(path: Path) -> None:
    past = Past([said(number) for number in range(1, 251)], [Refused("slow down", 0.0, "too_fast")])
    assert await export(past, "tech", str(path)) == 250


@pytest.mark.parametrize("mine", [False, True])
async def test_a_server_that_is_busy_for_ever_is_given_up(
    path: Path, monkeypatch: pytest.MonkeyPatch, mine: bool
) -> None:
    class Busy(Past):
        async def history(self, place: str, **_: Any) -> History:  # type: ignore[override]
            self.asked.append((place, 0))
            raise Refused("slow down", 0.0, "too_fast")

        async def order(self, name: str, **fields: Any) -> Any:
            return await self.history(name)

    monkeypatch.setattr(exporting, "PATIENCE", 0.3)
    past = Busy([])
    async with asyncio.timeout(20):
        with pytest.raises(Refused, match="slow down") as raised:
            await (export_mine(past, str(path)) if mine else export(past, "tech", str(path)))
    assert exit_code(raised.value) == REFUSED_FOR_NOW
    assert 2 <= len(past.asked) <= 5
    assert os.listdir(path.parent) == []


async def test_each_page_has_the_whole_patience(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(Past):
        async def history(self, place: str, **given: Any) -> History:
            self.asked.append((place, 0))
            if len(self.asked) % 3:
                raise Refused("slow down", 0.1, "too_fast")
            return await super().history(place, **given)

    monkeypatch.setattr(exporting, "PATIENCE", 0.45)
    assert await export(Slow([said(number) for number in range(1, 251)]), "tech", str(path)) == 250


async def test_a_server_that_says_no_is_believed(path: Path) -> None:
    past = Past([said(number) for number in range(1, 251)], [Refused("no", None, "not_member")])
    with pytest.raises(Refused):
        await export(past, "tech", str(path))
    assert os.listdir(path.parent) == []


async def test_a_server_that_repeats_itself_does_not_fill_the_disk(path: Path) -> None:
    class Parrot(Past):
        async def history(self, place: str, **_: Any) -> History:  # type: ignore[override]
            return History(messages=(said(1),), more=True)

    with pytest.raises(NotMinechat, match="again and again"):
        await export(Parrot([]), "tech", str(path))
    assert os.listdir(path.parent) == []


async def test_whoever_stops_it_finds_no_file(path: Path) -> None:
    class Slow(Past):
        async def history(self, place: str, **_: Any) -> History:  # type: ignore[override]
            stuck.set()
            await asyncio.Event().wait()
            raise AssertionError

    stuck = asyncio.Event()
    task = asyncio.create_task(export(Slow([]), "tech", str(path)))
    await stuck.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(path.parent) == []


async def test_a_full_disk_leaves_no_file(path: Path) -> None:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(ExportUnusable, match="too large"):
            await export(Past([said(number) for number in range(1, 251)]), "tech", str(path))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(path.parent) == []


async def test_what_is_kept_of_oneself(tmp_path: Path) -> None:
    assert await export_mine(Past([]), str(tmp_path / "me.txt"), form="%S") == 2
    sentences = "[07] you registered as Eva; a password is set\nyou said in tech: a␊b\n"
    assert (tmp_path / "me.txt").read_text() == sentences
    assert await export_mine(Past([]), str(tmp_path / "me.jsonl")) == 2
    kept = [json.loads(line) for line in (tmp_path / "me.jsonl").read_text().splitlines()]
    assert kept == [
        {"kind": "account", "username": "Eva", "time": 7.0, "password": True},
        {"kind": "message", "room": "tech", "text": "a\nb"},
    ]
