"""Every error of the tree has its exit code, and the table knows every code."""

import inspect

import pytest

from minechat import errors
from minechat.cli.exits import EXITS, PartlySent, UsageError, error_code, exit_code, retryable

TREE = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.HostUnknown(""), 3),
        (errors.Unreachable(""), 3),
        (errors.OutcomeUnknown(""), 3),
        (errors.NotMinechat(""), 3),
        (errors.UnknownToken(""), 4),
        (errors.Refused("slow down", 3.0), 5),
        (errors.Refused("slow down", 0.0), 5),
        (errors.Refused("banned"), 6),
        (errors.MessageTooLong(""), 6),
        (errors.EmptyMessage(""), 2),
        (errors.InvalidInput(""), 2),
        (errors.HistoryUnusable(""), 2),
        (errors.AddressUnusable(""), 2),
        (UsageError(""), 2),
        (PartlySent(""), 8),
        (errors.OutOfTurn(""), 1),
        (ValueError(""), 1),
    ],
)
def test_errors_lead_to_their_codes(error: Exception, code: int) -> None:
    assert exit_code(error) == code


@pytest.mark.parametrize("kind", TREE)
def test_every_error_has_a_code_of_the_table_and_a_name(kind: type[errors.MinechatError]) -> None:
    assert exit_code(kind("")) in EXITS
    assert error_code(kind("")).replace("_", "").isalpha()


def test_only_what_sends_nothing_twice_may_be_tried_again() -> None:
    assert retryable(errors.TimedOut(""))
    assert retryable(errors.Refused("", 3.0))
    assert not retryable(errors.OutcomeUnknown(""))
    assert not retryable(errors.Refused(""))
    assert not retryable(errors.HostUnknown(""))
    assert not retryable(PartlySent(""))
    assert not retryable(ValueError(""))


def test_names_for_programs() -> None:
    assert error_code(errors.UnknownToken("")) == "unknown_token"
    assert error_code(ValueError("")) == "unexpected"
