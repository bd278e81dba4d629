"""Commands by name: all that a session may order, and nothing that a server would not take."""

from dataclasses import MISSING, fields

import pytest

from minechat.client.rift_orders import NAMES, checked, order
from minechat.errors import EmptyMessage, InvalidInput, MessageTooLong
from minechat.protocol.rift import commands as c
from minechat.protocol.rift.command_table import BY_WORD

VALUES = {
    "room": "cats",
    "username": "Eva",
    "topic": "purring",
    "role": "member",
    "query": "x",
    "new": "secret",
}


@pytest.mark.parametrize("name", sorted(NAMES))
def test_every_order_can_be_given(name: str) -> None:
    kind = BY_WORD[name].command
    needed = {one.name: VALUES[one.name] for one in fields(kind) if one.default is MISSING}
    if name == "get_history":
        needed["room"] = "cats"
    assert isinstance(order(name, needed), kind)


def test_coming_in_and_saying_are_no_orders() -> None:
    assert {"auth", "register", "room_message", "private_message"} == set(BY_WORD) - NAMES


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (c.RoomMessage(text=""), EmptyMessage),
        (c.RoomMessage(text="\n \t"), EmptyMessage),
        (c.RoomMessage(text="x" * 4097), MessageTooLong),
        (c.RoomMessage(text="я" * 2049), MessageTooLong),
        (c.RoomMessage(text="\0"), InvalidInput),
        (c.RoomMessage(text="\udc80"), InvalidInput),
        (c.PrivateMessage(to="", text="x"), InvalidInput),
        (c.PrivateMessage(to="x" * 65, text="x"), InvalidInput),
    ],
)
def test_what_no_server_takes_never_leaves(command: c.Command, kind: type[Exception]) -> None:
    with pytest.raises(kind) as caught:
        checked(command)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (c.RoomMessage(text="я" * 2100), "the message is 4200 bytes long; 4096 fit in one"),
        (c.PrivateMessage(to="Eva", text="x" * 9000), "the message is 9000 bytes long; 4096 fit in one"),
        (c.RoomMessage(text=" "), "the message is empty"),
        (c.PrivateMessage(to="", text="x"), "to is empty"),
        (c.RoomMessage(text="a\0b"), "U+0000 or half a surrogate pair is not text"),
        (c.RoomMessage(text="a\ud800b"), "U+0000 or half a surrogate pair is not text"),
    ],
)
def test_who_says_something_reads_no_name_of_a_command(command: c.Command, words: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        checked(command)
    assert str(caught.value) == words


def test_a_text_at_the_limit_leaves_as_it_is() -> None:
    for text in ("x" * 4096, "я" * 2048, "a\nb\n\nc", "\x1b[31m"):
        command = c.RoomMessage(text=text)
        assert checked(command) is command
