"""Strict JSON: what a frame is not, and that no frame holds up the loop."""

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minechat.errors import BadFrame
from minechat.protocol.rift.strict import DEPTH, FRAME_LIMIT, LARGEST, SMALLEST, loads

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(SMALLEST, LARGEST), st.floats(allow_nan=False), TEXTS
    ).filter(lambda value: value not in (float("inf"), float("-inf"))),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=10,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth, value.values()), default=0)
    return 1 + max(map(depth, value), default=0) if isinstance(value, list) else 0


@given(st.dictionaries(TEXTS, VALUES, max_size=4), st.booleans())
def test_a_clean_object_is_read_as_json_reads_it(value: dict[str, Any], ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    if depth(value) > DEPTH:
        with pytest.raises(BadFrame, match="nested"):
            loads(text)
    else:
        assert loads(text) == loads(text.encode()) == value


@given(st.one_of(st.binary(max_size=200), st.text(max_size=200)))
@example(b'{"a": "\xed\xa0\x80"}')
@example('{"a": "\ud800"}')
@example('{"\udfff": 0}')
def test_anything_is_read_or_refused(data: bytes | str) -> None:
    try:
        assert type(loads(data)) is dict
    except BadFrame as reason:
        assert str(reason)


REFUSED = {
    "not JSON": [
        "",
        " ",
        "{",
        "nul",
        '{"a": 0,}',
        "{'a': 0}",
        '{"a": "\n"}',
        '{"a": 01}',
        '{"a": .5}',
        "\ufeff{}",
    ],
    "not a JSON object": ["null", "[]", '"{}"', "0", "true", "1e5"],
    "a key twice": ['{"a": 0, "a": 0}', '{"b": {"a": 0, "\\u0061": 1}}', '{"role": "user", "role": "admin"}'],
    "no number": ['{"a": NaN}', '{"a": Infinity}', '{"a": [-Infinity]}'],
    "infinite": ['{"a": 1e999}', '{"a": [[-1e999]]}', '{"a": ' + "9" * 400 + ".0}"],
    "over 64 bits": [
        f'{{"a": {LARGEST + 1}}}',
        f'{{"a": [{SMALLEST - 1}]}}',
        '{"a": {"b": ' + "9" * 100 + "}}",
    ],
    "half a surrogate": [
        '{"a": "\\ud800"}',
        '{"a": "x\\udfff"}',
        '{"a": "\\ude00\\ud83d"}',
        '{"\\ud800": 0}',
        '{"a": [{"b": "\\udc00"}]}',
        '{"a": "\\u0000"}',
        '{"\\u0000": 0}',
        '{"a": {"b": {"\\u0000": 0}}}',
    ],
    "nested": ["[" * 9 + "]" * 9, '{"a":' * 9 + "0" + "}" * 9, '{"a":' + "[" * 4000 + "]" * 4000 + "}"],
}


@pytest.mark.parametrize(("reason", "text"), [(why, one) for why, some in REFUSED.items() for one in some])
def test_what_is_refused_and_why(reason: str, text: str) -> None:
    if reason == "nested" and not text.startswith("{"):
        text = '{"a":' + text[1:-1] + "}"
    with pytest.raises(BadFrame, match=reason) as refused:
        loads(text)
    assert refused.value.code == "bad_frame"


def test_half_a_letter_is_in_no_string_of_a_frame() -> None:
    for half in (r"\ud800", r"\udfff", r"\ude00\ud83d"):
        for text in (f'{{"a": "{half}"}}', f'{{"{half}": 0}}', f'{{"a": [{{"b": "x{half}"}}]}}'):
            with pytest.raises(BadFrame):
                loads(text)


def test_whole_surrogate_pairs_are_text() -> None:
    assert loads('{"\\ud83d\\ude00": "\\uD83D\\uDE00", "b": "\\\\ud800"}') == {"😀": "😀", "b": "\\ud800"}


def test_the_largest_numbers_are_taken() -> None:
    assert loads(f'{{"a": [{LARGEST}, {SMALLEST}, 1e308]}}') == {"a": [LARGEST, SMALLEST, 1e308]}


def test_a_number_of_thousands_of_digits_is_refused() -> None:
    with pytest.raises(BadFrame):
        loads('{"a": ' + "9" * 5000 + "}")


@pytest.mark.parametrize("letter", ["x", "ж", "😀"])
def test_the_limit_is_of_bytes(letter: str) -> None:
    size = len(letter.encode())
    filler = letter * ((FRAME_LIMIT - 8) // size)
    text = f'{{"a":"{filler}"}}'
    assert loads(text + " " * (FRAME_LIMIT - len(text.encode())))
    for data in (f'{{"a":"{filler}{letter * 8}"}}', f'{{"a":"{filler}{letter * 8}"}}'.encode()):
        with pytest.raises(BadFrame, match="longer") as refused:
            loads(data)
        assert refused.value.code == "too_long"


def test_a_message_full_of_signs_is_no_frame_of_many_values() -> None:
    for sign in "{[,":
        assert loads(json.dumps({"type": "room_message", "payload": {"text": sign * 4096}}))


def filled(unit: str) -> str:
    count = (FRAME_LIMIT - 8) // (len(unit) + 1)
    return '{"a":[' + ",".join([unit] * count) + "]}"


HOSTILE = {
    "zeros": filled("0"),
    "objects": filled("{}"),
    "keys": filled('{"":0}'),
    "arrays": filled("[]"),
    "deep arrays": filled("[[[[[0]]]]]"),
    "strings": filled('""'),
    "numbers of seven signs": filled("12345.7"),
    "strings of seven signs": filled('"\\u0435"'),
    "whole numbers": filled("9" * 4000),
    "exponents": filled("1e-300"),
    "one long fraction": '{"a":1.' + "3" * 65000 + "}",
    "one long number": '{"a":' + "9" * 65000 + "}",
    "depth": '{"a":' * 8000,
    "array depth": "[" * 65000,
    "escapes": '{"a":"' + "\\n" * 32000 + '"}',
    "surrogates": '{"a":"' + "\\ud83d" * 10000 + '"}',
    "many keys": "{" + ",".join(f'"{number}":0' for number in range(7000)) + "}",
    "blanks": " " * FRAME_LIMIT,
}


@pytest.mark.parametrize("frame", HOSTILE.values(), ids=HOSTILE)
def test_no_frame_holds_up_the_loop(frame: str) -> None:
    def seconds() -> float:
        begin = time.thread_time()
        with suppress(BadFrame):
            loads(frame.encode())
        return time.thread_time() - begin

    assert min(seconds() for _ in range(20)) <= 0.010
