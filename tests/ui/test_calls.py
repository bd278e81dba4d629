"""What a typed line means: texts, commands, wrong commands; whatever is typed never fails otherwise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import InvalidInput
from minechat.ui.calls import Call, parse
from minechat.ui.commands import COMMANDS
from minechat.ui.slashes import LANGUAGES


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("hello", "hello"),
        ("//help me", "/help me"),
        ("//", "/"),
        ("///", "//"),
        (" /kick Vasya", " /kick Vasya"),
        ("exit now", "exit now"),
        ("one\n/two", "one\n/two"),
    ],
)
def test_what_is_no_command_is_said(line: str, text: str) -> None:
    call = parse(line, "general")
    assert (call.slash.name, call.arguments, call.order) == ("say", {"text": text}, None)


@pytest.mark.parametrize("line", ["exit", "quit", " Exit ", "/exit", "/quit", "/QUIT", "/учше"])
def test_the_word_alone_leaves(line: str) -> None:
    assert parse(line, "general").slash.name == "exit"


@pytest.mark.parametrize(
    ("line", "order", "fields"),
    [
        ("/users", "get_online_users", {}),
        ("/users Eva", "get_online_users", {"after": "Eva"}),
        ("/ЮЗЕРС", None, {}),
        ("/join #tech", "join_room", {"room": "tech"}),
        ("/leave", "leave_room", {"room": "general"}),
        ("/leave tech", "leave_room", {"room": "tech"}),
        ("/rooms", "list_rooms", {}),
        ("/members", "get_members", {"room": "general"}),
        ("/topic on  cats", "set_topic", {"room": "general", "topic": "on  cats"}),
        ("/topic -", "set_topic", {"room": "general", "topic": ""}),
        ("/create club", "create_room", {"room": "club"}),
        (
            "/create-closed club of friends",
            "create_room",
            {"room": "club", "topic": "of friends", "invite_only": True},
        ),
        ("/invite Eva", "invite", {"room": "general", "username": "Eva"}),
        ("/kick @Vasya", "kick", {"room": "general", "username": "Vasya"}),
        (
            "/kick Vasya too  loud ",
            "kick",
            {"room": "general", "username": "Vasya", "reason": "too  loud"},
        ),
        ("/mute Vasya", "mute", {"room": "general", "username": "Vasya"}),
        ("/mute Vasya 10m", "mute", {"room": "general", "username": "Vasya", "seconds": 600.0}),
        ("/mute Vasya forever", "mute", {"room": "general", "username": "Vasya", "seconds": None}),
        ("/mute Vasya spam", "mute", {"room": "general", "username": "Vasya", "reason": "spam"}),
        (
            "/ban Vasya 7d all day",
            "ban",
            {"room": "general", "username": "Vasya", "seconds": 604800.0, "reason": "all day"},
        ),
        ("/role Eva Moderator", "set_role", {"room": "general", "username": "Eva", "role": "moderator"}),
        ("/audit 12", "get_audit", {"room": "general", "before": 12}),
        ("/search old cats", "search", {"query": "old cats"}),
        ("/logout-everywhere", "log_out", {"everywhere": True}),
        ("/лшсл Vasya", "kick", {"room": "general", "username": "Vasya"}),
    ],
)
def test_a_command_becomes_an_order(line: str, order: str | None, fields: dict[str, Any]) -> None:
    if order is None:
        with pytest.raises(InvalidInput, match="no such command"):
            parse(line, "general")
        return
    call = parse(line, "general")
    assert (call.order, call.fields) == (order, fields)


@pytest.mark.parametrize(
    ("line", "name", "arguments"),
    [
        ("/pm Eva hi\nthere", "pm", {"to": "Eva", "text": "hi\nthere"}),
        ("/msg @Eva hi", "pm", {"to": "Eva", "text": "hi"}),
        ("/topic", "topic", {}),
        ("/go @Eva", "go", {"place": "@Eva"}),
        ("/history 5", "history", {"count": 5}),
        ("/help /MSG", "help", {"command": "pm"}),
        ("/help", "help", {}),
        ("/export my file.txt", "export", {"file": "my file.txt"}),
    ],
)
def test_some_commands_are_the_screens_own(line: str, name: str, arguments: dict[str, Any]) -> None:
    call = parse(line, "general")
    assert (call.slash.name, call.arguments, call.order) == (name, arguments, None)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("/kick", "/kick takes a name and perhaps a reason"),
        ("/kick @", "/kick takes a name"),
        ("/pm Eva", "/pm takes a name and a text"),
        ("/conversations all", "/conversations takes nothing"),
        ("/mute Vasya 10min", "10min is no length of time"),
        ("/mute Vasya 0m", "0m is no length of time"),
        ("/role Eva king", "king is no role"),
        ("/history many", "many is no whole number above 0"),
        ("/history ²", "² is no whole number above 0"),
        ("/history 0", "0 is no whole number above 0"),
        ("/frobnicate", "no such command: /frobnicate"),
        ("/help frobnicate", "no such command: /frobnicate"),
        ("/", "no such command: /;"),
        ("/ kick", "no such command: /;"),
    ],
)
def test_what_is_wrong_is_said_in_words(line: str, problem: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(line, "general")
    assert problem in str(caught.value)
    with pytest.raises(InvalidInput, match=r"[а-я]"):
        parse(line, "general", None, "ru")


def test_what_is_for_rooms_says_so_in_a_conversation() -> None:
    with pytest.raises(InvalidInput, match="/kick is for rooms"):
        parse("/kick Vasya", "@Eva")
    assert parse("/leave tech", "@Eva").fields == {"room": "tech"}


def test_what_this_chat_cannot_do_is_said() -> None:
    with pytest.raises(InvalidInput, match="this chat has no /kick"):
        parse("/kick Vasya", "general", frozenset())
    assert parse("/exit", "general", frozenset()).slash.name == "exit"


WORDS = st.one_of(
    st.sampled_from([name for slash in COMMANDS for name in (slash.name, *slash.aliases)]),
    st.sampled_from(["10m", "forever", "@Eva", "#tech", "owner", "7", "exit", "/", "@"]),
    st.text(max_size=8),
)


@given(
    line=st.one_of(st.text(), st.lists(WORDS, max_size=6).map(lambda words: "/" + " ".join(words))),
    place=st.sampled_from(["general", "@Eva"]),
    language=st.sampled_from(LANGUAGES),
)
def test_any_line_is_a_call_or_an_error_in_words(line: str, place: str, language: str) -> None:
    try:
        call = parse(line, place, None, language)
    except InvalidInput as error:
        assert str(error)
        assert len(str(error)) < 300
        return
    assert isinstance(call, Call)
    needed = {argument.field for argument in call.slash.arguments if not argument.optional}
    assert needed <= set(call.arguments) <= {argument.field for argument in call.slash.arguments}
    if call.slash.name != "say":
        assert "" not in call.arguments.values()


@given(text=st.text())
def test_every_text_can_be_said(text: str) -> None:
    line = "/" + text if text.startswith("/") else text
    if line.strip().casefold() not in ("exit", "quit"):
        assert parse(line, "general").arguments == {"text": text}
