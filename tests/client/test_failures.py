"""Each failure of the system becomes one error of ours whose one line names the address."""

import errno
import socket

import pytest

from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.errors import ConnectionLost, HostUnknown, NetworkError, TimedOut, Unreachable

CASES: list[tuple[OSError, type[NetworkError], str]] = [
    (socket.gaierror(socket.EAI_NONAME, "x"), HostUnknown, "no such host"),
    (socket.gaierror(socket.EAI_AGAIN, "x"), Unreachable, "name server"),
    (socket.gaierror(socket.EAI_FAIL, "broken"), Unreachable, "broken"),
    (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Unreachable, "refuses"),
    (OSError(errno.EHOSTUNREACH, "x"), Unreachable, "No route to host"),
    (OSError(errno.ENETUNREACH, "x"), Unreachable, "unreachable"),
    (OSError(errno.EMFILE, "x"), Unreachable, "too many files"),
    (OSError(errno.ENFILE, "x"), Unreachable, "too many files"),
    (OSError("Multiple exceptions: [Errno 101] a, [Errno 111] b"), Unreachable, "none of its addresses"),
    (TimeoutError(errno.ETIMEDOUT, "x"), TimedOut, "any more"),
    (ConnectionResetError(errno.ECONNRESET, "x"), ConnectionLost, "broke"),
    (BrokenPipeError(errno.EPIPE, "x"), ConnectionLost, "broke"),
]


@pytest.mark.parametrize(("failure", "kind", "words"), CASES, ids=lambda case: str(case)[:30])
def test_a_failure_is_one_of_ours_and_names_the_address(
    failure: OSError, kind: type[NetworkError], words: str
) -> None:
    error = network_error(failure, Address("chat.example", 5000))
    assert type(error) is kind
    assert "chat.example:5000" in str(error)
    assert words in str(error)
    assert "\n" not in str(error)


@pytest.mark.skipif(not hasattr(socket, "EAI_NODATA"), reason="this system has no EAI_NODATA")
def test_a_name_without_addresses_is_unknown_too() -> None:
    failure = socket.gaierror(socket.EAI_NODATA, "x")
    assert type(network_error(failure, Address("chat.example", 5000))) is HostUnknown


def test_an_unknown_zone_is_called_an_interface() -> None:
    failure = socket.gaierror(socket.EAI_NONAME, "x")
    assert "interface" in str(network_error(failure, Address("fe80::1%nope", 5000)))
