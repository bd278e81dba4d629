"""Combinations of settings that cannot work or are not safe are refused."""

import pytest

from minechat.cli.checks import loopback
from minechat.cli.settings import UsageError, parse
from minechat.cli.typed_server import ServerOptions


def server(*argv: str, **environ: str) -> ServerOptions:
    return parse("server", argv, environ, [])


@pytest.mark.parametrize("host", ["127.0.0.1", "127.3.2.1", "::1", "[::1]", "localhost"])
def test_loopback_needs_no_leave(host: str) -> None:
    assert loopback(host)
    assert server("--host", host).host == host


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.0.2.7", "chat.example", "localhost.evil", "128.0.0.1"]
)
def test_plain_beyond_this_machine_takes_a_word_of_its_owner(host: str) -> None:
    assert not loopback(host)
    with pytest.raises(UsageError, match="--allow-plain"):
        server(MINECHAT_SERVER_HOST=host)
    with pytest.raises(UsageError, match="MINECHAT_SERVER_HOST in the environment"):
        server(MINECHAT_SERVER_HOST=host)
    assert server("--allow-plain", MINECHAT_SERVER_HOST=host).allow_plain


def test_no_limits_are_for_loopback_only_whatever_else_is_allowed() -> None:
    assert server("--limits", "off").limits == "off"
    with pytest.raises(UsageError, match="--limits off"):
        server("--limits", "off", "--allow-plain", "-H", "192.0.2.7")


def test_a_servers_address_is_not_the_clients() -> None:
    assert server(HOST="192.0.2.7", MINECHAT_HOST="192.0.2.7").host == "127.0.0.1"


def test_any_port_is_for_servers_of_our_own() -> None:
    assert server("--read-port", "0").read_port == 0
    assert parse("chat", ["-P", "0", "--write-port", "0"], {}, []).port == 0
    with pytest.raises(UsageError, match="port 0"):
        parse("chat", ["-P", "0", "-H", "h"], {}, [])
    with pytest.raises(UsageError):
        parse("registration", ["-P", "0"], {}, [])


def test_a_token_is_given_once() -> None:
    with pytest.raises(UsageError, match="twice"):
        parse("authorization", ["-T", "t", "--token-stdin"], {}, [])
    assert parse("authorization", ["--token-stdin"], {"TOKEN": "t"}, []).token_stdin


def test_old_records_are_not_shown_as_json() -> None:
    # They hold no exact text and no offset: shown as JSON they would say more than is known.
    with pytest.raises(UsageError, match=r"--last .*--json"):
        parse("chat", ["--json", "--last", "3"], {}, [])
    assert parse("chat", ["--last", "3"], {}, []).last == 3
