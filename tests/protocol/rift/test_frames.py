"""Frames there and back; what a client of RIFT 0.9 sends and must be sent; anything else is one error."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import BadFrame
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import BY_WORD
from minechat.protocol.rift.frames import encode, encode_command, parse, parse_reply, shown
from minechat.protocol.rift.shape import Unknown
from tests.protocol.rift.frames_of import commands, replies


@given(commands())
def test_a_command_is_what_was_sent(command: c.Command) -> None:
    data = encode_command(command)
    assert parse(data) == parse(data.decode()) == command


@given(replies())
def test_a_reply_is_what_was_sent(reply: r.Reply) -> None:
    assert parse_reply(encode(reply)) == reply


#: Payloads that are nearly right.
NEARLY = st.dictionaries(
    st.sampled_from(
        ["id", "room", "text", "username", "password", "to", "limit", "after", "before", "features"]
    ),
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=80),
        st.lists(st.text(), max_size=3),
    ),
)


@given(st.one_of(st.sampled_from(sorted(BY_WORD)), st.text()), NEARLY)
def test_a_frame_is_a_command_or_one_error(word: str, payload: dict[str, Any]) -> None:
    try:
        command = parse(json.dumps({"type": word, "payload": payload}))
    except BadFrame as reason:
        assert reason.code in CODES and str(reason)
        assert reason.request in (None, payload.get("id"))
    else:
        assert isinstance(command, BY_WORD[word].command)


@given(st.one_of(st.binary(), st.text()))
def test_any_bytes_are_a_frame_or_one_error(data: bytes | str) -> None:
    for read in (parse, parse_reply):
        try:
            read(data)
        except BadFrame as reason:
            assert reason.code in CODES


# As RIFT 0.9 speaks.


OLD_COMMANDS: list[tuple[dict[str, Any], c.Command]] = [
    (
        {"type": "register", "payload": {"username": "ann", "password": "secret"}},
        c.Register(username="ann", password="secret"),
    ),
    (
        {"type": "auth", "payload": {"username": "ann", "password": "secret"}},
        c.Auth(username="ann", password="secret"),
    ),
    ({"type": "room_message", "payload": {"room": "general", "text": "hi"}}, c.RoomMessage(text="hi")),
    (
        {"type": "private_message", "payload": {"to": "bob", "text": "psst"}},
        c.PrivateMessage(to="bob", text="psst"),
    ),
    ({"type": "get_online_users", "payload": {}}, c.GetOnlineUsers()),
    ({"type": "get_online_users"}, c.GetOnlineUsers()),
    ({"type": "get_online_users", "payload": {"after": "ann"}}, c.GetOnlineUsers(after="ann")),
]


@pytest.mark.parametrize(("frame", "command"), OLD_COMMANDS)
def test_frames_of_an_old_client_are_commands(frame: dict[str, Any], command: c.Command) -> None:
    assert parse(json.dumps(frame)) == command


OLD_REPLIES: list[tuple[r.Reply, dict[str, Any]]] = [
    (r.RegisterSuccess(message="welcome"), {"type": "register_success", "payload": {"message": "welcome"}}),
    (r.AuthSuccess(), {"type": "auth_success"}),
    (
        r.AuthFail(error="no", code="wrong_password"),
        {"type": "auth_fail", "payload": {"error": "no", "code": "wrong_password"}},
    ),
    (
        r.PrivateMessageArrived(sender="ann", text="psst", seq=1, time=2.5),
        {
            "type": "private_message",
            "payload": {"from": "ann", "text": "psst", "is_private": True, "seq": 1, "time": 2.5},
        },
    ),
    (
        r.OnlineUsers(users=("ann",), after="ann"),
        {"type": "online_users", "payload": {"users": ["ann"], "after": "ann"}},
    ),
    (r.OnlineUsers(users=("ann", "bob")), {"type": "online_users", "payload": {"users": ["ann", "bob"]}}),
]


@pytest.mark.parametrize(("reply", "frame"), OLD_REPLIES)
def test_an_old_client_gets_its_frames(reply: r.Reply, frame: dict[str, Any]) -> None:
    assert json.loads(encode(reply)) == frame


@pytest.mark.parametrize(
    ("frame", "reply"),
    [
        (
            {"type": "new_message", "payload": {"username": "ann", "text": "hi"}},
            r.NewMessage(username="ann", text="hi", room="general", seq=None, time=0.0),
        ),
        ({"type": "error", "payload": {"error": "no"}}, r.Error(error="no", code="refused")),
        (
            {"type": "private_message", "payload": {"from": "ann", "text": "hi", "is_private": True}},
            r.PrivateMessageArrived(sender="ann", text="hi", seq=0, time=0.0),
        ),
        ({"type": "auth_success"}, r.AuthSuccess()),
    ],
)
def test_frames_of_an_old_server_are_replies(frame: dict[str, Any], reply: r.Reply) -> None:
    assert parse_reply(json.dumps(frame)) == reply


# What is refused.


def frame(word: str, **payload: Any) -> str:
    return json.dumps({"type": word, "payload": payload})


@pytest.mark.parametrize(
    ("data", "code", "told"),
    [
        ("{}", "bad_frame", "no type"),
        ('{"type": 1}', "bad_frame", "no type"),
        ('{"type": "get_token", "payload": null}', "bad_frame", "payload"),
        ('{"type": "get_token", "payload": []}', "bad_frame", "payload"),
        ('{"type": "get_token", "admin": true}', "bad_frame", "more than"),
        (frame("fly"), "unknown_command", "no such command"),
        (frame("room_message"), "bad_frame", "text is missing"),
        (frame("room_message", text=None), "bad_frame", "text is missing"),
        (frame("room_message", text=1), "bad_frame", "text must be text"),
        (frame("room_message", text=" "), "empty", "text is empty"),
        (frame("room_message", text="x" * 5000), "too_long", "text is longer than 4096 bytes"),
        (frame("room_message", text="x", room=""), "bad_name", "room is empty"),
        (frame("auth"), "bad_frame", "auth needs"),
        (frame("auth", username="ann"), "bad_frame", "auth needs"),
        (frame("auth", password="x"), "bad_frame", "auth needs"),
        (frame("auth", username="ann", password="x", token="y"), "bad_frame", "auth needs"),
        (frame("auth", session="x", token="y"), "bad_frame", "auth needs"),
        (frame("get_history"), "bad_frame", "either"),
        (frame("get_history", room="a", user="b"), "bad_frame", "either"),
        (frame("get_history", room="a", after=1, before=2), "bad_frame", "exclude"),
        (frame("get_history", room="a", limit=1000), "bad_frame", "limit must"),
        (frame("search", query="x", room="a", user="b"), "bad_frame", "exclude"),
        (frame("set_role", room="a", username="b", role="god"), "bad_frame", "role must"),
    ],
)
def test_what_is_no_command_and_why(data: str, code: str, told: str) -> None:
    with pytest.raises(BadFrame, match=told) as refused:
        parse(data)
    assert refused.value.code == code


def test_the_refusal_bears_the_id_and_the_type_where_they_can_be_read() -> None:
    for data, request, to in [
        (frame("room_message", id="7"), "7", "room_message"),
        (frame("room_message", id=7), None, "room_message"),
        (frame("fly", id="7"), "7", ""),
        (json.dumps({"type": "get_token", "payload": {"id": "7"}, "x": 0}), "7", ""),
        ('{"type": "get_token", "payload": {"id": "7", "id": "7"}}', None, ""),
    ]:
        with pytest.raises(BadFrame) as refused:
            parse(data)
        assert (refused.value.request, refused.value.to) == (request, to)


def test_other_keys_of_a_payload_are_ignored() -> None:
    data = frame("room_message", text="hi", role="owner", is_admin=True, nested={"a": [1]})
    assert parse(data) == c.RoomMessage(text="hi")


def test_a_reply_of_an_unknown_type_is_given_as_it_came() -> None:
    data = frame("hologram", id="7", size=3)
    assert parse_reply(data) == Unknown(word="hologram", payload={"id": "7", "size": 3}, id="7")


def test_a_reply_with_other_fields_is_refused() -> None:
    with pytest.raises(BadFrame, match="new_message: text: int in place of str"):
        parse_reply(frame("new_message", username="ann", text=1))


def test_half_a_surrogate_pair_reaches_nobody() -> None:
    assert b"?" in encode(r.OnlineUsers(users=("\ud800",)))


def test_no_password_and_no_token_is_in_what_a_log_would_show() -> None:
    for value in (
        c.Register(username="ann", password="hidden"),
        c.Auth(username="ann", password="hidden", session="hidden", token="hidden"),
        c.ChangePassword(new="hidden", old="hidden"),
        r.Token(token="hidden"),
        r.AuthSuccess(session="hidden"),
    ):
        assert "hidden" not in repr(value)


def test_names_are_shown_without_blanks() -> None:
    assert [shown(name) for name in ("Brave Вася", "Hopeful ", "ann")] == ["Brave_Вася", "Hopeful_", "ann"]
