"""A failure is one safe line or one JSON object, with the origin of what it is about."""

import io
import json

import pytest

from minechat.cli.exits import UsageError
from minechat.cli.report import Report, warn, write
from minechat.errors import HostUnknown, MinechatError, Refused, Unreachable


def told(report: Report, error: BaseException, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    code = report.failure(error)
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


def test_a_failure_is_one_line_with_the_programs_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert told(Report("chat.py"), UsageError("what (origin); do"), capsys) == (
        2,
        "chat.py: what (origin); do\n",
    )


def test_the_origin_stands_between_what_happened_and_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report("chat.py", origin=lambda error: "HOST in .env")
    error = Unreachable("cannot reach chat.example:5000; is it running?")
    line = "chat.py: cannot reach chat.example:5000 (HOST in .env); is it running?\n"
    assert told(report, error, capsys) == (3, line)
    once = Unreachable("cannot reach chat.example (HOST in .env)")
    assert told(report, once, capsys)[1].count("HOST in .env") == 1


@pytest.mark.parametrize(
    "text",
    ["\x1b]0;owned\x07", "\x9b2J", "a\rchat.py: sent", "two\nlines", "\u202egnp.exe", "\u2028", "\udcff"],
)
def test_others_words_do_not_reach_the_terminal_alive(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    _, line = told(Report("chat.py"), Refused(text), capsys)
    assert line[-1] == "\n"
    assert line[:-1].isprintable()


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (Refused("slow \x1b[31mdown", 12.0), ("refused", 5, True, 12)),
        (Refused("banned"), ("refused", 6, False, None)),
        (HostUnknown("привет"), ("host_unknown", 3, False, None)),
        (ValueError("x"), ("unexpected", 1, False, None)),
    ],
)
def test_an_error_as_json_is_exact_and_safe(
    error: Exception, fields: tuple[object, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    _, line = told(Report("chat.py", as_json=True), error, capsys)
    record = json.loads(line)["error"]
    assert tuple(record[name] for name in ("code", "exit", "retryable", "retry_after")) == fields
    assert line[:-1].isprintable()
    if isinstance(error, MinechatError):
        assert record["message"] == str(error)


def test_a_bug_asks_to_be_reported_and_shows_its_place_only_when_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, line = told(Report("chat.py", verbose=1), ZeroDivisionError("oops\x1b[2J"), capsys)
    assert code == 1
    assert line.count("\n") == 1
    assert "please report it" in line
    assert "\x1b" not in line
    try:
        raise ZeroDivisionError("oops\x1b[2J")
    except ZeroDivisionError as error:
        _, lines = told(Report("chat.py", verbose=2), error, capsys)
    assert "Traceback" in lines
    assert "test_report.py" in lines
    assert "\x1b" not in lines
    assert "Traceback" not in told(Report("chat.py", verbose=2), Unreachable("x"), capsys)[1]


def test_an_encoding_that_lacks_letters_is_no_failure() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    write(stream, "привет\n")
    assert raw.getvalue().startswith(b"\\u043f")


def test_a_stream_that_is_not_there_or_closed_is_no_failure() -> None:
    write(None, "x")
    closed = io.StringIO()
    closed.close()
    write(closed, "x")


def test_a_warning_is_one_safe_line(capsys: pytest.CaptureFixture[str]) -> None:
    warn("chat.py", "a\nb\x1b")
    assert capsys.readouterr().err == "chat.py: a\u240ab\u241b\n"
