"""Fan-out over real sockets: encoded once, joined once a turn, no reader waits for another."""

import asyncio
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from contextlib import asynccontextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.events import Said
from minechat.server.audience import Audience, Wire
from minechat.server.figures import Figures
from minechat.server.outlets import Write, fastest, write_each
from minechat.server.settings import Limits
from tests.server.sockets import Reader, reader, until

PLENTY = Limits(send_queue=1 << 30, send_queues=1 << 30)


class House:
    """An audience with one wire and its readers."""

    def __init__(self, limits: Limits, clock: Callable[[], float], write: Write | None) -> None:
        self.figures = Figures()
        self.audience = Audience(limits, self.figures, clock, write)
        self.wire: Wire = self.audience.wire(lambda said: said.text.encode())
        self.readers: list[Reader] = []

    async def enter(self, buffers: int = 4096) -> Reader:
        self.readers.append(await reader(self.wire, buffers))
        return self.readers[-1]

    async def say(self, *texts: str) -> None:
        """Delivers the texts and waits until they are written."""
        self.audience.deliver([Said(None, text) for text in texts])
        await asyncio.sleep(0)

    async def fill(self, *slow: Reader) -> bytes:
        """Says so much that something waits for each of these; returns what was said."""
        said = b""
        while not all(one.connection.outlet.waiting for one in slow):
            await self.say("x" * 4000)
            said += b"x" * 4000
        return said


@asynccontextmanager
async def house(
    limits: Limits = PLENTY, clock: Callable[[], float] = lambda: 0.0, write: Write | None = None
) -> AsyncIterator[House]:
    house = House(limits, clock, write)
    try:
        yield house
    finally:
        for one in house.readers:
            if not one.connection.lost:
                one.connection.transport.abort()
            one.sock.close()
        await until(lambda: all(one.connection.lost for one in house.readers))


class Written:
    """Writes to descriptors, and remembers what."""

    def __init__(self) -> None:
        self.blocks: list[bytes] = []

    def __call__(self, descriptors: Collection[int], data: bytes) -> list[int]:
        self.blocks += [data] * len(descriptors)
        return write_each(descriptors, data)


#: Every way of writing that this machine has.
WAYS = {way.__qualname__: way for way in (write_each, fastest())}


@pytest.fixture(params=WAYS.values(), ids=WAYS)
def write(request: pytest.FixtureRequest) -> Write:
    way: Write = request.param
    return way


async def test_what_one_turn_brought_goes_out_in_one_write_encoded_once() -> None:
    written = Written()
    encoded: list[Said] = []

    def encode(said: Said) -> bytes:
        encoded.append(said)
        return f"{said.nick}: {said.text}\n".encode()

    async with house(write=written) as home:
        home.wire = home.audience.wire(encode)
        readers = [await home.enter(), await home.enter()]
        home.audience.deliver([Said("Ann", "one")])
        home.audience.deliver([Said("Bob", "two"), Said("Ann", "three")])
        await asyncio.sleep(0)
        said = b"Ann: one\nBob: two\nAnn: three\n"
        assert written.blocks == [said, said]
        assert [await one.hear(len(said)) for one in readers] == [said, said]
        assert len(encoded) == 3
        assert (home.figures.deliveries, home.figures.fan_out.count) == (6, 1)


async def test_a_reader_that_lets_too_much_wait_is_dropped_and_the_others_hear_on() -> None:
    async with house(Limits(send_queue=10_000)) as home:
        slow, good = await home.enter(), await home.enter()
        said = 0
        while not home.figures.dropped and said < 500_000:
            await home.say("x" * 1000)
            said += 1000
            good.take()
        assert home.figures.dropped == {"queue": 1}
        assert len(home.wire) == 1
        await until(lambda: slow.connection.lost)
        await home.say("last")
        assert (await good.hear(said + 4)) == b"x" * said + b"last"


async def test_a_reader_that_takes_nothing_is_dropped_when_its_time_is_over() -> None:
    now = 0.0
    async with house(Limits(send_stall=0.1), lambda: now) as home:
        stalled, slow = await home.enter(), await home.enter()
        await home.fill(stalled, slow)
        await home.say("x" * 100_000)
        now = 0.09
        before = slow.connection.outlet.taken
        while slow.connection.outlet.taken == before:
            slow.take(3000)
            await asyncio.sleep(0)
        assert slow.connection.outlet.waiting
        await home.say("x")
        assert home.figures.dropped == {}
        now = 0.11
        await until(lambda: stalled.connection.lost)
        assert home.figures.dropped == {"stall": 1}
        assert not slow.connection.lost


async def test_a_reader_that_caught_up_is_slow_no_more() -> None:
    written = Written()
    async with house(write=written) as home:
        slow, slower = await home.enter(), await home.enter()
        said = await home.fill(slow, slower)
        assert await slow.hear(len(said)) == said
        written.blocks.clear()
        await home.say("x")
        assert written.blocks == [b"x"]
        assert await slow.hear(len(said) + 1) == said + b"x"


async def test_all_queues_together_have_a_bound_and_the_largest_gives_way() -> None:
    async with house(Limits(send_queue=1 << 30, send_queues=100_000)) as home:
        early = await home.enter()
        await home.fill(early)
        others = [await home.enter() for _ in range(3)]
        while not home.figures.dropped:
            await home.say("x" * 5000)
            assert home.wire.waiting <= 100_000
        await until(lambda: early.connection.lost)
        assert home.figures.dropped == {"budget": 1}
        assert not any(one.connection.lost for one in others)


async def test_a_reader_hears_nothing_from_before_it_came_nor_after_it_left() -> None:
    async with house() as home:
        await home.say("early")
        first = await home.enter()
        await home.say("one")
        second = await home.enter()
        home.wire.discard(first.connection.outlet)
        await home.say("two")
        assert await first.hear(3) == b"one"
        assert await second.hear(3) == b"two"
        assert not first.take()


async def test_who_comes_and_goes_within_a_turn_disturbs_nobody() -> None:
    async with house() as home:
        staying, leaving = await home.enter(), await home.enter()
        home.audience.deliver([Said(None, "one")])
        home.wire.discard(leaving.connection.outlet)
        await home.say("two")
        assert await staying.hear(6) == b"onetwo"
        assert not leaving.take()
        assert home.figures.deliveries == 2


async def test_readers_that_vanish_cost_the_others_nothing(write: Write) -> None:
    async with house(write=write) as home:
        readers = [await home.enter() for _ in range(9)]
        for one in readers[::2]:
            one.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.sock.close()
        for _ in range(3):
            await home.say("hello ")
        await until(lambda: len(home.wire) == 4)
        await home.say("goodbye")
        assert {await one.hear(25) for one in readers[1::2]} == {b"hello hello hello goodbye"}
        assert home.figures.dropped == {}


async def test_a_descriptor_that_was_closed_and_given_to_another_gets_nothing(write: Write) -> None:
    async with house(write=write) as home:
        gone, staying = await home.enter(), await home.enter()
        number = gone.connection.outlet.descriptor
        home.audience.deliver([Said(None, "one")])
        gone.connection.transport.close()
        await until(lambda: gone.connection.lost)
        end, other = os.pipe()
        taken = [end, other]
        while number not in taken:
            taken.append(os.dup(other))
        await home.say("two")
        assert await staying.hear(6) == b"onetwo"
        os.set_blocking(end, False)
        with pytest.raises(BlockingIOError):
            os.read(end, 10)
        for descriptor in taken:
            os.close(descriptor)


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(list(WAYS)),
    st.lists(
        st.tuples(
            st.lists(st.integers(1, 20_000), max_size=3),
            st.lists(st.tuples(st.integers(0, 2), st.integers(1, 60_000)), max_size=4),
        ),
        min_size=1,
        max_size=12,
    ),
)
async def test_however_writes_are_cut_each_reader_gets_exactly_what_was_said(
    way: str, turns: Sequence[tuple[Sequence[int], Sequence[tuple[int, int]]]]
) -> None:
    async with house(write=WAYS[way]) as home:
        readers = [await home.enter(4096), await home.enter(20_000), await home.enter(1 << 20)]
        said = b""
        for sizes, takes in turns:
            texts = ["".join(chr(33 + (len(said) + at) % 90) for at in range(size)) for size in sizes]
            said += "".join(texts).encode()
            await home.say(*texts)
            for number, most in takes:
                readers[number].take(most)
                await asyncio.sleep(0)
        for one in readers:
            assert await one.hear(len(said)) == said
        assert home.wire.waiting == 0


async def test_slow_readers_share_one_copy_of_what_waits() -> None:
    import tracemalloc

    async with house() as home:
        slow = [await home.enter() for _ in range(40)]
        await home.fill(*slow)
        tracemalloc.start()
        try:
            for _ in range(200):
                await home.say("x" * 5000)
            grown, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert all(one.connection.outlet.waiting > 1_000_000 for one in slow)
        assert grown < 2_000_000


async def test_the_last_lines_reach_a_slow_reader_before_its_connection_closes() -> None:
    async with house() as home:
        slow, never = await home.enter(), await home.enter()
        said = await home.fill(slow, never)
        await home.say("y" * 100_000)
        said += b"y" * 100_000
        home.audience.deliver([Said(None, "the end")])
        closing = asyncio.create_task(home.wire.close(0.2))
        assert (await slow.hear(len(said) + 7)).endswith(b"ythe end")
        await closing
        await until(lambda: slow.connection.lost and never.connection.lost)
        assert len(home.wire) == 0


async def test_nobody_is_waited_for_when_nothing_waits() -> None:
    async with house() as home:
        for _ in range(3):
            await home.enter()
        await home.say("the end")
        await home.wire.close(3600)
        assert {await one.hear(7) for one in home.readers} == {b"the end"}


async def test_who_comes_while_the_wire_closes_is_closed_too() -> None:
    async with house() as home:
        await home.wire.close(3600)
        late = await home.enter()
        await until(lambda: late.connection.lost)
