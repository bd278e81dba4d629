"""One place: live messages and pages of history become one order, each message once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.rift_sequence import HELD, HELD_TEXT, Sequence
from minechat.client.session import Message, Skipped
from minechat.errors import ProtocolViolation


def said(seq: int, text: str = "hello") -> Message:
    return Message(place="general", nick="Eva", text=text, time=1.0, seq=seq)


def run(*numbers: int) -> tuple[Message, ...]:
    return tuple(map(said, numbers))


def listed(told: int, gapless: bool = True) -> Sequence:
    sequence = Sequence(told, gapless=gapless)
    sequence.listed(told)
    return sequence


def test_live_messages_are_told_at_once_and_once() -> None:
    sequence = listed(3)
    assert sequence.hear(said(4)) == run(4)
    assert sequence.hear(said(4)) == ()
    assert sequence.hear(said(2)) == ()
    assert sequence.told == 4


def test_a_place_never_seen_begins_at_its_last_message() -> None:
    sequence = Sequence(None, gapless=True)
    assert sequence.listed(70) == ()
    assert (sequence.told, sequence.behind) == (70, False)


def test_what_came_before_the_list_is_told_although_the_list_counts_it() -> None:
    sequence = Sequence(None, gapless=True)
    assert sequence.hear(said(70)) == ()
    assert sequence.listed(70) == run(70)


def test_live_messages_wait_for_the_history_before_them() -> None:
    sequence = Sequence(3, gapless=True)
    assert sequence.hear(said(7)) == ()
    assert sequence.listed(6) == ()
    assert sequence.behind
    assert sequence.hear(said(8)) == ()
    assert sequence.page(run(4, 5), more=True) == run(4, 5)
    assert sequence.behind
    assert sequence.page(run(6, 7), more=False) == run(6, 7, 8)
    assert (sequence.told, sequence.behind) == (8, False)


def test_a_gap_in_a_room_is_filled_and_one_in_a_conversation_is_none() -> None:
    room, private = listed(3), listed(3, gapless=False)
    assert room.hear(said(5)) == ()
    assert room.behind
    assert room.page(run(4, 5), more=False) == run(4, 5)
    assert private.hear(said(5)) == run(5)


def test_a_gap_that_history_cannot_fill_is_passed_over() -> None:
    sequence = listed(3)
    sequence.hear(said(6))
    assert sequence.page((), more=False) == run(6)
    assert not sequence.behind


def test_more_history_without_a_new_message_is_a_violation() -> None:
    sequence = Sequence(3, gapless=True)
    sequence.listed(9)
    with pytest.raises(ProtocolViolation):
        sequence.page(run(1, 2, 3), more=True)


def test_a_database_with_fewer_messages_begins_anew() -> None:
    sequence = Sequence(500, gapless=True)
    sequence.listed(20)
    assert sequence.hear(said(21)) == run(21)


def test_what_is_too_much_to_hold_comes_by_history() -> None:
    sequence = Sequence(0, gapless=True)
    sequence.listed(1)
    for seq in range(2, HELD + 10):
        assert sequence.hear(said(seq)) == ()
    first = sequence.page(run(1), more=False)
    assert first == run(*range(1, HELD + 2))
    assert sequence.behind
    rest = sequence.page(run(*range(HELD + 2, HELD + 10)), more=False)
    assert rest == run(*range(HELD + 2, HELD + 10))
    assert not sequence.behind


def test_a_long_text_is_not_held() -> None:
    sequence = Sequence(0, gapless=True)
    long = said(1, "x" * (HELD_TEXT + 1))
    assert sequence.hear(long) == ()
    sequence.listed(1)
    assert sequence.behind
    assert sequence.page([long], more=False) == (long,)


def test_what_is_missed_beyond_a_limit_is_passed_over_and_told() -> None:
    sequence = Sequence(10, gapless=True)
    sequence.listed(5000)
    assert sequence.shorten(1000, "general") == Skipped(place="general", after=10, before=4001)
    assert sequence.told == 4000
    assert sequence.shorten(1000, "general") is None


class Server:
    """A room whose messages reach one client: live while it is connected, else by history."""

    def __init__(self, sequence: Sequence) -> None:
        self.log: list[Message] = []
        self.connected = False
        self.sequence = sequence
        self.told: list[Message] = []

    def say(self, live: bool) -> None:
        self.log.append(said(len(self.log) + 1))
        if self.connected and live:
            self.told += self.sequence.hear(self.log[-1])

    def connect(self, before: int) -> None:
        """``before`` messages are said between the list and its arrival."""
        self.connected = True
        last = len(self.log)
        for _ in range(before):
            self.say(live=True)
        self.told += self.sequence.listed(last)

    def disconnect(self) -> None:
        self.connected = False
        self.sequence.disconnected()

    def fetch(self, size: int, between: int) -> None:
        """A page, and ``between`` messages between its reading and its arrival."""
        if not (self.connected and self.sequence.behind):
            return
        missing = self.log[self.sequence.told or 0 :]
        for _ in range(between):
            self.say(live=True)
        self.told += self.sequence.page(missing[:size], more=len(missing) > size)


STEPS = st.one_of(
    st.tuples(st.just("say"), st.booleans()),
    st.tuples(st.just("connect"), st.integers(0, 3)),
    st.tuples(st.just("disconnect")),
    st.tuples(st.just("fetch"), st.integers(1, 4), st.integers(0, 3)),
)


@given(st.lists(STEPS, max_size=60))
def test_whatever_happens_everything_is_told_once_and_in_order(steps: list[tuple]) -> None:
    server = Server(Sequence(0, gapless=True))
    for name, *arguments in steps:
        if name == "connect" and server.connected:
            continue
        getattr(server, name)(*arguments)
        assert [one.seq for one in server.told] == list(range(1, len(server.told) + 1))
    if not server.connected:
        server.connect(0)
    server.say(live=True)
    for _ in range(len(server.log) + 2):
        server.fetch(3, 0)
    assert [one.seq for one in server.told] == list(range(1, len(server.log) + 1))
