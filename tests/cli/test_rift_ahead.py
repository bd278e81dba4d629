"""Lines typed behind one that led nowhere: for whom they are meant, and which lines lead somewhere."""

import pytest

from minechat.cli.rift_ahead import Ahead, Meant, leads


@pytest.mark.parametrize(
    ("line", "leading"),
    [
        ("/join tech", True),
        ("/join", True),
        ("/ощшт tech", True),
        ("/create tea", True),
        ("/create-closed tea", True),
        ("/go @Eva", True),
        ("//join tech", False),
        ("join tech", False),
        ("/pm Eva hello", False),
        ("/joni tech", True),  # who knows
        ("/", False),
        ("", False),
    ],
)
def test_which_lines_may_lead_to_another_place(line: str, leading: bool) -> None:
    assert leads(line) is leading


def test_what_was_typed_behind_it_was_meant_for_elsewhere() -> None:
    ahead = Ahead()
    assert ahead.next() is Meant.HERE
    ahead.led_nowhere(2, begun=True)
    assert ahead
    assert [ahead.next() for _ in range(4)] == [
        Meant.ELSEWHERE,
        Meant.ELSEWHERE,
        Meant.PERHAPS_ELSEWHERE,
        Meant.HERE,
    ]
    assert not ahead


def test_a_line_that_leads_somewhere_ends_it() -> None:
    ahead = Ahead()
    ahead.led_nowhere(2, begun=True)
    ahead.led()
    assert ahead.next() is Meant.HERE
