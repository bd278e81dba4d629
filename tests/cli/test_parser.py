"""What argparse and configargparse would do otherwise: order, dashes, bundles, double dash."""

import pytest

from minechat.cli.settings import UsageError, parse


@pytest.mark.parametrize(
    "argv",
    [
        ["-q", "-P", "7", "-H", "h", "--json"],
        ["--json", "--host=h", "-qP7"],
        ["-H", "h", "--read_port=7", "--json", "-q"],
    ],
)
def test_options_stand_in_any_order(argv: list[str]) -> None:
    options = parse("chat", argv, {"MINECHAT_TIMEOUT": "3", "READ_PORT": "9"}, [])
    assert (options.host, options.port, options.quiet, options.json) == ("h", 7, True, True)
    assert options.timeout == 3


def test_verbose_adds_up() -> None:
    assert parse("chat", ["-v", "--verbose", "-vv"], {}, []).verbose == 4


@pytest.mark.parametrize("argv", [["-P"], ["-T", "-q"], ["--quiet=yes"], ["--"], ["-m"]])
def test_a_broken_command_line_is_one_line(argv: list[str]) -> None:
    try:
        parse("authorization", argv, {"HOST": "h"}, [])
    except UsageError as error:
        assert "\n" not in str(error)
        assert "see minechat authorization -h" in str(error)
    else:
        assert argv == ["--"]


def test_a_message_may_begin_with_a_dash_behind_an_equals_sign() -> None:
    assert parse("authorization", ["--message=-_-", "-m-x"], {}, []).message == ("-_-", "-x")


def test_a_value_that_looks_like_an_option_is_not_taken_for_one() -> None:
    options = parse("authorization", ["-m=--host"], {"HOST": "h"}, [])
    assert options.host == "h"
