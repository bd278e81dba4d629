"""Addresses: written in many ways, counted in one."""

import pytest

from minechat.server import addresses


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:DB8:0:0:ffff::1", "2001:db8::/64"),
        ("2001:db8::/64", "2001:db8::/64"),
        ("2001:db8:0:1::/64", "2001:db8:0:1::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::1", "::/64"),
    ],
)
def test_one_household_is_one_source(written: str, counted: str) -> None:
    assert addresses.source(written) == counted
    assert addresses.source(counted) == counted


@pytest.mark.parametrize(
    "text", ["", "Brave Вася", "192.0.2", "192.0.2.7/64", "192.0.2.0/24", "2001:db8::/32", "1", "#1", "::g"]
)
def test_what_is_no_address_is_none(text: str) -> None:
    assert addresses.source(text) is None


def test_a_network_is_not_mistaken_for_a_name() -> None:
    assert all(map(addresses.is_network, ("192.0.2.0/24", "192.0.2.7/24", "2001:db8::/32")))
    assert not any(map(addresses.is_network, ("", "192.0.2.7", "either/or", "2001:db8::1", "/")))


def test_loopback_is_known_in_both_families() -> None:
    assert all(addresses.is_loopback(one) for one in ("127.0.0.1", "127.9.9.9", "::/64"))
    assert not any(addresses.is_loopback(one) for one in ("192.0.2.7", "2001:db8::/64", "128.0.0.1"))
