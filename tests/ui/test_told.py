"""Answers and happenings in words: every reply of the talk has lines, in both languages."""

import string

import pytest

from minechat.client.session import Happened
from minechat.protocol.rift import replies as r
from minechat.ui import told

INFO = r.RoomInfo(room="tech", topic="on code", invite_only=True, members=3, role="owner", last=7)
ENTRY = r.Entry(username="Eva", text="old cats", seq=1, time=0.0, room="tech")


@pytest.mark.parametrize(
    ("reply", "lines"),
    [
        (r.Done(), ["done"]),
        (r.OnlineUsers(users=("Eva", "Vasya")), ["2 online: Eva, Vasya"]),
        (
            r.OnlineUsers(users=("Eva", "Vasya"), after="Vasya"),
            ["2 online: Eva, Vasya", "there is more: /users Vasya"],
        ),
        (r.RoomList(rooms=()), ["no rooms"]),
        (
            r.RoomList(rooms=(INFO,), after="tech"),
            ["tech (by invitation): on code [owner], 3 in it", "there is more: /rooms tech"],
        ),
        (r.Room(info=INFO), ["you are in tech: on code"]),
        (
            r.Members(
                room="tech",
                members=(
                    r.Member(username="Eva", role="owner", online=True),
                    r.Member(username="Vlad", role="member", online=False, muted=True),
                    r.Member(username="Max", role="member", online=False, muted=True, muted_until=0.0),
                ),
            ),
            [
                "Eva [owner], online",
                "Vlad [member], muted",
                f"Max [member], muted until {told.moment(0.0)}",
            ],
        ),
        (r.Conversations(conversations=()), ["no conversations yet"]),
        (r.Found(messages=()), ["nothing found"]),
        (r.Audit(room="tech", entries=(), more=False), ["nothing was done here yet"]),
        (r.Token(token="t"), ["your token for authorization.py: t"]),
    ],
)
def test_a_reply_in_words(reply: r.Reply, lines: list[str]) -> None:
    assert told.describe(reply) == lines
    russian = told.describe(reply, "ru")
    assert len(russian) == len(lines)


def test_what_was_found_says_when_where_and_who() -> None:
    [line] = told.describe(r.Found(messages=(ENTRY,)))
    assert line == f"[{told.moment(0.0)}] tech Eva: old cats"
    private = r.Entry(username="Eva", text="hi", seq=1, time=0.0, user="Eva")
    assert "] @Eva Eva: hi" in told.describe(r.Found(messages=(private,), before="x"))[0]


def test_an_audit_says_who_did_what_and_how_to_go_on() -> None:
    deed = r.AuditEntry(number=4, time=0.0, what="kick", username="Vasya", by="Eva", detail="loud")
    lines = told.describe(r.Audit(room="tech", entries=(deed,), more=True))
    assert lines == [f"[{told.moment(0.0)}] Eva: kick Vasya loud", "there is more: /audit 4"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Happened(place="tech", event="joined", nick="Eva"), "Eva joined"),
        (Happened(place="tech", event="kicked", nick="Vasya", by="Eva"), "Vasya was sent out by Eva"),
        (
            Happened(place="tech", event="muted", nick="Vasya", by="Eva", reason="loud", until=0.0),
            f"Vasya was muted until {told.moment(0.0)} by Eva: loud",
        ),
        (
            Happened(place="tech", event="topic", by="Eva", detail="on code"),
            "the topic is now: on code by Eva",
        ),
        (Happened(place="tech", event="topic"), "there is no topic any more"),
        (Happened(place="tech", event="role", nick="Eva", detail="owner"), "Eva is now owner"),
        (Happened(place="tech", event="done", nick="Eva"), "done Eva"),
        (Happened(place="tech", event="new-thing", nick="Eva", detail="x"), "new-thing Eva x"),
    ],
)
def test_what_happened_in_words(event: Happened, line: str) -> None:
    assert told.happened(event) == line
    assert told.happened(event, "ru")


def test_both_languages_say_the_same_things() -> None:
    def blanks(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    english, russian = told._ENGLISH, told._RUSSIAN
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(russian[key]), key


@pytest.mark.parametrize("time", [float("inf"), 1e300, -1e300, float("nan")])
def test_a_time_that_no_clock_shows_is_a_number(time: float) -> None:
    assert told.moment(time)


def test_braces_of_strangers_stay_braces() -> None:
    event = Happened(place="{place}", event="kicked", nick="{nick.__class__}", by="{by}", reason="{0}")
    assert told.happened(event) == "{nick.__class__} was sent out by {by}: {0}"
