"""Every command has somebody who obeys it, and one alone."""

from minechat.protocol.rift.command_table import BY_COMMAND
from minechat.server.doors.rift_guest import _OWN
from minechat.server.doors.rift_requests import HANDLERS, PAGED


def test_every_command_is_obeyed_in_one_place() -> None:
    assert set(HANDLERS) | set(_OWN) == set(BY_COMMAND)
    assert not set(HANDLERS) & set(_OWN)


def test_what_comes_in_pages_of_messages_is_a_request() -> None:
    assert set(PAGED) <= set(HANDLERS)
