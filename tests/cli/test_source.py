"""Standard input: bounded, checked, and read so that whoever feeds it cannot hold the program up."""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.cli.source import INPUT_LIMIT, StandardInput
from minechat.errors import EmptyMessage, InvalidInput, MessageTooLong


async def test_lines_that_are_there_are_counted_and_not_taken() -> None:
    reading, writing = os.pipe()
    source = StandardInput(reading)
    assert await source.ahead() == 0
    os.write(writing, b"one\ntwo\nthr")
    assert await source.ahead() == 2
    assert await source.line() == "one"
    assert await source.ahead() == 1
    os.close(writing)
    assert await source.ahead() == 2
    assert [await source.line() for _ in range(3)] == ["two", "thr", None]
    os.close(reading)


class Pipe:
    """A pipe whose writing end is fed by a thread, as a program in front of ours would."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        self._thread = threading.Thread(target=lambda: None)
        self.broken = False

    def feed(self, *pieces: bytes) -> StandardInput:
        self._thread = threading.Thread(target=self._write, args=(pieces,))
        self._thread.start()
        return StandardInput(self.reading)

    def _write(self, pieces: tuple[bytes, ...]) -> None:
        try:
            for piece in pieces:
                view = memoryview(piece)
                while view:
                    view = view[os.write(self._writing, view) :]
        except BrokenPipeError:
            self.broken = True
        os.close(self._writing)

    def close(self) -> None:
        os.close(self.reading)
        self._thread.join()


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.close()


async def all_lines(source: StandardInput) -> list[str]:
    return [line async for line in source.lines()]


async def test_everything_is_one_text(pipe: Pipe) -> None:
    assert await pipe.feed("один\n\nдва\n".encode()).rest() == "один\n\nдва\n"


async def test_lines_come_one_by_one_and_the_last_needs_no_newline(pipe: Pipe) -> None:
    assert await all_lines(pipe.feed(b"one\r\ntwo\n\n  \nthree")) == ["one", "two", "three"]


async def test_a_line_arrives_before_the_end_of_input(pipe: Pipe) -> None:
    source = StandardInput(pipe.reading)
    os.write(pipe._writing, b"now\nla")
    assert await source.line() == "now"
    os.write(pipe._writing, b"ter\n")
    assert await source.line() == "later"
    pipe.feed()
    assert await source.line() is None


async def test_only_a_newline_ends_a_line(pipe: Pipe) -> None:
    text = "a\u2028b\x0bc\x0cd\x85e"
    assert await all_lines(pipe.feed(text.encode() + b"\n")) == [text]


async def test_the_first_line_may_be_taken_apart_from_the_rest(pipe: Pipe) -> None:
    source = pipe.feed(b"token\nfirst\nsecond\n")
    assert await source.line() == "token"
    assert await source.rest() == "first\nsecond\n"


@pytest.mark.parametrize("data", [b"\xff\xfe\x00a", b"\x89PNG\r\n", b"a\xc3", b"a\0b", "п".encode("utf-16")])
async def test_what_is_not_text_is_refused(pipe: Pipe, data: bytes) -> None:
    with pytest.raises(InvalidInput, match="standard input"):
        await pipe.feed(data).rest()


async def test_a_byte_order_mark_goes_only_at_the_start(pipe: Pipe) -> None:
    assert await all_lines(pipe.feed("\ufeffa\n\ufeffb\n".encode())) == ["a", "\ufeffb"]


async def test_lines_without_anything_are_an_error(pipe: Pipe) -> None:
    with pytest.raises(EmptyMessage):
        await all_lines(pipe.feed(b"\n \n\t\n"))


@pytest.mark.parametrize("take", ["line", "rest"])
async def test_ten_megabytes_are_refused_after_the_limit(pipe: Pipe, take: str) -> None:
    source = pipe.feed("щ".encode() * 5_000_000)
    with pytest.raises(MessageTooLong):
        await getattr(source, take)()
    assert len(source._bytes) == INPUT_LIMIT + 1


async def test_a_letter_cut_by_the_limit_is_still_text(pipe: Pipe) -> None:
    with pytest.raises(MessageTooLong):
        await pipe.feed(b"a" * INPUT_LIMIT + "щ".encode()).rest()


async def test_what_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    folder = os.open(tmp_path, os.O_RDONLY)
    try:
        with pytest.raises(InvalidInput, match="cannot read standard input: Is a directory"):
            await StandardInput(folder).rest()
    finally:
        os.close(folder)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text(st.characters(exclude_characters="\n\r\0", exclude_categories=["Cs"]), max_size=20)),
    st.lists(st.integers(1, 30), max_size=20),
)
def test_any_cutting_gives_the_same_lines(lines: list[str], cuts: list[int]) -> None:
    data = "".join(line + "\n" for line in lines).encode()
    pieces = []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    pipe = Pipe()
    source = pipe.feed(*pieces, data)

    async def take() -> list[str]:
        taken = []
        while (line := await source.line()) is not None:
            taken.append(line)
        return taken

    expected = list(lines)
    if expected:
        expected[0] = expected[0].removeprefix("\ufeff")
    try:
        assert asyncio.run(take()) == expected
    finally:
        pipe.close()


def test_an_input_that_never_ends_does_not_hold_up_the_end_of_the_program() -> None:
    program = (
        "import asyncio\n"
        "from minechat.cli.source import StandardInput\n"
        "async def main():\n"
        "    task = asyncio.ensure_future(StandardInput().rest())\n"
        "    await asyncio.sleep(0)\n"
        "    print('reading', flush=True)\n"
        "    task.cancel()\n"
        "    await asyncio.wait([task])\n"
        "asyncio.run(main())\n"
    )
    reading, writing = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", program], stdin=reading, capture_output=True, text=True, timeout=20
        )
    finally:
        os.close(reading)
        os.close(writing)
    assert (done.returncode, done.stdout, done.stderr) == (0, "reading\n", "")
