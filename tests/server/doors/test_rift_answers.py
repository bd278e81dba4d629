"""What the hub says in the words of RIFT: names, ends that never come, and codes of the closed set."""

import json
import math
from typing import Any

import pytest

from minechat.errors import (
    EmptyMessage,
    InvalidInput,
    MessageTooLong,
    NotStored,
    Refused,
    WrongPassword,
)
from minechat.events import Said
from minechat.protocol.rift.frames import parse_reply
from minechat.protocol.rift.replies import NewMessage, Presence, PrivateMessageArrived, RoomEvent
from minechat.server import happenings as h
from minechat.server import views as v
from minechat.server.doors import rift_answers as answers
from minechat.server.doors.frames import text_frame
from minechat.server.rights import Role

CASES: list[tuple[answers.Failure, str, float | None]] = [
    (Refused("taken", code="taken"), "taken", None),
    (Refused("slow down", 2.01, code="too_fast"), "too_fast", 2.1),
    (Refused("too many new accounts", 30), "too_fast", 30),
    (Refused("no"), "not_allowed", None),
    (Refused("you are banned", 60, code="banned"), "banned", 60),
    (WrongPassword("no"), "wrong_password", None),
    (NotStored("no"), "not_stored", answers.DISK),
    (EmptyMessage("no"), "empty", None),
    (MessageTooLong("no"), "too_long", None),
    (InvalidInput("no"), "bad_frame", None),
]


@pytest.mark.parametrize(("failure", "code", "wait"), CASES)
def test_every_failure_has_a_word_and_a_wait(failure: answers.Failure, code: str, wait: float | None) -> None:
    assert (answers.code_of(failure), answers.wait_of(failure)) == (code, wait)


def test_what_is_said_in_a_room_is_one_frame_for_all() -> None:
    said = Said("Brave Вася", "hi\nthere", "tech", 7, 12.5, "k")
    frame = answers.heard(said)
    payload = {
        "username": "Brave_Вася",
        "text": "hi\nthere",
        "room": "tech",
        "seq": 7,
        "time": 12.5,
        "id": "k",
    }
    data = json.dumps({"type": "new_message", "payload": payload})
    assert parse_reply(frame[frame.index(b"{") :]) == parse_reply(data)
    assert frame == text_frame(frame[frame.index(b"{") :])


def test_who_does_not_know_of_rooms_hears_what_is_said_there() -> None:
    said, joined = Said("ann", "hi", "tea"), h.RoomHappening("tea", "joined", "ann")
    assert answers.heard_without_rooms(said) == answers.heard(said)
    assert answers.heard_without_rooms(joined) == b""
    assert parse_reply(answers.heard(joined)[2:]) == RoomEvent(room="tea", event="joined", username="ann")


def test_characters_speak_without_a_number() -> None:
    frame = answers.heard(Said("Vlad", "hi"))
    assert parse_reply(frame[frame.index(b"{") :]) == NewMessage(
        username="Vlad", text="hi", room="general", seq=None, time=0.0
    )


EVENTS: list[tuple[h.Happening, Any]] = [
    (
        h.WhisperArrived("Brave Вася", "psst", 3, 4.5, "k"),
        PrivateMessageArrived(id="k", sender="Brave_Вася", text="psst", seq=3, time=4.5),
    ),
    (h.PresenceChanged(("a b",), ("c",)), Presence(online=("a_b",), offline=("c",))),
    (
        h.RoomHappening("tea", "muted", "a b", "c d", "noise", 9.5),
        RoomEvent(room="tea", event="muted", username="a_b", by="c_d", reason="noise", until=9.5),
    ),
    (h.RoomHappening("tea", "topic", topic="green"), RoomEvent(room="tea", event="topic", topic="green")),
]


@pytest.mark.parametrize(("event", "reply"), EVENTS)
def test_what_a_member_is_told(event: h.Happening, reply: Any) -> None:
    assert parse_reply(answers.told(event)) == reply
    assert answers.told(event) is answers.told(event), "the same event is encoded once for all"


def test_a_mute_for_ever_has_no_end() -> None:
    views = tuple(v.MemberView("a b", Role.MEMBER, True, until) for until in (None, 5.0, math.inf))
    page = answers.members("1", v.MembersPage("tea", views, None))
    assert [(one.muted, one.muted_until) for one in page.members] == [
        (False, None),
        (True, 5.0),
        (True, None),
    ]
    assert page.members[0].username == "a_b"


def test_a_page_of_history_is_told_as_it_is() -> None:
    lines = (v.Line("a b", "hi", 1, 2.5, peer="c d", key="k"), v.Line("c d", "ho", 2, 3.5, peer="c d"))
    page = answers.history("1", v.HistoryPage(None, "c d", lines, True))
    assert (page.room, page.user, page.more) == (None, "c_d", True)
    assert [(one.username, one.user, one.id) for one in page.messages] == [
        ("a_b", "c_d", "k"),
        ("c_d", "c_d", None),
    ]
