"""docs/rift.md is not stale: its tables, its numbers and its session are those of the code."""

import importlib.util
import json
import re
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import ROWS as COMMANDS
from minechat.protocol.rift.commands import FEATURES
from minechat.protocol.rift.reply_table import ROWS as REPLIES
from minechat.protocol.rift.strict import BYTES_A_VALUE, FRAME_LIMIT
from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings
from tests.markdown import FENCE, NUMBER, prose, rows
from tests.server.doors.rift_client import Rift, rift
from tests.test_protocol_page import MARKED, UNITS, in_code

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "rift.md").read_text(encoding="utf-8")
#: Names and codes of others, which no constant of ours holds: RFCs, HTTP, the port, counted things.
OTHERS = {"0", "1", "2", "5", "16", "64", "403", "503", "1970", "8192", "8259", "8765"}
CLOSES = {"1000", "1001", "1002", "1003", "1007", "1008", "1009", "1013"}


def test_the_tables_are_fresh() -> None:
    result = subprocess.run(
        [sys.executable, "docs/rift.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_tables_hold_everything() -> None:
    first = {
        mark: [row[0] for row in rows(PAGE, mark)] for mark in ("commands", "replies", "codes", "features")
    }
    assert first == {
        "commands": [row.word for row in COMMANDS],
        "replies": [row.word for row in REPLIES],
        "codes": list(CODES),
        "features": list(FEATURES),
    }


def test_the_program_says_how_it_is_used() -> None:
    spec = importlib.util.spec_from_file_location("rift_page", ROOT / "docs" / "rift.py")
    assert spec is not None and spec.loader is not None
    program = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(program)
    assert program.main([]) == 2
    assert program.main(["--check"]) == 0


@pytest.mark.parametrize(("number", "unit", "name"), MARKED.findall(PAGE))
def test_each_number_is_the_one_in_the_code(number: str, unit: str, name: str) -> None:
    assert int(number) * UNITS[unit] == pytest.approx(in_code(name), rel=1e-9)


def test_no_other_number_stands_unmarked() -> None:
    generated = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", PAGE, flags=re.S)
    text = MARKED.sub("", re.sub(r"^\d+\. ", "", prose(generated), flags=re.M))
    assert {match[0] for match in NUMBER.finditer(text)} - OTHERS - CLOSES == set()


def test_the_most_values_of_a_frame_are_those_of_the_page() -> None:
    assert FRAME_LIMIT // BYTES_A_VALUE == 8192


def session() -> list[tuple[str, str, dict[str, Any]]]:
    """The session of the page: whose connection, which direction, which frame."""
    block = next(body for _, body in FENCE.findall(PAGE) if body.startswith("A> "))
    return [(line[0], line[1], json.loads(line[3:])) for line in block.splitlines()]


async def test_the_session_happens_as_it_is_written(tmp_path: Path) -> None:
    database = f"sqlite:///{tmp_path}/chat.db"
    settings = Settings(read_port=0, write_port=0, rift_port=0, database=database, limits=PROFILES["off"])
    people: dict[str, Rift] = {}
    async with running(settings) as server, AsyncExitStack() as stack:
        assert server.rift_port is not None
        for who in ("A", "B"):
            people[who] = await stack.enter_async_context(rift(server.rift_port))
        for who, direction, frame in session():
            if direction == ">":
                await people[who].socket.send(json.dumps(frame))
            else:
                assert settled(await people[who].receive()) == settled(frame)


def settled(value: Any) -> Any:
    """A frame without what is another each time: times and sessions."""
    if isinstance(value, list):
        return [settled(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {key: "…" if key in ("time", "session") else settled(one) for key, one in value.items()}
