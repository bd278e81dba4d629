"""Every command in every state, in any order: a model knows the answer, and nobody is ever stuck."""

import pytest

from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import ROWS
from tests.server.doors.rift_machine import RiftMachine, walk
from tests.server.doors.rift_payloads import PAYLOADS
from tests.server.doors.rift_reads import Reader

WORDS = {row.word for row in ROWS}
#: Commands that so few steps need not carry out.
SELDOM = 4


@pytest.mark.timeout(600)  # where it fails, it looks for the shortest failure
def test_whatever_is_sent_is_answered_as_the_model_says() -> None:
    seen = walk(examples=16, steps=50).seen
    assert {word for word, _ in seen} >= WORDS, seen
    carried_out = {word for word, answer in seen if answer not in CODES}
    assert len(carried_out & WORDS) >= len(WORDS) - SELDOM, seen


def test_every_command_of_the_table_has_a_rule_payloads_and_a_model() -> None:
    assert set(PAYLOADS) == WORDS
    assert vars(RiftMachine).keys() >= WORDS
    assert {word for word in WORDS if not hasattr(Reader, f"_{word}")} == set()
