"""Results on stdout: exact, safe to show, and JSON in every encoding."""

import io
import json
import sys

import pytest

from minechat.cli.results import put, put_json

HOSTILE = "щ 😀 \x1b]0;x\x07 \u202e \ud800 \n\r\u2028 \"'\\"


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1", "koi8-r"])
def test_an_object_reads_back_exactly_in_any_encoding(monkeypatch: pytest.MonkeyPatch, encoding: str) -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", out)
    put_json(number=1, nick=HOSTILE, path=None)
    out.seek(0)
    line = out.read()
    assert json.loads(line) == {"v": 1, "number": 1, "nick": HOSTILE, "path": None}
    assert line.count("\n") == 1
    assert not set(line) & set("\x1b\x07\u202e\r\u2028")


def test_letters_stand_for_themselves_where_they_can(capsys: pytest.CaptureFixture[str]) -> None:
    put_json(nick="Вася")
    put("token")
    assert capsys.readouterr().out == '{"v":1,"nick":"Вася"}\ntoken\n'
