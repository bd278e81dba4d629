"""Who may come in."""

import asyncio

from minechat.server.doors.gate import RESERVE, Gate, capacity, source_of


def test_connections_are_bounded_in_all_and_by_source() -> None:
    gate = Gate(3, 2)
    assert [gate.admit("a"), gate.admit("a"), gate.admit("a")] == [True, True, False]
    assert gate.admit("b")
    assert not gate.admit("c")
    gate.leave("a", asyncio.Transport())
    assert gate.admit("c")
    assert len(gate) == 3
    assert gate.refused == 2


def test_no_limit_by_source() -> None:
    gate = Gate(100, None)
    assert all(gate.admit("a") for _ in range(100))


def test_the_capacity_stays_below_the_descriptor_limit() -> None:
    assert capacity(4096, 1024) == 1024 - RESERVE
    assert capacity(4096, 1_000_000) == 4096
    assert capacity(None, 1024) == 1024 - RESERVE
    assert capacity(4096, 10) == 1


def test_one_ipv6_network_is_one_source() -> None:
    assert source_of(("2001:db8::1", 1, 0, 0)) == source_of(("2001:db8::ffff:2", 9, 0, 0))
    assert source_of(("2001:db8::1", 1, 0, 0)) != source_of(("2001:db8:0:1::1", 1, 0, 0))
    assert source_of(("fe80::1%eth0", 1, 0, 2)) == "fe80::/64"


def test_an_ipv4_address_is_a_source_however_it_came() -> None:
    assert source_of(("192.0.2.1", 5)) == source_of(("::ffff:192.0.2.1", 5, 0, 0)) == "192.0.2.1"


def test_a_peer_without_an_address_is_counted_too() -> None:
    assert source_of(None) == source_of("") == source_of(("not an address", 1)) == "?"
