"""The table of replies is whole, and what RIFT 0.9 leaves out is known."""

import dataclasses

import pytest

from minechat.protocol.rift import replies
from minechat.protocol.rift.command_table import ROWS as COMMANDS
from minechat.protocol.rift.commands import FEATURES
from minechat.protocol.rift.reply_table import BY_REPLY, BY_WORD, ROWS, Row

ALL = {
    one
    for one in vars(replies).values()
    if isinstance(one, type) and issubclass(one, replies.Reply) and one is not replies.Reply
}
#: What comes without having been asked for.
EVENTS = {
    replies.Error,
    replies.NewMessage,
    replies.PrivateMessageArrived,
    replies.Presence,
    replies.RoomEvent,
}


def test_every_reply_has_one_row_and_one_word() -> None:
    assert set(BY_REPLY) == ALL
    assert len(BY_WORD) == len(BY_REPLY) == len(ROWS)


def test_every_reply_answers_a_command_or_is_an_event() -> None:
    answers = {answer for row in COMMANDS for answer in row.answers}
    assert answers | EVENTS == ALL
    assert not answers & EVENTS


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.word)
def test_a_row_is_whole(row: Row) -> None:
    assert row.about.endswith(".")
    assert row.feature is None or row.feature in FEATURES
    assert set(row.older) <= {one.name for one in dataclasses.fields(row.reply)}
