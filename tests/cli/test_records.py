"""Blocks as records: one line a message whatever it holds, colour only around nicknames, exact JSON."""

import json
import re
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from minechat.cli.records import coloured, first_lines, json_lines
from minechat.client.stamping import stamped
from minechat.protocol import listen
from minechat.text import safe, safe_line
from tests.hostile import corpus

STAMP = b"22.11.2026 14:05"
COLOUR = re.compile(rb"\x1b\[[0-9;]+m")
NOW = datetime(2026, 11, 22, 14, 5, 6, 789000, timezone(timedelta(hours=5, minutes=30)))

lines = st.lists(st.binary(max_size=40).map(lambda line: line.replace(b"\n", b"")), min_size=1, max_size=8)
blocks = lines.map(lambda found: b"".join(line + b"\n" for line in found))


def hostile_block() -> bytes:
    return b"".join(line + b"\n" for line in corpus.load().hostile_lines)


@given(blocks)
def test_each_message_is_one_record_with_its_stamp(block: bytes) -> None:
    records = stamped(block, STAMP).decode().split("\n")
    said = [listen.decode(line) for line in block.split(b"\n")[:-1]]
    texts = [one.text if one.nick is None else f"{one.nick}: {one.text}" for one in said]
    assert records == [f"[{STAMP.decode()}] {safe_line(text)}" for text in texts] + [""]


def test_the_corpus_makes_as_many_records_as_lines() -> None:
    block = hostile_block()
    records = stamped(block, STAMP).decode().splitlines()
    assert len(records) == block.count(b"\n")
    assert all(record.startswith(f"[{STAMP.decode()}] ") for record in records)


def test_colour_adds_nothing_but_colour() -> None:
    records = stamped(hostile_block(), STAMP)
    assert COLOUR.sub(b"", coloured(records, STAMP)) == records


def test_a_nickname_alone_is_coloured_and_always_the_same_way() -> None:
    first, other, again, bare = coloured(
        stamped("Вася: a: b\nEva: x\nВася: c\nno nickname\n".encode(), STAMP), STAMP
    ).splitlines()
    prefix = b"[" + STAMP + b"] "
    start = COLOUR.findall(first)[0]
    assert first == prefix + start + "Вася".encode() + b"\x1b[0m: a: b"
    assert again.startswith(prefix + start + "Вася".encode() + b"\x1b[0m: ")
    assert COLOUR.findall(other)[0] != start
    assert bare == prefix + b"no nickname"


def test_a_stamp_that_looks_like_a_nickname_stays_a_stamp() -> None:
    stamp = b"at: 14: 05"
    assert coloured(stamped(b"Eva: x\n", stamp), stamp).startswith(b"[at: 14: 05] \x1b[")


@given(blocks)
def test_json_reads_back_as_exactly_what_was_said(block: bytes) -> None:
    objects = [json.loads(line) for line in json_lines(block, NOW).split(b"\n")[:-1]]
    said = [listen.decode(line) for line in block.split(b"\n")[:-1]]
    assert [(one["nick"], one["text"]) for one in objects] == [(one.nick, one.text) for one in said]
    assert {(one["v"], one["time"]) for one in objects} == {(1, "2026-11-22T14:05:06.789+05:30")}


def test_json_in_ascii_reads_back_the_same() -> None:
    block = "Вася: é\U0001f600\x7f\n".encode()
    plain = json_lines(block, NOW, json.dumps)
    assert plain.isascii()
    assert json.loads(plain) == json.loads(json_lines(block, NOW))


def test_json_is_safe_to_show() -> None:
    shown = json_lines(hostile_block(), NOW)
    assert all(len(line) > 4000 or safe(line) == line for line in shown.decode().split("\n"))


@given(blocks, st.integers(1, 10))
def test_the_first_lines_of_a_block(block: bytes, count: int) -> None:
    assert first_lines(block, count) == b"".join(line + b"\n" for line in block.split(b"\n")[:-1][:count])
