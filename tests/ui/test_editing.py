"""Editing in the box by lines as they were written, however narrow the screen wraps them, and by words."""

import pytest

from minechat.ui.keys import latin
from tests.ui.screens import Screen, connected

LONG = "one two three four five six seven eight nine ten eleven twelve"


async def written(shown: Screen, text: str, at: tuple[int, int] | None = None) -> None:
    shown.app.box.put(text)
    if at is not None:
        shown.app.box.move_cursor(at)
    await shown.pilot.pause()


async def test_ctrl_u_deletes_to_the_start_of_a_wrapped_line_at_once() -> None:
    async with connected((30, 16)) as shown:
        await written(shown, LONG)
        assert shown.app.box.size.height > 2
        await shown.pilot.press("ctrl+u")
        assert shown.app.box.text == ""


async def test_ctrl_u_again_deletes_all_before_the_line() -> None:
    async with connected((30, 16)) as shown:
        await written(shown, f"{LONG}\nsecond\nthird", (1, 3))
        await shown.pilot.press("ctrl+u")
        assert shown.app.box.text == f"{LONG}\nond\nthird"
        await shown.pilot.press("ctrl+u")
        assert shown.app.box.text == "ond\nthird"
        await shown.pilot.press("ctrl+u")
        assert shown.app.box.text == "ond\nthird"
        assert shown.app.box.cursor_location == (0, 0)


@pytest.mark.parametrize(
    ("key", "text", "cursor"),
    [
        ("ctrl+k", f"{LONG[:10]}\nsecond", (0, 10)),
        ("ctrl+a", f"{LONG}\nsecond", (0, 0)),
        ("ctrl+e", f"{LONG}\nsecond", (0, len(LONG))),
        ("ctrl+w", f"{LONG[:8]}{LONG[10:]}\nsecond", (0, 8)),
        ("alt+b", f"{LONG}\nsecond", (0, 8)),
        ("alt+f", f"{LONG}\nsecond", (0, 13)),
        ("alt+d", f"{LONG[:10]}{LONG[13:]}\nsecond", (0, 10)),
        ("alt+x", f"{LONG}\nsecond", (0, 10)),
    ],
)
async def test_keys_go_by_written_lines_and_words(key: str, text: str, cursor: tuple[int, int]) -> None:
    async with connected((30, 16)) as shown:
        await written(shown, f"{LONG}\nsecond", (0, 10))
        await shown.pilot.press(key)
        assert (shown.app.box.text, shown.app.box.cursor_location) == (text, cursor)


async def test_ctrl_k_at_the_end_of_a_line_joins_the_next() -> None:
    async with connected() as shown:
        await written(shown, "one\ntwo", (0, 3))
        await shown.pilot.press("ctrl+k")
        assert shown.app.box.text == "onetwo"
        await shown.pilot.press("ctrl+k", "ctrl+k")
        assert shown.app.box.text == "one"


async def test_what_is_selected_is_deleted_instead() -> None:
    async with connected() as shown:
        await written(shown, "one two")
        await shown.pilot.press("shift+left", "shift+left", "ctrl+u")
        assert shown.app.box.text == "one t"


@pytest.mark.parametrize(("russian", "key"), [("ctrl+г", "ctrl+u"), ("ctrl+л", "ctrl+k"), ("alt+и", "alt+b")])
def test_they_are_the_same_keys_on_a_russian_keyboard(russian: str, key: str) -> None:
    assert latin(russian) == key
