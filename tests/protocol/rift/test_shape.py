"""Values by the types of their fields: what else stands there is refused, what is missing has its default."""

from typing import Any

import pytest

from minechat.protocol.rift.replies import Entry, History, PrivateMessageArrived, Room, RoomInfo
from minechat.protocol.rift.shape import from_json, to_json

ENTRY = {"username": "Eva", "text": "hi", "seq": 1, "time": 2}


def test_nested_values_are_read() -> None:
    history = from_json(History, {"room": "tech", "messages": [ENTRY], "more": False, "new": 0})
    entry = Entry(username="Eva", text="hi", seq=1, time=2.0)
    assert history == History(room="tech", messages=(entry,), more=False)
    assert to_json(history) == {"room": "tech", "messages": [ENTRY], "more": False}


def test_the_sender_is_from_on_the_wire() -> None:
    arrived = PrivateMessageArrived(sender="Eva", text="hi", seq=1, time=2.0)
    assert to_json(arrived)["from"] == "Eva"
    assert from_json(PrivateMessageArrived, to_json(arrived)) == arrived


def test_none_is_left_out_and_comes_back() -> None:
    info = RoomInfo(room="tech", topic="", invite_only=False, members=None, role=None, last=0)
    assert to_json(Room(info=info)) == {
        "info": {"room": "tech", "topic": "", "invite_only": False, "last": 0}
    }
    assert from_json(Room, to_json(Room(info=info))) == Room(info=info)


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ({"messages": [], "more": 1}, "more: int in place of bool"),
        ({"messages": [], "more": None}, "more: NoneType in place of bool"),
        ({"more": True}, "messages: NoneType in place of list"),
        ({"messages": {}, "more": True}, "messages: dict in place of list"),
        ({"messages": [1], "more": True}, "messages: int in place of dict"),
        ({"messages": [{**ENTRY, "seq": True}], "more": True}, "messages: seq: bool in place of int"),
        ({"messages": [{**ENTRY, "time": "now"}], "more": True}, "messages: time: str in place of float"),
    ],
)
def test_other_types_are_refused(payload: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        from_json(History, payload)
