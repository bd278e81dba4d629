"""Pages: at least one entry, never more than fits."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server.pages import AROUND, ROOM, asked, fitting


@pytest.mark.parametrize(("limit", "count"), [(-5, 1), (0, 1), (1, 1), (50, 50), (100, 100), (10**12, 100)])
def test_a_limit_is_cut_to_what_a_page_holds(limit: int, count: int) -> None:
    assert asked(limit, 100) == count


@given(st.lists(st.text(max_size=40), max_size=30).map(lambda texts: [text * 400 for text in texts]))
def test_what_fits_fits_and_what_is_left_out_would_not(texts: list[str]) -> None:
    count = fitting(texts, lambda text: (text, None))

    def size(entries: list[str]) -> int:
        return sum(AROUND + len(json.dumps(one, ensure_ascii=False).encode()) for one in entries if one) + (
            AROUND * entries.count("")
        )

    assert count == len(texts) or size(texts[: count + 1]) > ROOM
    assert size(texts[:count]) <= ROOM or count == 1
    assert bool(texts) == bool(count)
