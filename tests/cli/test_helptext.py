"""The help tells every option with its environment names and its default, and three examples."""

import pytest

from minechat.cli.commands import COMMANDS
from minechat.cli.exits import EXITS
from minechat.cli.helptext import help_text, overview, spelled, version
from minechat.cli.options import COMMON


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_is_complete(command: str) -> None:
    options = COMMANDS[command].options + COMMON
    text = help_text("prog", COMMANDS[command], options)
    flat = " ".join(text.split())
    for option in options:
        assert ", ".join(option.flags) in flat
        assert all(name in flat for name in spelled(option))
        if option.default is not None:
            assert f"default: {option.default}" in flat
    assert all(f"  {code:3} {meaning}\n" in text for code, meaning in EXITS.items())
    assert text.split("examples:")[1].split("Settings")[0].count("prog") == 3


def test_names_in_the_environment_are_prefixed_and_plain_only_where_taken() -> None:
    options = {option.settings: option for option in COMMANDS["chat"].options if option.settings}
    assert spelled(options["HOST",]) == ["MINECHAT_HOST", "HOST"]
    both = ["MINECHAT_WRITE_PORT", "WRITE_PORT", "MINECHAT_SEND_PORT", "SEND_PORT"]
    assert spelled(options["WRITE_PORT", "SEND_PORT"]) == both
    assert spelled(options["DATABASE_URL",]) == ["MINECHAT_DATABASE_URL"]


def test_the_overview_names_every_command() -> None:
    assert all(f"  {command}" in overview(COMMANDS) for command in COMMANDS)


def test_the_version_is_the_installed_one() -> None:
    name, number = version().split()
    assert name == "minechat"
    assert number[0].isdigit()
