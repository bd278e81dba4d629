"""Log lines: one an event, whatever its fields hold; they read back; no secrets in them."""

import json
import logging
import re
import sys
import unicodedata
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server import log
from minechat.server.log import JsonFormatter, TextFormatter, bug, event, kind
from tests.hostile import corpus
from tests.server.conftest import Kept

FIELD = re.compile(r'(\w+)=("(?:[^"\\]|\\.)*"|\S*)')
VALUES = st.one_of(st.text(), st.integers(), st.floats(allow_nan=False, allow_infinity=False, width=16))


def record(**fields: log.Value) -> logging.LogRecord:
    return logging.makeLogRecord(
        {"levelname": "WARNING", "created": 1795356300.5, "event": "reader_dropped", "fields": fields}
    )


def read_back(line: str) -> dict[str, str]:
    """A line of the text form: its fields as text."""
    _, _, _, *rest = line.split(" ", 3)
    pairs = FIELD.findall(rest[0]) if rest else []
    assert " ".join(f"{key}={value}" for key, value in pairs) == (rest[0] if rest else "")
    return {key: json.loads(value) if value.startswith('"') else value for key, value in pairs}


def harmless(line: str) -> bool:
    """No control, no format character but the joiners of emoji and scripts, no end of a line."""
    dead = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return all(unicodedata.category(char) not in dead or char in "\u200c\u200d" for char in line)


def test_a_line_says_when_how_bad_and_what() -> None:
    line = TextFormatter().format(record(reason="queue", waiting=262144, seconds=0.12345))
    assert line == "2026-11-22T14:05:00Z warning reader_dropped reason=queue waiting=262144 seconds=0.123"


def test_as_json_a_line_is_one_object() -> None:
    line = JsonFormatter().format(record(reason="too slow", waiting=262144))
    assert list(json.loads(line).items()) == [
        ("time", "2026-11-22T14:05:00Z"),
        ("level", "warning"),
        ("event", "reader_dropped"),
        ("reason", "too slow"),
        ("waiting", 262144),
    ]


@given(st.dictionaries(st.sampled_from(["nick", "path", "agent", "text"]), VALUES))
def test_every_line_reads_back(fields: dict[str, log.Value]) -> None:
    line = TextFormatter().format(record(**fields))
    shown = {key: round(value, 3) if isinstance(value, float) else value for key, value in fields.items()}
    assert read_back(line) == {key: str(value) for key, value in shown.items()}
    assert json.loads(JsonFormatter().format(record(**fields))).items() >= shown.items()
    assert "\n" not in line


def test_hostile_fields_are_dead_in_both_forms() -> None:
    for hostile in corpus.load().hostile_lines:
        nick = hostile.decode("utf-8", "surrogateescape")
        for formatter in (TextFormatter(), JsonFormatter()):
            line = formatter.format(record(nick=nick, path=nick[::-1]))
            assert harmless(line), ascii(line)
            assert line.encode()


def test_a_field_cannot_pass_for_another_one() -> None:
    line = TextFormatter().format(record(nick='x" level=error reason="disk', path="a=b"))
    assert read_back(line) == {"nick": 'x" level=error reason="disk', "path": "a=b"}


def test_a_long_field_is_cut() -> None:
    line = TextFormatter().format(record(nick="x" * 100_000))
    assert len(line) < log.LONGEST + 100


def test_a_bug_is_one_line_with_its_traceback_and_without_the_token_in_it(kept: Kept) -> None:
    token = str(uuid.uuid4())
    try:
        raise ValueError(f"no such person: {token}\x1b[2J")
    except ValueError as error:
        bug(error)
    (one,) = kept.records
    for formatter in (TextFormatter(), JsonFormatter()):
        line = formatter.format(one)
        assert harmless(line)
        assert token not in line
        assert line.count("Traceback (most recent call last)") == 1
        assert "test_log.py" in line
        assert "ValueError: no such person: [token]" in line


def test_a_line_of_a_library_is_told_too() -> None:
    line = logging.LogRecord("asyncio", logging.WARNING, "x.py", 1, "%s is \n late", ("it",), None)
    assert read_back(TextFormatter().format(line)) == {"logger": "asyncio", "text": "it is \n late"}
    assert kind(line) == ("x.py", 1)


def test_an_event_carries_its_fields(kept: Kept) -> None:
    event("reader_dropped", logging.WARNING, reason="queue")
    event("started")
    assert [kind(one) for one in kept.records] == ["reader_dropped", "started"]
    assert "reason=queue" in TextFormatter().format(kept.records[0])


def test_a_server_inside_another_program_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    import subprocess

    code = "import logging; from minechat.server.log import event; event('x', logging.ERROR)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert capfd.readouterr() == ("", "")
