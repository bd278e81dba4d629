"""Addresses as the limits and the bans count them: IPv4 whole, IPv6 by its /64."""

import ipaddress


def source(text: str) -> str | None:
    """What an address is counted under; None for a text that is none.

    IPv4 whole, IPv6 by its /64 (one household, one network); an IPv4 address in IPv6's clothes
    (RFC 4291, section 2.5.5.2) is the IPv4 address. A /64 network, as it is shown, counts as itself.
    """
    try:
        address = ipaddress.ip_address(text.removesuffix("/64").partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv4Address):
        return None if "/" in text else str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))


def is_network(text: str) -> bool:
    """Whether a text is a network, as ``192.0.2.0/24``."""
    try:
        return "/" in text and bool(ipaddress.ip_network(text, strict=False))
    except ValueError:
        return False


def is_loopback(counted: str) -> bool:
    """Whether a source is (or holds) an address of this machine alone."""
    network = ipaddress.ip_network(counted)
    loopback = ipaddress.ip_network("127.0.0.0/8" if network.version == 4 else "::1/128")
    return network.overlaps(loopback)
