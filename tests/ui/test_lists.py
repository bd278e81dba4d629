"""The lists beside the timeline or in its place: what is written while they are there goes to the box."""

import pytest

from tests.ui.screens import connected


@pytest.mark.parametrize("key", ["f2", "f3", "alt+r", "alt+p"])
async def test_a_list_that_opens_beside_the_timeline_leaves_the_keys_to_the_box(key: str) -> None:
    async with connected((70, 16)) as shown:
        await shown.pilot.press(key)
        await shown.until(lambda: len(shown.app.sides.shown()) == 1)
        await shown.type("one")
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("general", "one")])
        assert len(shown.app.sides.shown()) == 1


async def test_what_is_written_while_a_list_has_the_keys_goes_to_the_box() -> None:
    async with connected() as shown:
        await shown.until_shown("2 random")
        shown.app.go_to("@Anna")
        await shown.pilot.press("f6", "up")
        assert shown.app.focused is not shown.app.box
        await shown.type("a secret")
        assert shown.app.box.text == "a secret"
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("@Anna", "a secret")])
        assert shown.app.board.current == "@Anna"


async def test_a_paste_while_a_list_has_the_keys_goes_to_the_box() -> None:
    async with connected() as shown:
        await shown.pilot.press("f6")
        await shown.paste("one\ntwo")
        await shown.until(lambda: shown.app.box.text == "one\ntwo")
        assert shown.app.focused is shown.app.box


async def test_a_list_in_place_of_the_timeline_gives_way_to_what_is_written() -> None:
    async with connected((40, 16)) as shown:
        await shown.pilot.press("f2")
        await shown.until_shown("Rooms")
        await shown.pilot.press("down", "down")
        await shown.type("hello")
        assert shown.app.box.text == "hello"
        await shown.until(lambda: "Rooms" not in shown.text())
        await shown.pilot.press("enter")
        await shown.until(lambda: shown.session.said == [("general", "hello")])


async def test_a_row_is_still_chosen_by_the_keys_of_the_list() -> None:
    async with connected() as shown:
        await shown.until_shown("3 tech")
        await shown.pilot.press("f6", "end", "enter")
        await shown.until(lambda: shown.app.board.current == "tech")
        assert shown.app.focused is shown.app.box
