"""The screen as its person uses it, over a session in memory."""

import asyncio
from dataclasses import replace
from datetime import datetime
from time import time

import pytest

from minechat.client.session import Happened, Mute, Place, PlacesChanged, StateChanged
from minechat.ui import sight
from minechat.ui.application import ChatApp
from minechat.ui.preferences import Preferences
from tests.ui.screens import connected, screen
from tests.ui.stage import StagedSession


async def test_it_is_there_before_the_connection_and_tells_its_state() -> None:
    async with screen() as shown:
        await shown.until_shown("○ connecting")
        assert "general" in shown.rows()[0]
        shown.session.connect()
        await shown.until_shown("● connected  me")
        shown.session.lose("the network is unreachable", 7)
        await shown.until_shown("○ lost, next try in 7 s: the network is unreachable")
        await shown.until_shown("next try in 6 s")


async def test_a_server_that_owes_an_answer_is_not_called_good_without_a_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sight, "SILENT", 0.05)
    async with connected() as shown:
        assert "no answer" not in shown.text()
        shown.session.holding = asyncio.Event()
        await shown.enter("hello")
        await shown.until_shown("● connected  no answer for 1 s  me")
        shown.session.lose()
        await shown.until(lambda: "no answer" not in shown.text())
        shown.session.connect()
        shown.session.holding.set()
        await shown.until(lambda: shown.session.said == [("general", "hello")])
        await shown.until(lambda: shown.app.outbox.silence == 0.0 and "no answer" not in shown.text())


async def test_rooms_people_and_the_topic_are_shown() -> None:
    async with connected((110, 20)) as shown:
        await shown.until_shown("Vasya")
        rows = shown.rows()
        assert any(row.startswith(">1 general") for row in rows)
        assert any(row.startswith(" 3 tech") for row in rows)
        assert "3 online" in rows[0]


async def test_what_is_said_elsewhere_is_counted_and_a_mention_marked() -> None:
    async with connected() as shown:
        shown.session.hear("tech", "Anna", "one", "two")
        await shown.until(lambda: any("3 tech" in row and " 2│" in row for row in shown.rows()))
        assert shown.bells == 0
        shown.session.hear("tech", "Anna", "me, look", "ME: again", "some other")
        await shown.until(lambda: any("3 tech" in row and "!5│" in row for row in shown.rows()))
        assert shown.bells == 1
        await shown.pilot.press("alt+a")
        await shown.until_shown("new messages")
        assert shown.app.board.current == "tech"
        await shown.until(lambda: shown.session.marks.get("tech") == 5)


async def test_places_are_switched_by_keys_and_keep_their_drafts() -> None:
    async with connected() as shown:
        await shown.type("draft")
        await shown.pilot.press("alt+2")
        assert (shown.app.board.current, shown.app.box.text) == ("random", "")
        await shown.pilot.press("alt+down")
        assert shown.app.board.current == "tech"
        await shown.pilot.press("ctrl+n")
        assert (shown.app.board.current, shown.app.box.text) == ("general", "draft")
        await shown.pilot.press("ctrl+я", "alt+up", "ctrl+з")
        assert shown.app.board.current == "random"


async def test_what_happens_is_told_in_its_room() -> None:
    async with connected() as shown:
        shown.session.tell(Happened(place="general", event="muted", nick="Vasya\x1b[2J", by="Anna", time=1e9))
        await shown.until_shown("· Vasya␛[2J was muted by Anna")


async def test_who_may_not_write_here_sees_it_in_the_status_line_until_it_is_over() -> None:
    async with connected() as shown:
        mute = Mute(until=time() + 1000, reason="too loud")
        shown.session.places["general"] = Place(name="general", mute=mute)
        shown.session.connect()
        await shown.until_shown("you may not write here until ")
        await shown.until_shown(": too loud")
        await shown.enter("/go tech")
        await shown.until(lambda: "may not write" not in shown.text())
        await shown.enter("/go general")
        await shown.until_shown("you may not write here until ")
        shown.app.board.here.mute = replace(mute, until=time() - 1)  # nothing tells that it is over
        await shown.until(lambda: "may not write" not in shown.text())


@pytest.mark.parametrize(
    ("left", "reason", "shown_as"),
    [(1000, "too loud", "muted until {:%H:%M}"), (9e6, "x", "muted until {:%d.%m}"), (None, "a", "muted: a")],
)
async def test_until_when_one_is_muted_is_seen_on_a_narrow_screen(
    left: float | None, reason: str, shown_as: str
) -> None:
    async with connected((40, 8)) as shown:
        end = None if left is None else time() + left
        shown.session.places["general"] = Place(name="general", mute=Mute(until=end, reason=reason))
        shown.session.connect()
        await shown.until_shown(shown_as.format(datetime.fromtimestamp(end or 0).astimezone()))


async def test_who_is_invited_is_told_so_and_how_to_follow() -> None:
    async with connected() as shown:
        shown.session.tell(Happened(place="books", event="invited", nick="me", by="Anna", time=1e9))
        await shown.until_shown("· Anna invites you to books: /join books")
        shown.session.tell(Happened(place="books", event="unmuted", nick="me", by="Anna", time=1e9))
        await shown.until_shown("· books: you were unmuted by Anna")
        shown.session.tell(Happened(place="books", event="joined", nick="me", time=1e9))
        await shown.until_shown("· you joined books")


@pytest.mark.parametrize("size", [(40, 8), (40, 24), (60, 10), (80, 24), (200, 50), (20, 8)])
async def test_it_works_at_every_size(size: tuple[int, int]) -> None:
    async with connected(size, messages=50) as shown:
        await shown.until_shown("message 50")
        assert len(shown.rows()) == size[1]
        assert "● connected" in shown.text()
        await shown.type("hello")
        assert "hello" in shown.rows()[-1]
        await shown.pilot.resize_terminal(size[0] + 7, size[1] + 1)
        await shown.until(lambda: len(shown.rows()) == size[1] + 1)
        await shown.until_shown("message 50")


async def test_narrow_the_lists_are_behind_keys() -> None:
    async with connected((40, 16), messages=20) as shown:
        assert "Rooms" not in shown.text()
        await shown.pilot.press("f2")
        await shown.until_shown("Rooms")
        assert "message 20" not in shown.text()
        await shown.pilot.press("down", "down", "enter")
        await shown.until(lambda: shown.app.board.current == "tech")
        assert "Rooms" not in shown.text()
        await shown.pilot.press("f3")
        await shown.until_shown("Online")
        await shown.pilot.press("escape")
        await shown.until(lambda: shown.app.focused is shown.app.box)
        assert "Online" not in shown.text()


async def test_leaving_asks_when_something_is_unsent() -> None:
    async with connected() as shown:
        await shown.type("draft")
        await shown.pilot.press("ctrl+c")
        await shown.until_shown("Leave?")
        await shown.pilot.press("escape")
        await shown.until(lambda: "Leave?" not in shown.text())
        assert shown.app.is_running
        await shown.pilot.press("ctrl+с")
        await shown.until_shown("Leave?")
        await shown.pilot.press("enter")
        await shown.until(lambda: not shown.app.is_running)
        assert shown.app.return_value == 0


@pytest.mark.parametrize("word", ["exit", "quit", "/exit", "EXIT "])
async def test_a_word_leaves(word: str) -> None:
    async with connected() as shown:
        await shown.enter(word)
        await shown.until(lambda: not shown.app.is_running)
        assert shown.app.return_value == 0
        assert shown.session.said == []


async def test_a_defect_ends_it_without_a_traceback_on_the_terminal() -> None:
    session = StagedSession()
    app = ChatApp(session, Preferences())
    with pytest.raises(ZeroDivisionError):
        async with app.run_test() as pilot:
            session.close(ZeroDivisionError("secret"))
            while app.is_running:
                await pilot.pause(0.01)
    assert isinstance(app.failure, ZeroDivisionError)
    assert app._exit_renderables == []


async def test_it_speaks_russian() -> None:
    async with screen(language="ru", size=(110, 20)) as shown:
        shown.session.connect()
        await shown.until_shown("● на связи")
        assert "Комнаты" in shown.text()
        await shown.until(lambda: "3 человека на связи" in shown.rows()[0])
        await shown.enter("/ощшт")
        await shown.until_shown("команда пишется так: /join КОМНАТА")


@pytest.mark.parametrize("theme", ["auto", "dark", "light", "none"])
async def test_nothing_is_said_by_colour_alone(theme: str) -> None:
    async with screen(theme=theme) as shown:
        shown.session.connect()
        shown.session.store("general", "Vasya", "me: look")
        await shown.until_shown("» me: look")
        colours = {
            segment.style.color.name
            for strip in shown.app.screen._compositor.render_strips()
            for segment in strip
            if segment.style is not None and segment.style.color is not None
        }
        assert (colours <= {"default"}) is (theme == "none")


async def test_a_chat_of_two_connections_tells_both() -> None:
    session = StagedSession(places=("general",), abilities=frozenset({"history"}), numbered=False)
    async with screen(session) as shown:
        session.connected = True
        session.tell(PlacesChanged(places=(Place(name="general"),)))
        session.tell(StateChanged(state="connected", link="listen"))
        session.tell(StateChanged(state="lost", reason="refused", link="speak"))
        await shown.until_shown("● reading: connected  ○ writing: lost: refused")
        await shown.enter("hello")
        await shown.until_shown("waits for the connection")
        session.tell(StateChanged(state="connected", link="speak"))
        await shown.until(
            lambda: shown.app.board.here.pending == [] and session.said == [("general", "hello")]
        )
        session.hear("general", "Vasya", "hello to you")
        await shown.until_shown("hello to you")
        await shown.enter("/mute Vasya")
        await shown.until_shown("! this chat has no /mute")


async def test_where_both_connections_are_well_a_narrow_screen_says_so_once() -> None:
    session = StagedSession(places=("general",), abilities=frozenset({"history"}), numbered=False)
    async with screen(session, (40, 10)) as shown:
        session.connected = True
        session.tell(PlacesChanged(places=(Place(name="general"),)))
        session.tell(StateChanged(state="connected", link="listen"))
        session.tell(StateChanged(state="lost", reason="refused", link="speak"))
        await shown.until_shown("○ writing: lost: refused")
        session.tell(StateChanged(state="connected", link="speak"))
        await shown.until_shown("● connected  me")


async def test_a_newcomer_is_told_where_help_is() -> None:
    async with connected() as shown:
        await shown.until_shown("You are me. /help shows the commands, /rooms the rooms")
        await shown.until_shown("there are, F1 the keys.")


async def test_where_one_has_no_name_yet_the_greeting_waits_for_it() -> None:
    session = StagedSession("", places=("general",), abilities=frozenset({"history"}), numbered=False)
    async with screen(session) as shown:
        session.connected = True
        session.tell(PlacesChanged(places=(Place(name="general"),)))
        session.tell(StateChanged(state="connected", link="listen"))
        await shown.until(lambda: session.pages > 0 and shown.app.board.here.at_start)
        session.hear("general", "Vasya", "hello")
        await shown.until_shown("hello")
        assert "You are" not in shown.text()
        session.nickname = "me"
        session.tell(StateChanged(state="connected", link="speak"))
        await shown.until_shown("You are me. /help shows the commands, F1 the keys.")
        session.tell(StateChanged(state="connected", link="speak"))
        await shown.enter("/help")
        await shown.until_shown("Commands")
        assert shown.text().count("You are me") == 1


async def test_logging_out_leaves() -> None:
    async with connected() as shown:
        await shown.enter("/logout")
        await shown.until(lambda: not shown.app.is_running)
        assert shown.session.orders == [("log_out", {})]


async def test_a_session_that_ends_leaves_the_screen_readable() -> None:
    async with connected(messages=30) as shown:
        shown.session.tell(StateChanged(state="ended", reason="your password was changed"))
        shown.session.close()
        await shown.until_shown("✗ ended: your password was changed")
        await shown.pilot.press("pageup")
        await shown.until_shown("message 5")
