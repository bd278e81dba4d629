"""Fan-out: encoded once, joined once a turn, slow readers dropped."""

import asyncio

from minechat.events import Said
from minechat.server.audience import Audience


class Reader:
    """A way out whose queue the test decides."""

    def __init__(self, queued: int = 0) -> None:
        self.heard: list[bytes] = []
        self.queued = queued
        self.aborted = False

    def write(self, data: bytes) -> None:
        self.heard.append(data)

    def get_write_buffer_size(self) -> int:
        return self.queued

    def abort(self) -> None:
        self.aborted = True


async def test_what_one_turn_brought_goes_out_in_one_write_encoded_once() -> None:
    encoded: list[Said] = []

    def encode(said: Said) -> bytes:
        encoded.append(said)
        return f"{said.nick}: {said.text}\n".encode()

    audience = Audience(1000)
    wire = audience.wire(encode)
    readers = [Reader(), Reader()]
    for reader in readers:
        wire.add(reader)
    audience.deliver([Said("Ann", "one")])
    audience.deliver([Said("Bob", "two"), Said("Ann", "three")])
    await asyncio.sleep(0)
    assert [reader.heard for reader in readers] == [[b"Ann: one\nBob: two\nAnn: three\n"]] * 2
    assert len(encoded) == 3


async def test_a_reader_that_lets_too_much_wait_is_dropped_and_the_others_hear_on() -> None:
    audience = Audience(1000)
    wire = audience.wire(lambda said: said.text.encode())
    slow, good = Reader(queued=1001), Reader(queued=1000)
    wire.add(slow)
    wire.add(good)
    audience.deliver([Said(None, "a")])
    await asyncio.sleep(0)
    audience.deliver([Said(None, "b")])
    await asyncio.sleep(0)
    assert slow.aborted
    assert good.heard == [b"a", b"b"]
    assert (len(wire), wire.dropped) == (1, 1)


async def test_a_reader_hears_nothing_from_before_it_came() -> None:
    audience = Audience(1000)
    wire = audience.wire(lambda said: said.text.encode())
    audience.deliver([Said(None, "early")])
    reader = Reader()
    wire.add(reader)
    await asyncio.sleep(0)
    audience.deliver([Said(None, "late")])
    await asyncio.sleep(0)
    assert reader.heard == [b"late"]
