"""Who may come in, and who gives way."""

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import Refused
from minechat.server.doors.gate import PATIENCE, RESERVE, Gate, Guest, Verdict, capacity, judge, source_of
from minechat.server.figures import Figures
from minechat.server.settings import Limits


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Someone:
    """A connection that leaves as soon as it is asked to."""

    PORT = "read"

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.told: Refused | None = None

    def give_way(self, reason: Refused) -> None:
        self.told = reason
        self.gate.leave(self)

    def expel(self, reason: Refused) -> None:
        self.give_way(reason)


class Luck(Random):
    """Chance as a test wants it."""

    def __init__(self, value: float) -> None:
        super().__init__()
        self.value = value

    def random(self) -> float:
        return self.value


def enter(gate: Gate, source: str = "a", *, stranger: bool = False) -> Someone:
    someone = Someone(gate)
    assert gate.admit(source, someone, stranger=stranger) is None
    return someone


def refused(gate: Gate, source: str = "a") -> Refused:
    refusal = gate.admit(source, Someone(gate), stranger=True)
    assert refusal is not None
    return refusal


def test_connections_are_bounded_in_all_and_by_source() -> None:
    figures = Figures()
    gate = Gate(3, Limits(connections_per_source=2), figures)
    first = enter(gate)
    enter(gate)
    assert "from your address" in str(refused(gate))
    enter(gate, "b")
    assert "full" in str(refused(gate, "c"))
    gate.leave(first)
    enter(gate, "c")
    assert len(gate) == 3
    assert figures.refused == {"connections_per_source": 1, "connections": 1}


def test_no_limit_by_source() -> None:
    gate = Gate(100, Limits(connections_per_source=None, new_connections=None))
    for _ in range(100):
        enter(gate)


N, Y = False, True
ENTERS, REFUSED = Verdict.ENTERS, Verdict.REFUSED
DOUBTFUL, STRANGER = Verdict.DOUBTFUL_GIVES_WAY, Verdict.STRANGER_GIVES_WAY


@pytest.mark.parametrize(
    ("filled", "chance", "doubtful", "waited", "verdict"),
    [
        # With room enough nobody gives way, whoever is there.
        (0.0, 0.0, N, -1, ENTERS),
        (0.5, 0.0, Y, 99, ENTERS),
        (0.75, 0.0, Y, 99, ENTERS),
        # From there on the lot decides; half-way to full it falls every other time.
        (0.875, 0.49, N, 99, STRANGER),
        (0.875, 0.51, N, 99, ENTERS),
        (0.76, 0.05, N, 99, ENTERS),
        (0.99, 0.95, N, 99, STRANGER),
        # Who may be gone already goes first, then the stranger, but each has its time to log in.
        (0.875, 0.1, Y, 99, DOUBTFUL),
        (0.875, 0.1, N, PATIENCE, STRANGER),
        (0.875, 0.1, N, PATIENCE / 2, ENTERS),
        # Members and readers stay: where there is nobody else, the newcomer takes what is free.
        (0.99, 0.0, N, -1, ENTERS),
        # When full somebody must give way, or the newcomer is refused.
        (1.0, 0.999, Y, -1, DOUBTFUL),
        (1.0, 0.999, N, 99, STRANGER),
        (1.0, 0.0, N, PATIENCE / 2, REFUSED),
        (1.0, 0.0, N, -1, REFUSED),
        # While some who gave way are still closing.
        (1.05, 0.999, N, 99, STRANGER),
        (1.05, 0.0, N, -1, REFUSED),
    ],
)
def test_who_gives_way(filled: float, chance: float, doubtful: bool, waited: float, verdict: Verdict) -> None:
    assert judge(filled, 0.75, chance, doubtful=doubtful, waited=waited) is verdict


@given(st.floats(0, 0.999), st.floats(0, 0.999), st.booleans(), st.floats(-1, 100))
def test_without_early_drop_nobody_gives_way_before_it_is_full(
    filled: float, chance: float, doubtful: bool, waited: float
) -> None:
    assert judge(filled, 1.0, chance, doubtful=doubtful, waited=waited) is ENTERS


def test_a_flood_of_strangers_drives_out_itself_and_no_member_and_no_reader() -> None:
    clock = Clock()
    figures = Figures()
    limits = Limits(connections_per_source=None, new_connections=None)
    gate = Gate(100, limits, figures, clock=clock, random=Random(7))
    readers = [enter(gate, "reader") for _ in range(30)]
    members = [enter(gate, "member", stranger=True) for _ in range(30)]
    for member in members:
        gate.known(member)
    for number in range(10_000):
        clock.now += 0.05  # twenty a second for forty places
        enter(gate, f"flood {number % 2000}", stranger=True)
        assert len(gate) <= 100
    assert not [one for one in readers + members if one.told]
    assert figures.refused["early_drop"] > 9_900


def test_who_logs_in_has_the_time_for_it_however_fast_the_flood() -> None:
    clock = Clock()
    limits = Limits(connections_per_source=None, new_connections=None)
    gate = Gate(100, limits, clock=clock, random=Random(7))
    honest = [enter(gate, "honest", stranger=True) for _ in range(5)]
    for _ in range(900):
        clock.now += 0.001
        gate.admit("flood", Someone(gate), stranger=True)
    assert not [one for one in honest if one.told]
    for one in honest:
        gate.known(one)
    for _ in range(5000):
        clock.now += 0.001
        gate.admit("flood", Someone(gate), stranger=True)
    assert not [one for one in honest if one.told]


def test_the_stranger_that_has_been_here_the_longest_goes_first() -> None:
    clock = Clock()
    gate = Gate(2, Limits(), clock=clock, random=Luck(0.99))
    first = enter(gate, stranger=True)
    clock.now += 5
    second = enter(gate, stranger=True)
    clock.now += 5
    enter(gate, stranger=True)
    assert first.told is not None
    assert first.told.retry_after
    assert second.told is None


def test_a_half_closed_connection_of_a_crowded_source_gives_way_to_it_and_to_nobody_else() -> None:
    gate = Gate(100, Limits(connections_per_source=2))
    doubtful = enter(gate, "a")
    gate.doubt(doubtful)
    enter(gate, "a")
    others = [enter(gate, "b"), enter(gate, "b")]
    refused(gate, "b")
    assert doubtful.told is None
    enter(gate, "a")
    assert doubtful.told is not None
    refused(gate, "a")
    assert not [one for one in others if one.told]


def test_a_half_closed_connection_gives_way_when_all_is_full() -> None:
    gate = Gate(2, Limits(), random=Luck(0.0))
    doubtful = enter(gate, "a")
    gate.doubt(doubtful)
    enter(gate, "b")
    enter(gate, "c")
    assert doubtful.told is not None
    refused(gate, "d")


def test_one_source_begins_so_many_connections_in_ten_minutes() -> None:
    clock = Clock()
    figures = Figures()
    gate = Gate(100, Limits(boot_wait=0.0), figures, clock=clock)
    for _ in range(600):
        gate.leave(enter(gate))
    refusal = refused(gate)
    assert refusal.retry_after is not None
    assert 600 <= refusal.retry_after <= 660
    enter(gate, "b")
    for _ in range(1000):  # who is refused is not counted, or trying again would shut out for ever
        refused(gate)
    clock.now += refusal.retry_after
    enter(gate)
    assert figures.refused == {"new_connections": 1001}


def test_after_the_start_everybody_comes_back_and_that_does_not_count() -> None:
    clock = Clock()
    gate = Gate(100, Limits(boot_wait=120.0, new_connections=2), clock=clock)
    for _ in range(1000):
        gate.leave(enter(gate))
    clock.now += 119.9
    gate.leave(enter(gate))
    clock.now += 0.1
    for _ in range(2):
        gate.leave(enter(gate))
    refused(gate)


def test_who_is_shut_out_by_the_owner_does_not_come_in() -> None:
    figures = Figures()
    banned = Refused("you are banned", None)
    gate = Gate(100, Limits(), figures, barred=lambda source: banned if source == "a" else None)
    assert refused(gate) is banned
    enter(gate, "b")
    assert figures.refused == {"banned": 1}


def test_who_is_inside_can_be_ended_by_the_owner_until_it_leaves() -> None:
    inside: list[str] = []

    def attach(guest: Guest, source: str) -> Callable[[], None]:
        inside.append(source)
        return lambda: inside.remove(source)

    gate = Gate(2, Limits(), attach=attach)
    first = enter(gate, "a")
    enter(gate, "b")
    refused(gate, "c")
    assert inside == ["a", "b"]
    gate.leave(first)
    assert inside == ["b"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3), st.floats(0, 2)), max_size=200))
def test_whatever_happens_the_books_are_right_and_empty_in_the_end(
    events: list[tuple[str, int, float]],
) -> None:
    clock = Clock()
    gate = Gate(8, Limits(connections_per_source=4), clock=clock, random=Random(1))
    inside: list[Someone] = []
    for source, what, pause in events:
        clock.now += pause
        someone = Someone(gate)
        if what < 2 and gate.admit(source, someone, stranger=bool(what)) is None:
            inside.append(someone)
        elif what == 2 and inside:
            gate.doubt(inside[-1])
        elif inside and inside[0].told is None:
            gate.leave(inside.pop(0))
        inside = [one for one in inside if one.told is None]
        assert len(gate) == len(inside) <= 8
    for someone in inside:
        gate.leave(someone)
    assert not (gate._guests or gate._sources or gate._strangers or gate._doubtful)


def test_the_capacity_stays_below_the_descriptor_limit() -> None:
    assert capacity(4096, 1024) == 1024 - RESERVE
    assert capacity(4096, 1_000_000) == 4096
    assert capacity(None, 1024) == 1024 - RESERVE
    assert capacity(4096, 10) == 1


@given(st.ip_addresses(v=6), st.integers(0, 2**64 - 1))
def test_one_ipv6_network_is_one_source_and_its_neighbour_another(address: object, host: int) -> None:
    number = int(address)  # type: ignore[call-overload]  # hypothesis gives it no type
    if number >> 32 in (0, 0xFFFF):
        return  # IPv4 in other clothes
    network = number >> 64 << 64
    here = source_of((str(type(address)(network | host)), 1, 0, 0))  # type: ignore[call-arg]
    assert here == source_of((str(address), 9, 0, 0))
    neighbour = type(address)(network ^ (1 << 64) | host)  # type: ignore[call-arg]
    assert here != source_of((str(neighbour), 1, 0, 0))


def test_a_zone_is_no_part_of_an_address() -> None:
    assert source_of(("fe80::1%eth0", 1, 0, 2)) == "fe80::/64"


def test_an_ipv4_address_is_a_source_however_it_came() -> None:
    assert source_of(("192.0.2.1", 5)) == source_of(("::ffff:192.0.2.1", 5, 0, 0)) == "192.0.2.1"


def test_a_peer_without_an_address_is_counted_too() -> None:
    assert source_of(None) == source_of("") == source_of(("not an address", 1)) == "?"
