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

from minechat.events import GENERAL, Said
from minechat.server.audience import Audience
from minechat.server.figures import Figures
from minechat.server.outlets import Write, fastest, write_each
from minechat.server.settings import Limits
from minechat.server.wires import Wire
from tests.server.sockets import DEADLINE, Reader, reader, until

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


async def test_who_is_lost_joins_nothing_and_another_on_its_descriptor_hears_none_of_it(
    write: Write,
) -> None:
    async with house(write=write) as home:
        gone = await home.enter()
        outlet, number = gone.connection.outlet, gone.connection.outlet.descriptor
        gone.connection.transport.abort()
        await until(lambda: gone.connection.lost)
        end, other = os.pipe()
        taken = [end, other]
        while number not in taken:
            taken.append(os.dup(other))
        # Its account joins a room, on another connection or by what it still asked for.
        home.audience.join(outlet, told, "secret")
        home.audience.deliver([Said(None, "for members", "secret")])
        await asyncio.sleep(0)
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


def told(happening: object) -> bytes:
    """Any happening as its text; messages with their room."""
    if isinstance(happening, Said):
        return f"[{happening.room}] {happening.text}\n".encode()
    return f"({happening})\n".encode()


def silent(happening: object) -> bytes:
    return told(happening) if isinstance(happening, Said) else b""


async def member(home: House, *rooms: str, buffers: int = 4096) -> Reader:
    """Somebody who hears these rooms."""
    one = await home.enter(buffers)
    home.audience.leave(one.connection.outlet, GENERAL)
    for room in rooms:
        home.audience.join(one.connection.outlet, told, room)
    return one


async def test_each_hears_the_rooms_that_it_joined_encoded_once_each() -> None:
    encoded: list[object] = []

    def counted(happening: object) -> bytes:
        encoded.append(happening)
        return told(happening)

    async with house() as home:
        both, one, other = [await member(home) for _ in range(3)]
        for reader_, rooms in ((both, "ab"), (one, "a"), (other, "b")):
            for room in rooms:
                home.audience.join(reader_.connection.outlet, counted, room)
        home.audience.deliver([Said(None, "1", "a"), Said(None, "2", "b"), Said(None, "3", "c")])
        home.audience.tell("b", "somebody came")
        await asyncio.sleep(0)
        assert sorted((await both.hear(28)).splitlines()) == [b"(somebody came)", b"[a] 1", b"[b] 2"]
        assert await one.hear(6) == b"[a] 1\n"
        assert await other.hear(22) == b"[b] 2\n(somebody came)\n"
        assert len(encoded) == 3
        assert home.figures.deliveries == 6


async def test_a_wire_without_words_for_a_happening_says_nothing_of_it() -> None:
    written = Written()
    async with house(write=written) as home:
        one = await member(home)
        home.audience.join(one.connection.outlet, silent, "a")
        home.audience.tell("a", "somebody came")
        await asyncio.sleep(0)
        assert written.blocks == []
        home.audience.deliver([Said(None, "1", "a")])
        assert await one.hear(6) == b"[a] 1\n"


async def test_who_left_a_room_hears_what_was_before_and_nothing_after() -> None:
    async with house() as home:
        one = await member(home, "a", "b")
        outlet = one.connection.outlet
        home.audience.deliver([Said(None, "before", "a")])
        home.audience.leave(outlet, "a")
        home.audience.leave(outlet, "never joined")
        home.audience.deliver([Said(None, "after", "a"), Said(None, "still", "b")])
        assert await one.hear(21) == b"[a] before\n[b] still\n"
        home.audience.deliver([Said(None, "before", "a")])
        home.audience.join(outlet, told, "a")
        home.audience.join(outlet, told, "a")
        home.audience.deliver([Said(None, "again", "a")])
        assert await one.hear(31) == b"[a] before\n[b] still\n[a] again\n"


async def test_a_room_that_all_left_is_forgotten() -> None:
    async with house() as home:
        one, other = await member(home, "a", "b"), await member(home, "a")
        rooms = home.audience._rooms
        assert set(rooms) == {"general", "a", "b"}
        home.audience.leave(one.connection.outlet, "a")
        home.audience.discard(other.connection.outlet)
        home.audience.deliver([Said(None, "1", "a")])
        home.audience.discard(one.connection.outlet)
        assert set(rooms) == {"general"}


async def test_its_own_message_is_left_out_for_the_connection_that_said_it() -> None:
    written = Written()
    async with house(write=written) as home:
        speaker, listener, third = [await member(home, "a") for _ in range(3)]
        origin = speaker.connection.outlet
        home.audience.deliver(
            [Said(None, "1", "a"), Said(None, "mine", "a", origin=origin), Said(None, "3", "a")]
        )
        await asyncio.sleep(0)
        every = b"[a] 1\n[a] mine\n[a] 3\n"
        assert written.blocks == [every, every]
        assert await listener.hear(len(every)) == await third.hear(len(every)) == every
        assert await speaker.hear(12) == b"[a] 1\n[a] 3\n"
        assert home.figures.deliveries == 8


async def test_an_answer_comes_behind_what_was_before_and_ahead_of_what_is_after() -> None:
    async with house() as home:
        asker, listener = [await member(home, "a", "b") for _ in range(2)]
        outlet = asker.connection.outlet
        home.audience.deliver([Said(None, "1", "a"), Said(None, "2", "b")])
        home.audience.send(outlet, b"answer\n")
        home.audience.deliver([Said(None, "3", "b"), Said(None, "mine", "a", origin=outlet)])
        home.audience.send(outlet, b"stored\n")
        home.audience.deliver([Said(None, "4", "a")])
        await asyncio.sleep(0)
        heard = (await asker.hear(38)).splitlines()
        assert heard == [b"[a] 1", b"[b] 2", b"answer", b"[b] 3", b"stored", b"[a] 4"]
        assert len(await listener.hear(33)) == 33
        home.audience.send(outlet, b"alone\n")
        assert (await asker.hear(44)).endswith(b"[a] 4\nalone\n")


async def test_what_is_written_early_for_one_is_not_written_twice() -> None:
    async with house() as home:
        one = await member(home, "a")
        outlet = one.connection.outlet
        home.audience.deliver([Said(None, "1", "a")])
        home.audience.send(outlet, b"answer\n")
        home.audience.flush_one(outlet)
        assert one.take() and one.heard == b"[a] 1\nanswer\n"
        home.audience.deliver([Said(None, "2", "a")])
        home.audience.send(outlet, b"bye\n")
        home.audience.close(outlet)
        home.audience.send(outlet, b"too late\n")
        await until(lambda: one.connection.lost)
        assert await one.hear(23) == b"[a] 1\nanswer\n[a] 2\nbye\n"


async def test_who_lags_is_aside_in_all_its_rooms_and_back_when_it_caught_up() -> None:
    written = Written()
    async with house(write=written) as home:
        slow = await member(home, "a", "b")
        said = b""
        while not slow.connection.outlet.waiting:
            home.audience.deliver([Said(None, "x" * 4000, "a")])
            await asyncio.sleep(0)
            said += told(Said(None, "x" * 4000, "a"))
        written.blocks.clear()
        home.audience.deliver([Said(None, "y", "b")])
        home.audience.send(slow.connection.outlet, b"answer\n")
        home.audience.deliver([Said(None, "z", "a")])
        await asyncio.sleep(0)
        assert written.blocks == []
        said += b"[b] y\nanswer\n[a] z\n"
        assert await slow.hear(len(said)) == said
        await until(lambda: not slow.connection.outlet.waiting)
        assert slow.connection.outlet.owed == 0
        for room in "ab":
            home.audience.deliver([Said(None, "1", room)])
            await asyncio.sleep(0)
        assert written.blocks == [b"[a] 1\n", b"[b] 1\n"]


async def test_answers_that_wait_do_not_make_a_reader_too_slow_but_others_do() -> None:
    async with house(Limits(send_queue=10_000, send_queues=1 << 30)) as home:
        slow = await member(home, "a")
        outlet = slow.connection.outlet
        home.audience.send(outlet, b"h" * 200_000)
        await asyncio.sleep(0)
        assert outlet.owed == outlet.waiting > 100_000
        home.audience.deliver([Said(None, "x" * 5000, "a")])
        await asyncio.sleep(0)
        assert home.figures.dropped == {}
        home.audience.deliver([Said(None, "x" * 5000, "a")])
        await asyncio.sleep(0)
        assert home.figures.dropped == {"queue": 1}


STEPS = st.tuples(
    st.sampled_from(["say", "say", "say to all", "answer", "join", "leave", "take", "take"]),
    st.sampled_from("ab"),
    st.integers(0, 2),
    st.integers(1, 40_000),
)


class Crowd:
    """Three readers, and what each of them is due by the rule: room by room, answers in every room."""

    def __init__(self, home: House, readers: list[Reader]) -> None:
        self.home = home
        self.readers = readers
        self.joined = [{"a"} for _ in readers]
        self.due = [{"a": b"", "b": b""} for _ in readers]

    async def do(self, number: int, what: str, room: str, who: int, size: int) -> None:
        audience, outlet = self.home.audience, self.readers[who].connection.outlet
        if what in ("say", "say to all"):
            origin = outlet if what == "say" else None
            audience.deliver([Said(None, f"{number} ".ljust(size, "x"), room, origin=origin)])
            for other in range(len(self.readers)):
                if (other != who or origin is None) and room in self.joined[other]:
                    self.owe(other, room, number)
        elif what == "answer":
            audience.send(outlet, f"[ab] {number} ".encode().ljust(size, b"x") + b"\n")
            self.owe(who, "ab", number)
        elif what == "join":
            audience.join(outlet, told, room)
            self.joined[who].add(room)
        elif what == "leave":
            audience.leave(outlet, room)
            self.joined[who].discard(room)
        else:
            self.readers[who].take(size)
            await asyncio.sleep(0)

    def owe(self, who: int, rooms: str, number: int) -> None:
        for room in rooms:
            self.due[who][room] += b"%d " % number

    async def heard(self, who: int) -> dict[str, bytes]:
        """What it hears up to its last answer, by room."""
        one = self.readers[who]
        self.home.audience.send(one.connection.outlet, b"[ab] end\n")
        async with asyncio.timeout(DEADLINE):
            while not one.heard.endswith(b"[ab] end\n"):
                one.take()
                await asyncio.sleep(0)
        lines = [line.split()[:2] for line in one.heard.splitlines()[:-1]]
        return {
            room: b"".join(text + b" " for rooms, text in lines if room.encode() in rooms) for room in "ab"
        }


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(list(WAYS)), st.lists(STEPS, max_size=40))
async def test_whatever_happens_each_hears_its_rooms_and_its_answers_in_their_order(
    way: str, steps: list[tuple[str, str, int, int]]
) -> None:
    async with house(write=WAYS[way]) as home:
        crowd = Crowd(home, [await member(home, "a", buffers=size) for size in (4096, 20_000, 1 << 20)])
        for number, step in enumerate(steps):
            await crowd.do(number, *step)
        for who, one in enumerate(crowd.readers):
            assert await crowd.heard(who) == crowd.due[who]
            assert one.connection.outlet.owed == 0
