"""The limits as options: all of them, with the values that hold without them."""

import dataclasses
import math

import pytest

from minechat.cli.kinds import Kind, convert
from minechat.cli.limits import LIMITS, chosen
from minechat.cli.settings import parse
from minechat.server.settings import PROFILES, Limits

NAMES = [option.field.removeprefix("limit_") for option in LIMITS]


def test_every_limit_is_an_option_and_may_be_none_where_the_server_knows_no_limit() -> None:
    fields = {field.name: "None" in str(field.type) for field in dataclasses.fields(Limits)}
    assert fields == {name: option.kind is Kind.LIMIT for name, option in zip(NAMES, LIMITS, strict=True)}


@pytest.mark.parametrize("option", LIMITS, ids=NAMES)
def test_what_is_told_to_hold_without_it_is_what_holds(option) -> None:
    field = option.field.removeprefix("limit_")
    assert convert(option.kind, option.usual) == getattr(PROFILES["default"], field)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_limit_of_its_own_counts_more_than_the_profile(profile: str) -> None:
    argv = [
        "--limits",
        profile,
        "--max-connections-per-address",
        "7",
        "--byte-rate",
        "none",
        "--max-stall",
        "2.5",
    ]
    expected = dataclasses.replace(
        PROFILES[profile], connections_per_source=7, byte_rate=None, send_stall=2.5
    )
    assert chosen(parse("server", argv, environ={}, folders=[])) == expected


def test_a_limit_is_a_setting_too() -> None:
    options = parse("server", [], environ={"MINECHAT_MAX_CONNECTIONS": "none"}, folders=[])
    assert options.limit_connections == math.inf
    assert chosen(options) == dataclasses.replace(PROFILES["default"], connections=None)
