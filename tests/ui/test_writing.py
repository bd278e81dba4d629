"""Writing on the screen: messages, pastes, completion and commands, over a session in memory."""

import asyncio

import pytest
from textual import events

from minechat.errors import Refused
from minechat.protocol.rift import replies
from minechat.ui.entry import Sending
from tests.ui.screens import connected


async def test_what_is_written_is_said() -> None:
    async with connected() as shown:
        await shown.type("hi there")
        await shown.pilot.press("alt+enter", "x", "enter")
        await shown.until(lambda: shown.session.said == [("general", "hi there\nx")])
        await shown.until_shown("me │ hi there")
        assert shown.app.board.here.pending == []
        assert shown.app.box.text == ""


async def test_without_a_connection_it_waits_and_is_sent_once() -> None:
    async with connected() as shown:
        shown.session.lose()
        await shown.until_shown("○ lost")
        await shown.enter("hello")
        await shown.until_shown("waits for the connection")
        await shown.until_shown("1 message waits")
        shown.session.connect()
        await shown.until(lambda: shown.session.said == [("general", "hello")])
        await shown.until(lambda: "waits" not in shown.text())
        assert shown.text().count("hello") == 1


async def test_what_is_refused_says_why_and_can_be_taken_up_again() -> None:
    async with connected() as shown:
        shown.session.refusal = Refused("you are muted here")
        await shown.enter("hello")
        await shown.until_shown("not sent: you are muted here")
        entry = shown.app.board.here.entries[-1]
        assert entry.sending is Sending.FAILED
        await shown.pilot.press("up")
        assert shown.app.box.text == "hello"


async def test_who_is_muted_learns_until_when() -> None:
    async with connected() as shown:
        shown.session.refusal = Refused("you are muted here", 86_400.0, "muted")
        await shown.enter("hello")
        await shown.until_shown("not sent: you are muted here (until ")


async def test_a_long_hit_of_a_search_takes_about_two_rows() -> None:
    async with connected() as shown:
        text = "word " * 300 + "kitten " + "more " * 300
        hit = replies.Entry(username="Eva", text=text, seq=1, time=0.0, room="tech")
        shown.session.answers["search"] = replies.Found(messages=(hit,))
        await shown.enter("/search kitten")
        await shown.until_shown("kitten more")
        assert sum("more more" in row or "word word" in row for row in shown.rows()) <= 3


async def test_a_message_that_is_too_long_stays_in_the_box() -> None:
    async with connected() as shown:
        await shown.enter("я" * 2048)
        await shown.until(lambda: len(shown.session.said) == 1)
        await shown.enter("я" * 2049)
        await shown.until_shown("4098 bytes of 4096: too long to send")
        assert len(shown.app.box.text) == 2049
        assert len(shown.session.said) == 1


async def test_a_paste_is_one_message_and_a_long_one_is_asked_about() -> None:
    async with connected() as shown:
        await shown.paste("one\r\ntwo\nthree")
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("general", "one\ntwo\nthree")])
        await shown.paste("\n".join(map(str, range(12))))
        await shown.pilot.press("enter")
        await shown.until_shown("12 lines were pasted")
        await shown.pilot.press("escape")
        await shown.until(lambda: shown.app.focused is shown.app.box)
        assert len(shown.session.said) == 1
        assert shown.app.box.text.startswith("0\n1\n")
        await shown.pilot.press("enter")
        await shown.until_shown("12 lines were pasted")
        await shown.pilot.press("enter")
        await shown.until(lambda: len(shown.session.said) == 2)


async def test_newlines_at_the_end_of_a_paste_are_neither_counted_nor_sent() -> None:
    async with connected() as shown:
        await shown.paste("\n".join(map(str, range(10))) + "\n\n")
        await shown.pilot.press("enter")
        await shown.until(lambda: len(shown.session.said) == 1)
        assert shown.session.said == [("general", "\n".join(map(str, range(10))))]
        await shown.paste("\n".join(map(str, range(11))) + "\n")
        await shown.pilot.press("enter")
        await shown.until_shown("11 lines were pasted")


async def test_a_command_without_a_connection_is_refused_in_one_sentence() -> None:
    async with connected() as shown:
        shown.session.lose()
        await shown.until_shown("○ lost")
        await shown.enter("/members")
        await shown.until_shown("! not connected; try again")
        assert "there is no connection" not in shown.text()


async def test_what_is_pasted_is_harmless_in_the_box() -> None:
    async with connected() as shown:
        await shown.paste("a\x1b[2Jb\x9bc")
        await shown.paste("\td")
        assert shown.app.box.text == "a␛[2Jb\\x9bc    d"
        await shown.paste("x" * 20_000)
        await shown.until_shown("20000 bytes are too long to paste")


async def test_tab_completes_and_goes_on() -> None:
    async with connected() as shown:
        await shown.until(lambda: "Vasya" in shown.app.board.people)
        await shown.type("va")
        await shown.pilot.press("tab")
        assert shown.app.box.text == "Vasya: "
        await shown.pilot.press("ctrl+u")
        await shown.enter("")
        shown.app.box.put("/jo")
        await shown.pilot.press("tab")
        assert shown.app.box.text == "/join "


async def test_commands_are_carried_out_and_answered() -> None:
    async with connected() as shown:
        shown.session.answers["get_online_users"] = replies.OnlineUsers(users=("Vasya", "x\x1b[2J"))
        await shown.enter("/users")
        await shown.until_shown("2 online: Vasya, x␛[2J")
        await shown.enter("/mute Vasya 10m too loud")
        await shown.until(lambda: shown.session.orders[-1][0] == "mute")
        assert shown.session.orders[-1][1] == {
            "room": "general",
            "username": "Vasya",
            "seconds": 600.0,
            "reason": "too loud",
        }
        shown.session.answers["kick"] = Refused("only a moderator may do that")
        await shown.enter("/kick Vasya")
        await shown.until_shown("! only a moderator may do that")
        await shown.enter("/nonsense")
        await shown.until_shown("! no such command: /nonsense")
        assert shown.app.box.text == "/nonsense"


async def test_a_room_that_is_joined_is_gone_to() -> None:
    async with connected() as shown:
        info = replies.RoomInfo(room="books", topic="", invite_only=False, members=1, role="member", last=0)
        shown.session.answers["join_room"] = replies.Room(info=info)
        await shown.enter("/join books")
        await shown.until(lambda: shown.app.board.current == "books")
        await shown.enter("/go nowhere")
        await shown.until_shown("! you are not in nowhere")
        await shown.enter("/pm Anna hello")
        await shown.until(lambda: shown.session.said == [("@Anna", "hello")])
        assert shown.app.board.current == "@Anna"


async def test_help_is_made_of_the_tables() -> None:
    async with connected((120, 60)) as shown:
        await shown.enter("/help")
        await shown.until_shown("/mute NAME [TIME] [REASON]")
        assert "Hold Shift" in shown.text()
        assert "say something to one person only (also /msg, /w)" in shown.text()
        await shown.enter("/help keys")
        await shown.until_shown("Alt-Enter, Ctrl-J")
        await shown.enter("/help w")
        await shown.until_shown("· /pm NAME TEXT  say something to one person only (also")
        await shown.enter("/help mute")
        await shown.until_shown("· /mute NAME [TIME] [REASON]  ")


async def test_f1_shows_the_keys() -> None:
    async with connected((100, 60)) as shown:
        assert "F1 keys" in shown.text()
        await shown.pilot.press("f1")
        await shown.until_shown("Alt-Enter, Ctrl-J")
        assert "/mute" not in shown.text()


async def test_a_password_is_changed_unseen() -> None:
    async with connected() as shown:
        await shown.enter("/password")
        await shown.until_shown("Your password now")
        await shown.type("old-one")
        assert "old-one" not in shown.text()
        assert "•••••••" in shown.text()
        await shown.pilot.press("enter")
        for question in ("The new password:", "The new password again:"):
            await shown.until_shown(question)
            await shown.type("new-one")
            await shown.pilot.press("enter")
        await shown.until_shown("the password is changed")
        assert shown.session.orders == [("change_password", {"new": "new-one", "old": "old-one"})]
        assert shown.app.focused is shown.app.box


@pytest.mark.parametrize("key", ["enter", "alt+down", "f2", "f6"])
async def test_a_secret_is_never_written_into_the_box_whatever_comes_between(key: str) -> None:
    """As a room that was asked for before, whose answer comes now, or keys that lead to the box."""
    async with connected() as shown:
        shown.session.answering = asyncio.Event()
        info = replies.RoomInfo(room="books", topic="", invite_only=False, members=2, role="member", last=0)
        shown.session.answers["join_room"] = replies.Room(info=info)
        await shown.enter("/join books")
        await shown.enter("/password")
        await shown.until_shown("Your password now")
        await shown.type("old")
        if key == "enter":
            shown.session.answering.set()
            await shown.until(lambda: shown.app.board.current == "books")
        else:
            await shown.pilot.press(key)
        shown.app.screen.set_focus(shown.app.box)
        await shown.type("-o")
        await shown.paste("ne")
        await shown.until_shown("•••••••_")
        shown.app.screen.set_focus(shown.app.box)
        await shown.pilot.press("enter")
        await shown.until_shown("The new password:")
        assert shown.app.box.text == ""
        assert shown.session.said == []


@pytest.mark.parametrize("pasted", [False, True])
async def test_a_secret_that_is_typed_before_it_is_asked_for_is_one(pasted: bool) -> None:
    async with connected() as shown:
        shown.app.box.put("/password")
        shown.app.post_message(events.Key("enter", "\r"))
        for secret in ("old-one", "new-one", "new-one"):
            keys = [events.Key(key, key) for key in secret]
            for event in [events.Paste(secret)] if pasted else keys:
                shown.app.post_message(event)  # all of them at once
            shown.app.post_message(events.Key("enter", "\r"))
        shown.app.post_message(events.Key("h", "h"))
        await shown.until_shown("the password is changed")
        assert shown.session.orders == [("change_password", {"new": "new-one", "old": "old-one"})]
        assert shown.session.said == []
        await shown.type("i")
        assert shown.app.box.text.endswith("i")


async def test_what_is_typed_behind_a_way_to_another_place_is_said_there() -> None:
    async with connected() as shown:
        shown.app.box.put("/pm Eva hello")
        for key in ("enter", *"secret", "enter"):
            character = key if len(key) == 1 else "\r"
            shown.app.post_message(events.Key(key, character))  # all of them at once
        await shown.until(lambda: len(shown.session.said) == 2)
        assert shown.session.said == [("@Eva", "hello"), ("@Eva", "secret")]
        shown.app.box.put("/go general")
        for key in ("enter", *"open"):
            shown.app.post_message(events.Key(key, key if len(key) == 1 else "\r"))
        await shown.until(lambda: shown.app.box.text == "open")
        assert shown.app.board.current == "general"
        assert all(not place.draft for place in shown.app.board.places.values())
