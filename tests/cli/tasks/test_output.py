"""What the owner's commands print: columns that stay aligned, JSON that is exact, both harmless."""

import io
import json
import sys
from datetime import datetime

import pytest
from rich.cells import cell_len

from minechat.cli.tasks import output
from minechat.cli.tasks.output import Table, exact, local, put_object

HOSTILE = "\x1b[2J\x9b1m\u202eevil\nSECOND LINE\r"


def test_columns_are_aligned_whatever_the_letters(capsys: pytest.CaptureFixture[str]) -> None:
    table = Table("who", "what")
    table.put([("漢字", "one"), ("Вася", "two")])
    table.put([("a", "three")])
    lines = capsys.readouterr().out.splitlines()
    assert lines == ["who   what", "漢字  one", "Вася  two", "a     three"]
    assert {
        cell_len(line[: line.index(word)])
        for line, word in zip(lines[1:], ("one", "two", "three"), strict=True)
    } == {6}


def test_an_empty_table_has_no_heads(capsys: pytest.CaptureFixture[str]) -> None:
    Table("who", "what").put([])
    assert capsys.readouterr().out == ""


def test_a_row_is_cut_at_the_width_of_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "terminal_width", lambda: 12)
    Table("who", "what").put([("漢字", "漢字漢字漢字"), ("a", "short")])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].endswith("…") and all(cell_len(line) <= 12 for line in lines)


def test_others_words_do_not_reach_the_terminal_alive(capsys: pytest.CaptureFixture[str]) -> None:
    Table("who", "what").put([(HOSTILE, HOSTILE)])
    put_object({"who": HOSTILE, "all": [{"it": HOSTILE}]})
    out = capsys.readouterr().out
    assert out.count("\n") == 3
    assert out.replace("\n", "").isprintable()
    assert json.loads(out.splitlines()[-1]) == {"v": 1, "who": HOSTILE, "all": [{"it": HOSTILE}]}


def test_an_encoding_without_letters_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    Table("who").put([("Вася",)])
    put_object({"who": "Вася"})
    shown = raw.getvalue().decode("ascii").splitlines()
    assert shown[1] == r"\u0412\u0430\u0441\u044f"
    assert json.loads(shown[2])["who"] == "Вася"


def test_times_are_local_for_people_and_exact_for_programs() -> None:
    moment = datetime(2026, 11, 22, 14, 5, 7).timestamp()
    assert local(moment) == "22.11.2026 14:05" and local(None, "never") == "never"
    stamp = exact(moment)
    assert stamp is not None and datetime.fromisoformat(stamp).timestamp() == moment
    assert exact(None) is None
