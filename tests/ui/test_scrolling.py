"""Scrolling on the screen: the past comes by itself, nothing jumps, the window stays bounded."""

from textual import events

from minechat.ui.conversation import WINDOW
from minechat.ui.entry import Kind
from tests.ui.screens import connected


async def test_scrolling_up_loads_the_past_and_keeps_its_place() -> None:
    async with connected(messages=300) as shown:
        await shown.pilot.press("pageup")
        await shown.until_shown("message 270")
        seen = shown.rows()[3]
        shown.session.hear("general", "Anna", "new one", "another")
        await shown.until_shown("2 new below")
        assert shown.rows()[3] == seen
        for _ in range(30):
            await shown.pilot.press("pageup")
        await shown.until_shown("message 1\n")
        assert shown.app.board.here.at_start
        await shown.pilot.press("ctrl+end")
        await shown.until_shown("another")
        await shown.until(lambda: "new below" not in shown.text())
        await shown.until(lambda: shown.session.marks.get("general") == 302)


async def test_the_window_is_bounded_however_far_one_scrolls() -> None:
    async with connected(messages=2_500) as shown:
        timeline, here = shown.app.timeline, shown.app.board.here
        while not here.at_start:
            timeline.scroll_by(-90)
            await shown.pilot.pause()
            assert len(here.entries) <= WINDOW
        assert not here.at_end
        assert here.first_seq() == 1
        while not here.at_end:
            timeline.scroll_by(90)
            await shown.pilot.pause()
            assert len(here.entries) <= WINDOW
        timeline.scroll_by(1000)
        await shown.until_shown("message 2500")
        assert here.at_end


async def test_the_wheel_scrolls_and_a_click_chooses() -> None:
    async with connected((110, 20), messages=100) as shown:
        shown.app.timeline.on_mouse_scroll_up(
            events.MouseScrollUp(shown.app.timeline, 1, 1, 0, -1, 0, False, False, False)
        )
        await shown.until_shown("Ctrl-End: latest")
        await shown.pilot.click("#rooms", offset=(3, 2))
        assert shown.app.board.current == "random"
        await shown.pilot.click("#people", offset=(3, 2))
        await shown.until(lambda: shown.app.board.current == "@Anna")
        assert "private talk with Anna" in shown.rows()[0]


async def test_ten_thousand_messages_leave_the_last_ones_in_order() -> None:
    async with connected() as shown:
        for number in range(50):
            shown.session.hear("general", "Vasya", *(f"flood {number * 200 + n}" for n in range(200)))
        await shown.until_shown("flood 9999")
        here = shown.app.board.here
        assert len(here.entries) <= WINDOW * 1.1
        said = [entry.text for entry in here.entries if entry.kind is Kind.SAID]
        assert said == [f"flood {number}" for number in range(10_000 - len(said), 10_000)]


async def test_looking_elsewhere_leaves_an_unread_line() -> None:
    async with connected(messages=5) as shown:
        shown.app.post_message(events.AppBlur())
        await shown.until(lambda: not shown.app.app_focus)
        shown.session.hear("general", "Vasya", "while away")
        await shown.until_shown("new messages")
        assert shown.app.board.here.unread == 1
        shown.app.post_message(events.AppFocus())
        await shown.until(lambda: shown.app.board.here.unread == 0)
        assert "new messages" in shown.text()
