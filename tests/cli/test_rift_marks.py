"""How far was read is kept while somebody reads, and stands in the file when the process is killed."""

import asyncio
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from minechat.cli import rift_marks
from minechat.cli.rift_marks import marking
from minechat.client.remembered import Sessions
from minechat.errors import SessionsUnusable
from tests.cli.conftest import Terminal
from tests.cli.rift_people import rift_server

#: minechat rift, in a hurry to save.
HURRIED = """
import sys
from minechat.cli import rift_marks, main
rift_marks.EVERY = 0.1
sys.exit(main.main(sys.argv[1:]))
"""


class File:
    """What a file of marks is told."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self.told: list[dict[str, int]] = []
        self.changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def save(self, marks: Mapping[str, int]) -> None:
        self.told.append(dict(marks))
        self._loop.call_soon_threadsafe(self.changed.set)
        if len(self.told) <= self.failures:
            raise SessionsUnusable("the disk is full")

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.told) < count:
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rift_marks, "EVERY", 0.02)


async def test_what_has_changed_is_saved_and_what_has_not_is_not() -> None:
    file, marks = File(), {"general": 1}
    async with marking(file.save, lambda: marks):
        await asyncio.sleep(0.1)
        assert file.told == []
        marks["general"] = 2
        await file.until(1)
        await asyncio.sleep(0.1)
    assert file.told == [{"general": 2}]


async def test_a_file_that_cannot_be_written_is_tried_again_in_silence() -> None:
    file, marks = File(failures=2), {"general": 1}
    async with marking(file.save, lambda: marks):
        marks["general"] = 2
        await file.until(3)
    assert file.told == [{"general": 2}] * 3


async def test_a_defect_is_not_hidden() -> None:
    marks = {"general": 1}

    def save(_marks: Mapping[str, int]) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        async with marking(save, lambda: marks):
            marks["general"] = 2
            await asyncio.sleep(0.2)


@pytest.mark.parametrize("options", [(), ("--plain",)], ids=["screen", "prompt"])
def test_a_killed_process_has_kept_what_was_read(
    terminal: Terminal, tmp_path: Path, options: tuple[str, ...]
) -> None:
    folder = tmp_path / "server"
    folder.mkdir()
    with rift_server(folder) as server:
        other, _ = server.person(tmp_path / "other", "Eva")
        commands, _ = server.person(tmp_path / "home")
        _, _, _, *argv = commands.argv("rift", *options)
        terminal.start([sys.executable, "-c", HURRIED, *argv], str(commands.folder), commands.environment)
        terminal.until("general")
        other.says("one", "two", "read this")
        terminal.until("read this")
        file = Sessions(str(commands.sessions))
        read = 0
        while read < 3:
            assert terminal.process.poll() is None
            terminal._read(0.05)
            found = file.find(f"localhost:{server.port}")
            assert found is not None
            read = found.marks.get("general", 0)
        terminal.process.send_signal(signal.SIGKILL)
        assert terminal.end() == -signal.SIGKILL
        after = file.find(f"localhost:{server.port}")
        assert after is not None and after.marks["general"] == 3
