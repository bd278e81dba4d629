"""Many writes in one system call, where this machine has it."""

import os
import platform
import socket
import sys

import pytest

from minechat.server import batch
from minechat.server.batch import MOST, Batch
from minechat.server.outlets import fastest, write_each
from tests.server.sockets import DEADLINE, connected


@pytest.fixture
def one() -> Batch:
    try:
        return Batch()
    except OSError as error:
        pytest.skip(f"not on this machine: {error}")


def heard_by(sock: socket.socket, size: int) -> bytes:
    sock.settimeout(DEADLINE)
    heard = b""
    while len(heard) < size:
        heard += sock.recv(1 << 16)
    return heard


def test_each_gets_the_bytes_in_the_order_of_the_calls_whoever_comes_and_goes(one: Batch) -> None:
    pairs = [connected() for _ in range(5)]
    descriptors = [ours.fileno() for ours, _ in pairs]
    assert one.write(descriptors, b"one ") == [4] * 5
    assert one.write(descriptors[:2], b"two ") == [4] * 2
    assert one.write(dict.fromkeys(descriptors[1:]), b"three") == [5] * 4
    heard = [heard_by(theirs, size) for (_, theirs), size in zip(pairs, (8, 13, 9, 9, 9), strict=True)]
    assert heard == [b"one two ", b"one two three", *[b"one three"] * 3]
    for pair in pairs:
        for end in pair:
            end.close()


def test_more_than_the_kernel_is_handed_at_once(one: Batch) -> None:
    ours, theirs = connected(1 << 20)
    with ours, theirs:
        assert one.write([ours.fileno()] * (MOST + 3), b"x") == [1] * (MOST + 3)
        assert heard_by(theirs, MOST + 3) == b"x" * (MOST + 3)


def test_what_the_kernel_tells_in_pieces_is_put_together(one: Batch, monkeypatch: pytest.MonkeyPatch) -> None:
    """As when a signal comes in between."""
    whole = Batch._reap
    monkeypatch.setattr(Batch, "_reap", lambda self, first, _: whole(self, first, first + 1))
    pairs = [connected() for _ in range(3)]
    descriptors = [ours.fileno() for ours, _ in pairs]
    assert one.write(descriptors, b"one") == [3] * 3
    with open(os.devnull, "rb") as not_writable:
        refused = [descriptors[0], not_writable.fileno(), *descriptors[1:]]
        assert one.write(refused, b"three") == [5, 0, 5, 5]
    assert [heard_by(theirs, 8) for _, theirs in pairs] == [b"onethree"] * 3
    for pair in pairs:
        for end in pair:
            end.close()


def test_nobody_is_written_to_when_nobody_is_there(one: Batch) -> None:
    assert one.write([], b"hello") == []


def test_each_context_is_given_back(one: Batch) -> None:
    def contexts() -> int:
        with open("/proc/sys/fs/aio-nr") as count:
            return int(count.read())

    before = contexts()
    for _ in range(20):
        Batch()
    assert contexts() - before < 20 * MOST


@pytest.mark.parametrize(("system", "machine"), [("linux", "sparc"), ("darwin", "arm64"), ("win32", "AMD64")])
def test_where_it_is_not_known_the_loop_is_taken(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str
) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert fastest() is write_each


def test_where_it_is_forbidden_the_loop_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "_CALLS", {platform.machine(): (1_000_000, 0, 0, 0)})
    assert fastest() is write_each
