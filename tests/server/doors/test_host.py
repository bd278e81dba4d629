"""What a visit has around it is what the speak port gives it: each member, with the same parameters."""

import inspect
from collections.abc import Callable
from typing import get_type_hints

import pytest

from minechat.server.doors.gate import Gate
from minechat.server.doors.host import Client, Host
from minechat.server.doors.visitors import SpeakDoor, Visitors
from minechat.server.settings import Limits


@pytest.fixture
def visitors() -> Visitors:
    limits = Limits()
    # Nobody comes: neither a hub nor tasks are asked for anything.
    return Visitors(None, limits, Gate(1, limits), None)  # type: ignore[arg-type]


def members(protocol: type) -> dict[str, Callable[..., object]]:
    methods = {name: one for name, one in vars(protocol).items() if inspect.isfunction(one)}
    return {name: one for name, one in methods.items() if not name.startswith("_")}


@pytest.mark.parametrize("protocol", [Host, Client])
def test_every_method_is_there_with_its_parameters(visitors: Visitors, protocol: type) -> None:
    given = visitors if protocol is Host else SpeakDoor(visitors)
    assert members(protocol)
    for name, wanted in members(protocol).items():
        found = inspect.signature(getattr(type(given), name))
        assert list(found.parameters) == list(inspect.signature(wanted).parameters), name
        assert get_type_hints(getattr(type(given), name)) == get_type_hints(wanted), name


def test_every_value_is_there(visitors: Visitors) -> None:
    for name in Host.__annotations__:
        assert hasattr(visitors, name), name
