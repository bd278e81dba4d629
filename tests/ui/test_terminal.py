"""The terminal is whole after every kind of exit, and its Alt-Enter is not its Enter."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from tests.ui.terminals import Terminal

#: Alternate screen, cursor, mouse, focus, bracketed paste.
LEFT = {"1049": False, "25": True, "1000": False, "1003": False, "1006": False, "1004": False, "2004": False}


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def opened(terminals: list[Terminal], plot: str = "quiet", **more: Any) -> Terminal:
    terminal = Terminal("-m", "tests.ui.living", plot, **more)
    terminals.append(terminal)
    return terminal


def assert_whole(terminal: Terminal) -> None:
    """As it was before: the modes, the line discipline, and no title or clipboard was ever touched."""
    modes = terminal.modes
    assert {mode: modes[mode] for mode in LEFT} == LEFT
    assert terminal.settings() == terminal.before
    assert b"\x1b[<u" in terminal.written[terminal.written.rindex(b"\x1b[>") :]
    assert b"\x1b]" not in terminal.written
    assert b"\x1bP" not in terminal.written


@pytest.mark.parametrize("keys", ["exit\r", "/quit\r", "\x03", "\x11"])
def test_after_leaving(terminals: list[Terminal], keys: str) -> None:
    terminal = opened(terminals)
    terminal.until_shown("hello from Vasya")
    assert terminal.modes["1049"]
    terminal.press(keys)
    assert terminal.code() == 0
    assert_whole(terminal)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_after_a_signal(terminals: list[Terminal], number: signal.Signals) -> None:
    terminal = opened(terminals)
    terminal.until_shown("hello from Vasya")
    terminal.signal(number)
    assert terminal.code() == 128 + number
    assert_whole(terminal)


def test_after_a_defect(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, "failing")
    terminal.until_shown("raised: a defect")
    assert terminal.code() == 70
    assert_whole(terminal)
    assert b"Traceback" not in terminal.written


def test_a_window_that_is_closed_ends_it(terminals: list[Terminal]) -> None:
    terminal = opened(terminals)
    terminal.until_shown("hello from Vasya")
    terminal.hang_up()
    assert terminal.code() == 128 + signal.SIGHUP


def test_a_window_that_is_closed_without_a_word_ends_it_too(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, signals=False)
    terminal.until_shown("hello from Vasya")
    terminal.hang_up()
    assert terminal.code() == 128 + signal.SIGHUP


def test_alt_enter_begins_a_line_and_enter_sends(terminals: list[Terminal]) -> None:
    terminal = opened(terminals)
    terminal.until_shown("hello from Vasya")
    terminal.press("one")
    terminal.press("\x1b\r")
    terminal.press("two\x1b[200~\nthree\x1b[201~")
    terminal.until_shown(" three")
    terminal.press("\r")
    terminal.until(lambda: any("me │ one" in row for row in terminal.rows))
    terminal.until(lambda: any(row.endswith("│ two") for row in terminal.rows))
    terminal.until(lambda: any(row.endswith("│ three") for row in terminal.rows))


def test_it_is_drawn_for_another_size(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, columns=40, rows=8)
    terminal.until_shown("Vasya: hello from Vasya")
    terminal.until(lambda: "● connected" in terminal.rows[-2])
    assert terminal.rows[0].strip().startswith("general")


def test_without_colour_there_is_none(terminals: list[Terminal]) -> None:
    terminal = Terminal("-m", "tests.ui.living", "quiet", "none")
    terminals.append(terminal)
    terminal.until_shown("hello from Vasya")
    colours = {(cell.fg, cell.bg) for row in terminal.screen.buffer.values() for cell in row.values()}
    assert colours == {("default", "default")}


def test_keys_that_come_at_once_are_taken_one_after_another(terminals: list[Terminal]) -> None:
    terminal = opened(terminals)
    terminal.until_shown("hello from Vasya")
    terminal.press("first\rsecond")
    terminal.until(lambda: any("me │ first" in row for row in terminal.rows))
    terminal.until(lambda: terminal.rows[-1].strip() == "second")
    terminal.press(" half\x1b[1;3Bother\x1b[1;3A")  # to the next room and back, with a draft in each
    terminal.until(lambda: terminal.rows[-1].strip() == "second half")
    terminal.press("\x1b[1;3B")
    terminal.until(lambda: terminal.rows[-1].strip() == "other")
    terminal.press("x\x03")
    terminal.until_shown("Leave?")
    terminal.press("\x03")
    assert terminal.code() == 0
    assert_whole(terminal)


def test_after_a_cancelled_run(terminals: list[Terminal]) -> None:
    terminal = opened(terminals, "cancelled")
    terminal.until_shown("raised: cancelled")
    assert terminal.code() == 71
    assert_whole(terminal)


def test_what_was_typed_before_the_screen_stands_is_nobodys_message(terminals: list[Terminal]) -> None:
    terminal = opened(terminals)
    terminal.press("sudo something\rsecret word\rand half a lin")
    terminal.until_shown("hello from Vasya")
    terminal.press("now\r")
    terminal.until(lambda: any("me │ now" in row for row in terminal.rows))
    assert not [word for word in ("sudo", "secret", "half") if word in terminal.text]
