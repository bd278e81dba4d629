"""The table of commands is whole: a command without a row, a right or a word of documentation cannot be."""

import dataclasses

import pytest

from minechat.protocol.rift import command_table, commands, reply_table
from minechat.protocol.rift.command_table import BY_COMMAND, BY_WORD, ROWS, Row
from minechat.protocol.rift.states import State
from minechat.server.rights import NEEDED

ALL = {
    one
    for one in vars(commands).values()
    if isinstance(one, type) and issubclass(one, commands.Command) and one is not commands.Command
}


def test_every_command_has_one_row_and_one_word() -> None:
    assert set(BY_COMMAND) == ALL
    assert len(BY_WORD) == len(BY_COMMAND) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_a_row_is_whole(row: Row) -> None:
    assert row.about.endswith(".") and row.command.__doc__
    assert set(row.fields) | {"id"} == {one.name for one in dataclasses.fields(row.command)}
    assert row.state is (State.NEW if row.word in ("register", "auth") else State.KNOWN)
    assert row.answers and all(answer in reply_table.BY_REPLY for answer in row.answers)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_a_command_about_a_room_needs_a_right_but_to_make_one(row: Row) -> None:
    assert row.deed is None or row.deed in NEEDED
    assert (row.deed is not None) is ("room" in row.fields and row.word != "create_room")


def test_every_right_is_needed_by_a_command() -> None:
    assert {row.deed for row in command_table.ROWS} - {None} == set(NEEDED)
