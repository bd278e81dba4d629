"""The way to the speak port: what is warned of, what is hinted at, which nicknames may travel."""

import pytest

from minechat.cli.report import reason
from minechat.cli.settings import parse
from minechat.cli.speaker import check_name, speaker
from minechat.errors import InvalidInput, Refused, Unreachable
from tests.bad_tls import Recorded, speaking_tls
from tests.certificates import issue


def options(port: int, *more: str):
    return parse("registration", ["-P", str(port), *more], environ={}, folders=[])


@pytest.mark.parametrize("name", ["Вася", "  Vlad\t", "a b", "x" * 4095, "\u200d", "Влад: "])
def test_a_name_travels_without_the_blanks_around_it(name: str) -> None:
    assert check_name(name, "-U") == name.strip()


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\rb", "a\0", "\x7f", "\x85", "\udc80", "x" * 4096])
def test_what_cannot_travel_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput, match=r"\(NICKNAME in \.env\); nothing was sent$"):
        check_name(name, "NICKNAME in .env")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.9.8.7", "::1", "[::1]"])
async def test_on_this_machine_the_error_says_what_to_start(host: str, capsys, unused_port: int) -> None:
    with pytest.raises(Unreachable, match="or minechat server"):
        async with speaker(options(unused_port, "--host", host)):
            pass
    assert capsys.readouterr().err == ""


async def test_elsewhere_it_says_nothing_about_this_machine(capsys, unused_port: int) -> None:
    with pytest.raises(Unreachable) as raised:
        async with speaker(options(unused_port, "--host", "0.0.0.0")):
            pass
    assert "start" not in str(raised.value)
    assert capsys.readouterr().err == ""  # no token travels without a connection


async def test_a_token_in_the_open_is_warned_of_before_it_travels(capsys, scripted) -> None:
    server = scripted(lambda peer: peer.acknowledge_all())
    for host, more, warnings in (("0.0.0.0", [], 1), ("0.0.0.0", ["-q"], 0), ("127.0.0.1", [], 0)):
        async with speaker(options(server.port, "--host", host, *more)):
            assert capsys.readouterr().err.count(f"travels to {host} unencrypted") == warnings
    assert server.heard == b""


async def test_under_tls_a_token_is_not_in_the_open(capsys, tmp_path) -> None:
    issued = issue("chat.example")
    server = Recorded(speaking_tls(issued.context(tmp_path, "own")))
    trust = ("--tls-fingerprint", issued.fingerprint)
    async with speaker(options(server.port, "--host", "0.0.0.0", *trust)):
        assert capsys.readouterr().err == ""
    server.close()


def test_a_refusal_as_part_of_a_sentence() -> None:
    assert reason(Refused("too fast", 7)) == "refused: too fast; try again in 7 s"
    assert reason(Refused("banned")) == "refused: banned"
    assert reason(InvalidInput("as it is")) == "as it is"
