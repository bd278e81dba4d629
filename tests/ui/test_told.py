"""Answers and happenings in words: every reply of the talk has lines, in both languages."""

import string

import pytest

from minechat.client.session import Happened
from minechat.errors import Refused
from minechat.protocol.rift import replies as r
from minechat.ui import told
from minechat.ui.phrases import ENGLISH, RUSSIAN

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
    assert lines == [f"[{told.moment(0.0)}] Eva: sent Vasya out: loud", "there is more: /audit 4"]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Happened(place="tech", event="joined", nick="Eva"), "Eva joined"),
        (
            Happened(place="general", event="lines_skipped", detail="3"),
            "lines left out, as they were too long: 3",
        ),
        (Happened(place="tech", event="kicked", nick="Vasya", by="Eva"), "Vasya was sent out by Eva"),
        (
            Happened(place="tech", event="muted", nick="Vasya", by="Eva", reason="loud", until=0.0),
            f"Vasya was muted until {told.moment(0.0)} by Eva: loud",
        ),
        (
            Happened(place="tech", event="topic", by="Eva", detail="on code"),
            "the topic was set by Eva: on code",
        ),
        (Happened(place="tech", event="topic"), "the topic was taken away"),
        (
            Happened(place="tech", event="role", nick="Eva", by="Max", detail="owner"),
            "Eva was made owner by Max",
        ),
        (Happened(place="tech", event="unbanned", nick="Max", by="Eva"), "Max was unbanned by Eva"),
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

    english, russian = ENGLISH, RUSSIAN
    assert english.keys() == russian.keys()
    for key, text in english.items():
        assert blanks(text) == blanks(russian[key]), key


@pytest.mark.parametrize("time", [float("inf"), 1e300, -1e300, float("nan")])
def test_a_time_that_no_clock_shows_is_a_number(time: float) -> None:
    assert told.moment(time)


def test_braces_of_strangers_stay_braces() -> None:
    event = Happened(place="{place}", event="kicked", nick="{nick.__class__}", by="{by}", reason="{0}")
    assert told.happened(event) == "{nick.__class__} was sent out by {by}: {0}"


UNTIL = told.moment(1_795_378_048.0)


@pytest.mark.parametrize(
    ("what", "name", "detail", "english", "russian"),
    [
        ("ban", "Boris", "until 2026-11-22T20:07:28Z", f"banned Boris until {UNTIL}", f"вход до {UNTIL}"),
        (
            "mute",
            "Boris",
            "until 2026-11-22T20:07:28Z: too: loud",
            f"muted Boris until {UNTIL}: too: loud",
            f"писать до {UNTIL}: too: loud",
        ),
        ("mute", "Boris", "for ever: loud", "muted Boris for ever: loud", "писать навсегда: loud"),
        ("ban", "Boris", "until tomorrow", "banned Boris: until tomorrow", "вход: until tomorrow"),
        ("unban", "Boris", "", "let Boris in again", "участнику Boris снова можно входить"),
        ("role", "Boris", "moderator", "made Boris moderator", "роль участника Boris: модератор"),
        ("role", "", "owner", "became owner", "новая роль: владелец"),
        ("role", "Boris", "root: king", "made Boris root: king", "роль участника Boris: root: king"),
        ("create", "", "public", "made the room", "комната создана"),
        ("create", "", "invite", "made the room, by invitation", "вход по приглашению"),
        ("topic", "", "cats", "set the topic: cats", "тема: cats"),
        ("topic", "", "", "took the topic away", "тема убрана"),
        ("paint", "", "red", "paint red", "paint red"),
        ("{by}", "{0}", "{name}", "{by} {0} {name}", "{by} {0} {name}"),
    ],
)
def test_every_deed_is_a_sentence(what: str, name: str, detail: str, english: str, russian: str) -> None:
    deed = r.AuditEntry(number=4, time=0.0, what=what, username=name, by="Anna", detail=detail)
    audit = r.Audit(room="tech", entries=(deed,), more=False)
    assert told.describe(audit) == [f"[{told.moment(0.0)}] Anna: {english}"]
    assert told.describe(audit, "ru")[0].endswith(russian)


def test_roles_are_words_of_the_language() -> None:
    member = r.Member(username="Eva", role="owner", online=True)
    king = r.Member(username="Max", role="king", online=False)
    lines = told.describe(r.Members(room="tech", members=(member, king)), "ru")
    assert lines == ["Eva [владелец], в сети", "Max [king]"]
    assert "[владелец]" in told.describe(r.RoomList(rooms=(INFO,)), "ru")[0]
    role = Happened(place="tech", event="role", nick="Eva", detail="member")
    assert told.happened(role, "ru") == "Eva теперь участник"


@pytest.mark.parametrize(
    ("event", "english", "russian"),
    [
        ("invited", "Anna invites you to books: /join books", "Anna приглашает вас в books: /join books"),
        ("kicked", "you were sent out of books by Anna: loud", "вас выставили из books (Anna): loud"),
        ("banned", "you were banned from books by Anna: loud", "вам запрещён вход в books (Anna): loud"),
        ("muted", "you were muted by Anna: loud", "вам запрещено писать (Anna): loud"),
        ("unbanned", "you were unbanned from books by Anna", "вам снова можно входить в books (Anna)"),
        ("unmuted", "you were unmuted by Anna", "вы снова можете писать (Anna)"),
        ("joined", "you joined books", "вы вступили в books"),
        ("left", "you left books", "вы вышли из books"),
    ],
)
def test_what_happens_to_oneself_is_told_in_the_second_person(event: str, english: str, russian: str) -> None:
    by = None if event in ("joined", "left") else "Anna"
    reason = "" if event.startswith("un") else "loud"
    told_of = Happened(place="books", event=event, nick="Big_Boris", by=by, reason=reason)
    assert told.happened(told_of, "en", "big boris") == english
    assert told.happened(told_of, "ru", "big boris") == russian
    assert "Big_Boris" in told.happened(told_of, "en", "Vasya")


def test_who_is_muted_is_told_until_when_where_that_is_known() -> None:
    assert told.refusal(Refused("you are muted", code="muted")) == "you are muted"
    assert told.refusal(Refused("too fast", 4.2, "too_fast")) == "too fast; try again in 5 s"
    assert told.refusal(Refused("too fast", 1e300, "too_fast")) == "too fast; try again in 1000000000 s"
    # Once is enough.
    waits = "too many wrong passwords, try again in 40 s"
    assert told.refusal(Refused(waits, 40.0, "too_fast")) == waits
    wanted = "слишком много неверных паролей; повторите через 40 с"
    assert told.refusal(Refused(waits, 40.0, "too_fast"), "ru") == wanted
    muted = told.refusal(Refused("you are muted in books: loud", 600.0, "muted"), "ru")
    assert muted.startswith("вам запрещено писать в books: loud (до "), muted
    ends = told.refusal(Refused("you are muted", 600.0, "muted"))
    assert ends.startswith("you are muted (until ")
    again = told.refusal(Refused("you are muted in books: try again when sober", 600.0, "muted"))
    assert again.startswith("you are muted in books: try again when sober (until ")
    assert told.refusal(Refused("you are muted", float("inf"), "muted"))


def test_a_long_hit_is_shown_around_what_was_found() -> None:
    text = "word " * 100 + "Ёлка\nstands here " + "more " * 100
    shown = told.excerpt(text, "nothing елка")
    assert "Ёлка stands here" in shown
    assert len(shown) <= told.MOST_FOUND
    assert shown[0] == shown[-1] == "…"
    assert told.excerpt("short\ntext", "text") == "short text"
    assert told.excerpt("x" * 500, "nothing") == "x" * (told.MOST_FOUND - 1) + "…"
    end = told.excerpt("x " * 300 + "last", "last")
    assert end.endswith(" last") and len(end) <= told.MOST_FOUND
    hit = r.Entry(username="Eva", text=text, seq=1, time=0.0, room="tech")
    assert told.describe(r.Found(messages=(hit,)))[0].endswith(text)
    assert len(told.describe(r.Found(messages=(hit,)), "en", "елка")[0]) < 200
