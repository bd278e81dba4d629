"""Lines come out the same however the bytes were cut, and what follows an over-long line is no line."""

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minechat.errors import LineTooLong
from minechat.protocol.lines import LineBuffer, WholeLines, decode, encode, on_one_line

LIMIT = 8
streams = st.lists(st.sampled_from([b"a", b"bc", b"\n", b"\r\n", b"123456", b"1234567", b"12345678"])).map(
    b"".join
)
cuts = st.lists(st.integers(0, 60), max_size=12)
KIB = 1024


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    borders = [0, *sorted(min(place, len(data)) for place in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(borders)]


def buffered_lines(parts: list[bytes], limit: int) -> tuple[list[bytes], bool]:
    buffer, lines = LineBuffer(limit), []
    try:
        for part in parts:
            buffer.feed(part)
            while (line := buffer.take()) is not None:
                lines.append(line)
    except LineTooLong:
        return lines, True
    return lines, False


def whole_lines(parts: list[bytes], limit: int) -> tuple[bytes, int, int]:
    whole = WholeLines(limit)
    blocks = [whole.feed(part) for part in parts]
    assert all(block == b"" or block.endswith(b"\n") for block in blocks)
    return b"".join(blocks), whole.skipped, whole.partial


@given(streams, cuts)
@example(b"1234567\n12345678\nSMUGGLED\n", [8])
def test_any_cutting_gives_the_same_lines(data: bytes, at: list[int]) -> None:
    assert buffered_lines(pieces(data, at), LIMIT) == buffered_lines([data], LIMIT)


@given(streams)
def test_lines_are_those_before_the_first_that_is_too_long(data: bytes) -> None:
    *complete, rest = data.split(b"\n")
    good = list(itertools.takewhile(lambda line: len(line) < LIMIT, complete))
    too_long = len(good) < len(complete) or len(rest) >= LIMIT
    assert buffered_lines([data], LIMIT) == (good, too_long)


@given(streams, cuts)
@example(b"12345678\nSMUGGLED\n", [3, 8])
@example(b"a\n1234567812345678\nbc\n", [9, 17])
def test_blocks_hold_every_line_within_the_limit_and_nothing_else(data: bytes, at: list[int]) -> None:
    *complete, rest = data.split(b"\n")
    good = b"".join(line + b"\n" for line in complete if len(line) < LIMIT)
    skipped = sum(len(line) >= LIMIT for line in [*complete, rest])
    partial = len(rest) if len(rest) < LIMIT else 0
    assert whole_lines(pieces(data, at), LIMIT) == (good, skipped, partial)


@pytest.mark.parametrize("size", range(4094, 4099))
@pytest.mark.parametrize("step", [1, 1000, 4096, 8192])
def test_a_line_over_the_limit_is_an_error_and_its_tail_no_line(size: int, step: int) -> None:
    data = b"A" * (size - 1) + b"\nSMUGGLED\n"
    lines, failed = buffered_lines([data[i : i + step] for i in range(0, len(data), step)], 4096)
    assert failed == (size > 4096)
    assert lines == ([] if failed else [data[: size - 1], b"SMUGGLED"])


def test_after_an_over_long_line_nothing_is_ever_taken() -> None:
    buffer = LineBuffer(LIMIT)
    buffer.feed(b"A" * 20)
    for more in (b"\n", b"SMUGGLED\n", b""):
        with pytest.raises(LineTooLong):
            buffer.take()
        buffer.feed(more)


@pytest.mark.parametrize("around", [64 * KIB, 128 * KIB])
@pytest.mark.parametrize("off", range(-2, 3))
@pytest.mark.parametrize("step", [1500, 64 * KIB, 256 * KIB])
def test_the_tail_of_an_over_long_line_is_in_no_block(around: int, off: int, step: int) -> None:
    line = b"A" * (around + off - 9) + b"SMUGGLED\n"
    data = b"first\n" + line + b"next\n"
    block, skipped, partial = whole_lines([data[i : i + step] for i in range(0, len(data), step)], 64 * KIB)
    fits = len(line) <= 64 * KIB
    assert block == b"first\n" + (line if fits else b"") + b"next\n"
    assert (skipped, partial) == (0 if fits else 1, 0)


def test_a_line_that_never_ends_is_kept_nowhere_and_counted_once() -> None:
    whole = WholeLines(64 * KIB)
    for _ in range(160):
        assert whole.feed(b"A" * 64 * KIB) == b""
        assert whole.partial < 64 * KIB
    assert whole.feed(b"tail\nnext\n") == b"next\n"
    assert whole.skipped == 1


@given(st.binary(max_size=50).filter(lambda line: b"\n" not in line))
@example(b"\xd0")
@example(b"\xed\xa0\x80\x00\r")
def test_every_line_decodes_to_text_that_encodes_again(line: bytes) -> None:
    text = decode(line)
    assert "\0" not in text
    assert text.encode().decode() == text


@given(st.text(st.characters(exclude_characters="\n\r\0")))
def test_a_line_of_text_survives_the_wire(text: str) -> None:
    line = encode(text)
    if text.isprintable():
        assert decode(line[:-1]) == text


@given(st.text(st.sampled_from("a\n\r \u2028\x85\x0b\x1c\ud800ю")))
def test_every_text_is_exactly_one_line(text: str) -> None:
    line = encode(text)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert b"\r" not in line


def test_lines_of_one_text_are_joined_by_one_space_each() -> None:
    assert on_one_line("a\r\nb\rc\n\nd") == "a b c  d"
