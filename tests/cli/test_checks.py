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


@pytest.mark.parametrize("one", ["--read-port", "--write-port"])
@pytest.mark.parametrize("other", ["--rift-port", "--metrics-port"])
def test_no_two_ports_of_a_server_are_the_same(one: str, other: str) -> None:
    with pytest.raises(UsageError, match=f"{one} and {other}"):
        server(one, "7000", other, "7000")


def test_a_port_that_nobody_named_gets_out_of_the_way() -> None:
    assert server("--read-port", "8765", "--write-port", "9464").read_port == 8765
    assert server("--rift-port", "0", "--metrics-port", "0").rift_port == 0
    assert server("--no-rift").rift_port is None


@pytest.mark.parametrize(
    "origin", ["https://chat.example", "http://localhost:8080", "http://127.0.0.1", "https://[::1]:8443"]
)
def test_a_web_page_is_named_by_its_origin(origin: str) -> None:
    assert server("--origin", origin).origin_allowed == (origin,)


@pytest.mark.parametrize(
    "origin", ["chat.example", "https://chat.example/", "https://chat.example/a", "*", "null", "https://",
               "https://Chat.example", "ftp://chat.example", "https://chat.example:0", "https://a b"]
)  # fmt: skip
def test_what_no_browser_sends_as_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(UsageError, match=r"not the origin of a web page \(--origin\)"):
        server("--origin", origin)


def test_origins_of_a_setting_are_parted_by_blanks_or_commas() -> None:
    both = ("https://a.example", "https://b.example:8443")
    assert server(MINECHAT_ORIGINS="https://a.example https://b.example:8443").origin_allowed == both
    assert server(MINECHAT_ORIGINS=" https://a.example,https://b.example:8443, ").origin_allowed == both
    assert server("--origin", both[0], "--origin", both[1]).origin_allowed == both
    with pytest.raises(UsageError, match="MINECHAT_ORIGINS in the environment"):
        server(MINECHAT_ORIGINS="https://a.example evil")


@pytest.mark.parametrize(
    "argv",
    [
        ["-m", "hi", "--lines"],
        ["-m", "hi", "--export", "f"],
        ["--export", "f", "--export-mine", "f"],
        ["--forget", "-m", "hi"],
        ["--register", "--forget"],
        ["--token-path", "token.txt", "--register"],
        ["--token-path", "token.txt", "--forget"],
        ["-m", "hi", "--count", "1"],
        ["--export", "f", "--for", "1"],
    ],
)
def test_a_run_of_rift_does_one_thing(argv: list[str]) -> None:
    with pytest.raises(UsageError, match="leave one of them out"):
        parse("rift", argv, {}, [])


def test_lines_may_be_posted_while_watching() -> None:
    options = parse("rift", ["--lines", "--count", "3", "--plain"], {}, [])
    assert (options.lines, options.count) == (True, 3)


@pytest.mark.parametrize("argv", [["--json"], ["--count", "1"], ["--for", "1"], ["--last", "2"]])
def test_a_screen_writes_no_lines(argv: list[str]) -> None:
    with pytest.raises(UsageError, match="--tui is a screen"):
        parse("chat", ["--tui", *argv], {}, [])
