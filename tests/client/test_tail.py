"""The last records of a file, without reading the rest of it."""

import asyncio
import os
import random
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.client import tail
from minechat.client.tail import last_records
from minechat.errors import HistoryUnusable


def expected(data: bytes, count: int) -> bytes:
    whole = data[: data.rfind(b"\n") + 1].split(b"\n")[:-1]
    return b"".join(line + b"\n" for line in whole[max(0, len(whole) - count) :])


async def test_the_last_whole_lines_come_in_order(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    path.write_bytes(b"one\ntwo\n\nthree\nhalf")
    assert await last_records(str(path), 2) == b"\nthree\n"
    assert await last_records(str(path), 0) == b""
    assert await last_records(str(path), -1) == b""
    assert await last_records(str(path), 10**12) == b"one\ntwo\n\nthree\n"


async def test_no_file_has_no_records(tmp_path: Path) -> None:
    assert await last_records(str(tmp_path / "absent"), 10) == b""
    assert await last_records(os.devnull, 10) == b""


@pytest.mark.parametrize("path", ["no\0file", "\ud800", ".", "/dev/zero", "pipe", "link"])
async def test_what_is_not_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to("/etc/passwd")
    with pytest.raises(HistoryUnusable) as caught:
        await last_records(path, 10)
    assert repr(path) in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(seed=st.integers(0, 2**32), count=st.integers(1, 40), block=st.integers(1, 20))
def test_any_bytes_in_any_blocks(
    tmp_path_factory: pytest.TempPathFactory, seed: int, count: int, block: int
) -> None:
    random_ = random.Random(seed)
    data = bytes(random_.choice(b"\n\n\0\xffab") for _ in range(random_.randint(0, 120)))
    path = tmp_path_factory.getbasetemp() / "any"
    path.write_bytes(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tail, "_BLOCK", block)
        assert asyncio.run(last_records(str(path), count)) == expected(data, count)


def bytes_read() -> int:
    """Bytes that this process has read by system calls so far."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("rchar: "):
            return int(line.split()[1])
    raise AssertionError("no rchar")


@pytest.mark.skipif(sys.platform != "linux", reason="counts bytes by /proc/self/io")
async def test_only_the_end_of_a_large_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    path.touch()
    os.truncate(path, 1 << 30)
    with open(path, "ab") as file:
        file.write(b"\n")
        file.writelines(b"[22.11.2026 14:05] Vlad: %d\n" % number for number in range(10_000))
    begin = bytes_read()
    assert (await last_records(str(path), 3)).split()[-1] == b"9999"
    assert bytes_read() - begin < 128 * 1024
    begin = bytes_read()
    assert (await last_records(str(path), 20_000)).count(b"\n") == 10_000
    assert bytes_read() - begin < tail.MOST + 128 * 1024


async def test_a_large_file_without_a_line_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.log"
    path.write_bytes(b"\xff" * (tail.MOST + 100))
    assert await last_records(str(path), 5) == b""
    with open(path, "ab") as file:
        file.write(b"\nlast\n")
    assert await last_records(str(path), 1) == b"last\n"
    assert await last_records(str(path), 5) == b"last\n"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.binary(max_size=12).map(lambda line: line.replace(b"\n", b"")), max_size=30), st.data())
def test_pages_from_the_end_and_from_the_beginning_are_the_file(
    lines: list[bytes], data: st.DataObject
) -> None:
    content = b"".join(line + b"\n" for line in lines)
    size = data.draw(st.integers(1, 7))
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/history.log"
        Path(path).write_bytes(content + b"half")

        async def read() -> tuple[bytes, bytes]:
            end, backward = None, b""
            while end != 0:
                end, page = await tail.records_before(path, end, size)
                backward = page + backward
            forward = b""
            while page := await tail.records_after(path, len(forward), size):
                assert page.count(b"\n") <= size
                forward += page
            return backward, forward

        assert asyncio.run(read()) == (content, content)
        assert asyncio.run(tail.end_of(path)) == len(content) + 4
