"""What a server keeps of oneself is told in sentences, whatever a server makes of it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.own_data import entry_text


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (
            {"kind": "account", "username": "carl", "time": 7.449, "password": True},
            "[07] you registered as carl; a password is set",
        ),
        (
            {"kind": "account", "username": "carl", "time": 7.0, "password": False},
            "[07] you registered as carl; no password is set",
        ),
        ({"kind": "session", "time": 7.0}, "[07] you logged in, and that session is remembered"),
        ({"kind": "membership", "room": "tea", "role": "owner", "time": 7.0}, "[07] you are in tea as owner"),
        ({"kind": "room_made", "room": "tea"}, "you made the room tea"),
        (
            {
                "kind": "sanction",
                "room": "tea",
                "what": "mute",
                "until": 9.0,
                "reason": "noise",
                "by": "Eva",
                "time": 7.0,
            },
            "[07] you were muted in tea by Eva, until 09: noise",
        ),
        (
            {
                "kind": "sanction",
                "room": "",
                "what": "ban",
                "until": None,
                "reason": "",
                "by": "",
                "time": 7.0,
            },
            "[07] you were banned from the server, for ever",
        ),
        ({"kind": "invitation", "room": "tea", "by": "Eva", "time": 7.0}, "[07] Eva invited you to tea"),
        ({"kind": "block", "username": "Eva", "time": 7.0}, "[07] you blocked Eva"),
        (
            {"kind": "message", "room": "tea", "number": 3, "time": 7.0, "text": "a\nb"},
            "[07] you said in tea: a␊b",
        ),
        (
            {
                "kind": "private_message",
                "from": "Eva",
                "to": "carl",
                "number": 3,
                "time": 7.0,
                "text": "\x1b[2J",
            },
            "[07] Eva said to carl: ␛[2J",
        ),
        (
            {
                "kind": "deed",
                "time": 7.0,
                "what": "kick",
                "username": "Eva",
                "detail": "noise",
                "room": "tea",
                "by": "carl",
            },
            "[07] on record: kick Eva, by carl, in tea: noise",
        ),
        (
            {
                "kind": "deed",
                "time": 7.0,
                "what": "token",
                "username": "carl",
                "detail": "",
                "room": "",
                "by": "",
            },
            "[07] on record: token carl, by the server's owner",
        ),
        ({"kind": "badge", "of": "gold", "time": 7.0}, "[07] badge: of gold"),
        ({"kind": "membership", "room": "tea", "role": 3}, "membership: room tea, role 3"),
        ({}, "None: "),
    ],
)
def test_each_kind_has_its_sentence(entry: dict[str, Any], sentence: str) -> None:
    assert entry_text(entry, "%S") == sentence


KINDS = st.sampled_from(
    ("account", "session", "membership", "sanction", "message", "private_message", "deed", "of tomorrow")
)
NAMES = st.sampled_from(("room", "role", "time", "until", "text", "by", "username", "what", "reason", "from"))
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text(), max_size=2)


@given(kind=KINDS, rest=st.dictionaries(NAMES, VALUES))
def test_whatever_is_in_an_entry_it_is_one_line(kind: str, rest: dict[str, Any]) -> None:
    line = entry_text({"kind": kind} | rest)
    assert len(line.splitlines()) == 1
    assert "\x1b" not in line
