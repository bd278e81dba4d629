"""What each field may be, by tables of good and bad values."""

from typing import Any

import pytest

from minechat.protocol.rift import fields as f
from minechat.server import titles
from minechat.server.rights import Role

GOOD: list[tuple[f.Check, Any]] = [
    (f.ID_FIELD, "x"),
    (f.ID_FIELD, "я" * 64),
    (f.PERSON, "Brave_Вася"),
    (f.PERSON, "n" * 64),
    (f.ROOM, "general"),
    (f.MESSAGE, "x" * 4096),
    (f.MESSAGE, "ж" * 2048),
    (f.MESSAGE, "a\n\nb"),
    (f.NEW_PASSWORD, ""),
    (f.NEW_PASSWORD, "ж" * 512),
    (f.ANY_PASSWORD, ""),
    (f.SESSION, "x" * 256),
    (f.TOPIC_LINE, ""),
    (f.TOPIC_LINE, "н" * 390),
    (f.REASON_LINE, "н" * 200),
    (f.CURSOR_FIELD, ""),
    (f.WORDS, "q" * 256),
    (f.FLAG, True),
    (f.NUMBER, 0),
    (f.NUMBER, 2**63 - 1),
    (f.LIMIT, 1),
    (f.LIMIT, 100),
    (f.SECONDS, 0.5),
    (f.SECONDS, 3600),
    (f.ROLE, "owner"),
]
BAD: list[tuple[f.Check, Any, str]] = [
    (f.ID_FIELD, "", "bad_frame"),
    (f.ID_FIELD, "x" * 65, "bad_frame"),
    (f.ID_FIELD, "a\nb", "bad_frame"),
    (f.ID_FIELD, "a\u202eb", "bad_frame"),
    (f.PERSON, "", "bad_name"),
    (f.PERSON, " \t", "bad_name"),
    (f.PERSON, "n" * 65, "bad_name"),
    (f.ROOM, " ", "bad_name"),
    (f.MESSAGE, "", "empty"),
    (f.MESSAGE, " \n\u3000", "empty"),
    (f.MESSAGE, "x" * 4097, "too_long"),
    (f.MESSAGE, "ж" * 2049, "too_long"),
    (f.NEW_PASSWORD, "x" * 1025, "bad_password"),
    (f.NEW_PASSWORD, "ж" * 513, "bad_password"),
    (f.ANY_PASSWORD, "x" * 1025, "wrong_password"),
    (f.SESSION, "", "wrong_password"),
    (f.SESSION, "x" * 257, "wrong_password"),
    (f.TOPIC_LINE, "x" * 391, "too_long"),
    (f.TOPIC_LINE, "two\nlines", "bad_frame"),
    (f.TOPIC_LINE, "\x7f", "bad_frame"),
    (f.REASON_LINE, "x" * 201, "too_long"),
    (f.CURSOR_FIELD, "x" * 513, "bad_frame"),
    (f.WORDS, "", "empty"),
    (f.WORDS, "q" * 257, "too_long"),
    (f.FLAG, 1, "bad_frame"),
    (f.FLAG, "true", "bad_frame"),
    (f.NUMBER, -1, "bad_frame"),
    (f.NUMBER, True, "bad_frame"),
    (f.NUMBER, 1.0, "bad_frame"),
    (f.NUMBER, 2**63, "bad_frame"),
    (f.LIMIT, 0, "bad_frame"),
    (f.LIMIT, 101, "bad_frame"),
    (f.SECONDS, 0, "bad_frame"),
    (f.SECONDS, True, "bad_frame"),
    (f.SECONDS, 1e12, "bad_frame"),
    (f.SECONDS, "60", "bad_frame"),
    (f.ROLE, "stranger", "bad_frame"),
    (f.ROLE, ["owner"], "bad_frame"),
    (f.WORD_LIST, "acks", "bad_frame"),
    (f.WORD_LIST, [1], "bad_frame"),
    (f.WORD_LIST, ["x"] * 33, "bad_frame"),
]
TEXTUAL = (
    f.ID_FIELD,
    f.PERSON,
    f.ROOM,
    f.MESSAGE,
    f.NEW_PASSWORD,
    f.ANY_PASSWORD,
    f.SESSION,
    f.TOPIC_LINE,
    f.CURSOR_FIELD,
    f.WORDS,
)


@pytest.mark.parametrize(("check", "value"), GOOD)
def test_taken(check: f.Check, value: Any) -> None:
    assert check.read(value) == value


@pytest.mark.parametrize(("check", "value", "code"), BAD)
def test_refused(check: f.Check, value: Any, code: str) -> None:
    with pytest.raises(f.Unfit) as refused:
        check.read(value)
    assert refused.value.code == code


@pytest.mark.parametrize("check", TEXTUAL)
@pytest.mark.parametrize("value", [0, True, 1.5, [], ["x"], {}])
def test_text_is_text(check: f.Check, value: Any) -> None:
    with pytest.raises(f.Unfit):
        check.read(value)


def test_features_of_a_later_version_are_left_out() -> None:
    assert f.WORD_LIST.read(["holograms", "rooms", "acks", "acks"]) == ("acks", "rooms")


def test_roles_are_those_of_the_rights() -> None:
    for role in Role:
        if role is not Role.STRANGER:
            assert f.ROLE.read(role.word) == role.word


def test_the_hub_takes_what_is_no_longer_than_here() -> None:
    assert (f.NAME, f.TOPIC, f.REASON) == (titles.NAME, titles.TOPIC, titles.REASON)
    assert titles.LONGEST >= f.LONGEST
