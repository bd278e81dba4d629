"""A line of JSON as a message: where it goes and what it must hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.cli.rift_modes import destination
from minechat.cli.rift_post import Outgoing, _object, outgoing
from minechat.cli.rift_words import RiftWords
from minechat.cli.settings import parse
from minechat.errors import EmptyMessage, InvalidInput, MessageTooLong

WORDS = RiftWords("en")


@pytest.mark.parametrize(
    ("line", "place", "text"),
    [
        ('{"text": "a"}', "general", "a"),
        ('{"text": "a", "room": "tech"}', "tech", "a"),
        ('{"text": "a", "room": "@Eva"}', "@Eva", "a"),
        ('{"text": "a", "to": "Eva"}', "@Eva", "a"),
        ('{"text": "a", "to": "@Eva", "v": 1}', "@Eva", "a"),
        ('{"v": 1, "time": null, "room": "tech", "seq": 3, "nick": "Eva", "text": "a\\nb"}', "tech", "a\nb"),
    ],
)
def test_an_object_is_a_message(line: str, place: str, text: str) -> None:
    assert _object(line, "general", WORDS) == Outgoing(place, text)


@pytest.mark.parametrize(
    "line",
    [
        *(
            "",
            "a",
            "3",
            "[]",
            "null",
            "{}",
            '{"text": 1}',
            '{"text": "a", "to": 1}',
            '{"text": "a"',
            "[" * 9999,
        ),
        *('{"text": "a", "text": "b"}', '{"text": "a", "to": "x", "to": "y"}', '{"text": "a", "x": NaN}'),
    ],
)
def test_anything_else_is_none(line: str) -> None:
    with pytest.raises(InvalidInput, match="not a JSON object"):
        _object(line, "general", WORDS)


@given(line=st.text() | st.dictionaries(st.sampled_from(["text", "room", "to"]), st.text()).map(json.dumps))
def test_any_line_is_a_message_or_a_clear_error(line: str) -> None:
    try:
        message = _object(line, "general", WORDS)
    except InvalidInput as error:
        assert str(error)
    else:
        assert message.text


def test_what_no_server_takes_is_found_before_it_is_sent() -> None:
    with pytest.raises(EmptyMessage):
        outgoing("general", " \n", WORDS)
    with pytest.raises(MessageTooLong):
        outgoing("@Eva", "x" * 4097, WORDS)
    with pytest.raises(InvalidInput):
        outgoing("general", "\ud800", WORDS)


def test_where_messages_go() -> None:
    assert destination(parse("rift", [], {}, [])) == "general"
    assert destination(parse("rift", ["--room", "tech"], {}, [])) == "tech"
    assert destination(parse("rift", ["--room", "tech", "--to", "@Eva"], {}, [])) == "@Eva"
