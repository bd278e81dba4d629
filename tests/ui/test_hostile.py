"""A chat that means harm, on a real terminal: its screen, title and modes are ours, not theirs."""

import re
from collections.abc import Iterator

import pytest

from tests.ui.terminals import Terminal
from tests.ui.test_terminal import assert_whole

#: All that the screen itself may send to a terminal: colours, moves, its modes, and questions about modes.
OURS = re.compile(
    rb"\x1b\[(?:[\d;:]*m|\d+;\d+H|\d+G|\?(?:1049|25|1000|1003|1015|1006|1004|2004|7|2026)[hl]"
    rb"|>\d+u|<u|\?2026\$p|\?2048\$p)|\x07"
)
#: What would change how or in which order text is shown; the mark with which we fence it off is ours.
FORBIDDEN = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(scope="module", params=[(120, 24), (44, 10)], ids=["wide", "narrow"])
def terminal(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    columns, rows = request.param
    terminal = Terminal("-m", "tests.ui.living", "hostile", columns=columns, rows=rows)
    terminal.until_shown("that was all")
    for _ in range(10):
        terminal.press("\x1b[5~")
        terminal.read(0.1)
    yield terminal
    terminal.close()


def test_only_our_own_sequences_reach_the_terminal(terminal: Terminal) -> None:
    whole = terminal.written[: terminal.written.rindex(b"\x1b")]  # the last one may be on its way
    rest = OURS.sub(b"", whole).decode("utf-8")
    assert FORBIDDEN.search(rest) is None


def test_the_columns_and_bars_stand_where_they_stood(terminal: Terminal) -> None:
    terminal.until(lambda: terminal.rows[0].strip().startswith("general"))
    terminal.until(lambda: "● connected" in terminal.rows[-2])
    if terminal.screen.columns == 120:
        terminal.until(lambda: edges(terminal) == {("│", "│")})


def edges(terminal: Terminal) -> set[tuple[str, str]]:
    """What stands in the columns that divide the lists from the timeline."""
    rows = [terminal.screen.buffer[row] for row in range(1, terminal.screen.lines - 2)]
    return {(row[19].data, row[100].data) for row in rows}


def test_the_modes_are_ours_and_the_terminal_is_whole_afterwards(terminal: Terminal) -> None:
    assert terminal.screen.title == terminal.screen.icon_name == ""
    assert terminal.modes["1049"]
    assert not terminal.modes["25"]
    terminal.press("\x03")
    assert terminal.code() == 0
    assert_whole(terminal)
