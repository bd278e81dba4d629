"""An address is checked before anything is looked up, and an error names the value."""

import pytest

from minechat.client.address import Address
from minechat.errors import InvalidInput


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("chat.example", "chat.example:5000"),
        ("127.0.0.1", "127.0.0.1:5000"),
        ("::1", "[::1]:5000"),
        ("[::1]", "[::1]:5000"),
        ("fe80::1%eth0", "[fe80::1%eth0]:5000"),
        ("[fe80::1%eth0.100]", "[fe80::1%eth0.100]:5000"),
        ("fe80::1%3", "[fe80::1%3]:5000"),
        ("чат.example", "чат.example:5000"),
        ("my_host-1", "my_host-1:5000"),
        ("x" * 255, "x" * 255 + ":5000"),
    ],
)
def test_an_address_is_shown_as_one_would_write_it(host: str, shown: str) -> None:
    assert str(Address(host, 5000)) == shown


def test_brackets_are_not_part_of_the_host() -> None:
    assert Address("[::1]", 5000) == Address("::1", 5000)
    assert Address("[::1]", 5000).wire_host == b"::1"


def test_other_letters_go_to_the_name_server_in_ascii() -> None:
    assert Address("чат.example", 1).wire_host == b"xn--80a0bn.example"


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "two words",
        " padded",
        "tab\there",
        "new\nline",
        "escape\x1b[2J",
        "nul\0",
        "zero\u200bwidth",
        "\u202eoverride",
        "\udcff",
        "x" * 256,
        "http://chat.example",
        "chat.example/path",
        "user@chat.example",
        "chat.example:5000",
        "[::1]:5000",
        "[::1",
        "::1]",
        "[]",
        "[chat.example]",
        ":::",
        "1:2:3",
        "::g",
        "::1%",
        "fe80::1%eth 0",
        "fe80::1%../etc",
        "fe80::1%" + "e" * 16,
        "fe80::1%a%b",
        "chat%eth0",
        "чат..example",
        "ч" * 80,
    ],
)
def test_what_cannot_be_a_host_is_refused_and_named_on_one_printable_line(host: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Address(host, 5000)
    message = str(caught.value)
    assert repr(host)[1:80].rstrip("'") in message
    assert message.isprintable()
    assert len(message) < 300


@pytest.mark.parametrize("port", [0, -1, 65536, 10**30])
def test_what_cannot_be_a_port_is_refused_and_named(port: int) -> None:
    with pytest.raises(InvalidInput, match=str(port)):
        Address("x", port)


@pytest.mark.parametrize("port", [1, 65535])
def test_every_port_from_1_to_65535_is_taken(port: int) -> None:
    assert Address("x", port).port == port
