"""Writing to a terminal, a pipe or a file: whole, in its encoding, never holding up the loop."""

import asyncio
import io
import os
import pty
import sys
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest

from minechat.cli.results import OutputUnusable
from minechat.cli.screen import Screen, StdoutClosed, wants_colour


@contextmanager
def pipe(encoding: str = "utf-8") -> Iterator[tuple[int, TextIO]]:
    """The reading end as a descriptor, the writing end as a stream."""
    reading, writing = os.pipe()
    with open(writing, "w", encoding=encoding) as stream:
        yield reading, stream


async def test_bytes_arrive_as_they_are() -> None:
    with pipe() as (reading, stream):
        await Screen(stream).write("Вася: \U0001f600\n".encode())
        await Screen(stream).line("second")
        assert os.read(reading, 100) == "Вася: \U0001f600\nsecond\n".encode()
        os.close(reading)


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1251"])
async def test_what_the_encoding_lacks_is_escaped(encoding: str) -> None:
    text = "Вася é\U0001f600\u2400\n"
    with pipe(encoding) as (reading, stream):
        screen = Screen(stream)
        assert not screen.utf8
        await screen.write(text.encode())
        assert os.read(reading, 1000) == text.encode(encoding, "backslashreplace")
        os.close(reading)


@pytest.mark.parametrize("name", ["UTF-8", "utf_8", "utf8"])
async def test_every_spelling_of_utf_8_takes_every_letter(name: str) -> None:
    with pipe(name) as (reading, stream):
        assert Screen(stream).utf8
        os.close(reading)


async def test_a_closed_pipe_is_told_apart() -> None:
    with pipe() as (reading, stream):
        os.close(reading)
        with pytest.raises(StdoutClosed):
            await Screen(stream).write(b"x\n")


async def test_a_terminal_that_is_gone_is_told_apart() -> None:
    master, slave = pty.openpty()
    with open(slave, "w") as stream:
        screen = Screen(stream)
        os.close(master)
        with pytest.raises(StdoutClosed):
            await screen.write(b"x\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
async def test_a_full_disk_is_an_error_for_people() -> None:
    with open("/dev/full", "w") as stream, pytest.raises(OutputUnusable, match="No space left"):
        await Screen(stream).write(b"x\n")


async def test_a_reader_that_sleeps_holds_up_its_own_writer_only() -> None:
    data = b"".join(b"%07d\n" % number for number in range(40_000))
    with pipe() as (reading, stream):
        writing = asyncio.create_task(Screen(stream).write(data))
        turns = 0
        while turns < 1000 and not writing.done():
            await asyncio.sleep(0)
            turns += 1
        assert turns == 1000
        assert not writing.done()
        with open(reading, "rb") as end:
            assert await asyncio.to_thread(end.read, len(data)) == data
        await writing


async def test_a_terminal_that_never_blocks_still_gets_everything() -> None:
    data = b"".join(b"%07d\n" % number for number in range(40_000))
    with pipe() as (reading, stream):
        os.set_blocking(stream.fileno(), False)
        os.set_blocking(reading, False)
        writing = asyncio.create_task(Screen(stream).write(data))
        arrived = b""
        while not writing.done() or len(arrived) < len(data):
            await asyncio.sleep(0)
            with suppress(BlockingIOError):
                arrived += os.read(reading, 1 << 16)
            if writing.done():
                writing.result()
        assert arrived == data
        os.close(reading)


async def test_a_file_is_written_at_once(tmp_path: Path) -> None:
    with (tmp_path / "screen").open("w") as stream:
        await Screen(stream).write(b"x\n")
        assert (tmp_path / "screen").read_bytes() == b"x\n"


async def test_a_stream_that_is_not_there_swallows() -> None:
    await Screen(None).write(b"x\n")


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert [wants_colour(choice) for choice in ("always", "never", "auto")] == [True, False, False]
    master, slave = pty.openpty()
    tty.setraw(slave)
    with open(slave, "w") as terminal:
        monkeypatch.setattr(sys, "stdout", terminal)
        assert [wants_colour(choice) for choice in ("always", "never", "auto")] == [True, False, True]
    os.close(master)


async def test_short_lines_into_a_terminal_that_sleeps_hold_up_their_own_writer_only() -> None:
    master, slave = pty.openpty()
    tty.setraw(slave)
    with open(slave, "w") as terminal:
        screen = Screen(terminal)
        shown = 0

        async def show() -> None:
            nonlocal shown
            while True:
                await screen.write(b"x" * 79 + b"\n")
                shown += 1

        showing = asyncio.create_task(show())
        before = -1
        while shown > before:
            before = shown
            for _ in range(1000):
                await asyncio.sleep(0)
        showing.cancel()
        with suppress(asyncio.CancelledError):
            await showing
        os.close(master)
