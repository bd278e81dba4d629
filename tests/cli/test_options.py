"""The table of options is whole: fields, names, defaults and secrets agree."""

import dataclasses

import pytest

from minechat.cli.commands import COMMANDS
from minechat.cli.kinds import Kind, convert
from minechat.cli.options import COMMON, PLAIN, Option
from minechat.cli.typed import options_type

EVERY = [(command, option) for command, c in COMMANDS.items() for option in c.options + COMMON]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_field_has_its_option_and_every_option_its_field(command: str) -> None:
    fields = {field.name for field in dataclasses.fields(options_type(command))}
    options = {o.field for o in COMMANDS[command].options + COMMON if o.kind is not Kind.SHOW}
    assert fields - options == {"program", "warnings", "origins"}
    assert options <= fields


@pytest.mark.parametrize("command", COMMANDS)
def test_no_two_options_share_a_spelling_or_a_setting(command: str) -> None:
    options = COMMANDS[command].options + COMMON
    flags = [flag for option in options for flag in option.flags]
    names = [name for option in options for name in option.settings]
    assert len(flags) == len(set(flags))
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("command", "option"), EVERY)
def test_every_default_is_a_value_of_its_kind(command: str, option: Option) -> None:
    if option.default is not None:
        convert(option.kind, option.default)


def test_a_token_has_no_default() -> None:
    assert {o.default for _, o in EVERY if "TOKEN" in o.settings} == {None}


def test_no_long_option_with_a_yes_and_a_no_has_a_short_one() -> None:
    # BooleanOptionalAction would read the short one as the long one's yes, whatever the setting says.
    assert all(len(o.flags) == 1 for _, o in EVERY if o.kind is Kind.SWITCH)


@pytest.mark.parametrize(
    ("command", "spelling", "field"),
    [
        ("chat", "--read_port", "port"),
        ("chat", "--log_path", "history"),
        ("chat", "--log-path", "history"),
        ("registration", "--send_port", "port"),
        ("registration", "--nickname", "username"),
        ("registration", "--token_path", "token_path"),
        ("authorization", "--send_port", "port"),
        ("authorization", "--nickname", "username"),
        ("authorization", "--token_path", "token_path"),
    ],
)
def test_spellings_that_older_scripts_use_still_work(command: str, spelling: str, field: str) -> None:
    [option] = [o for o in COMMANDS[command].options if spelling in o.flags]
    assert option.field == field


def test_plain_names_are_the_long_known_ones_only() -> None:
    settings_known = {name for _, option in EVERY for name in option.settings}
    assert settings_known >= PLAIN
    assert not {"USERNAME", "DATABASE_URL", "TIMEOUT", "LIMITS"} & PLAIN
