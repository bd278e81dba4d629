"""Frames of texts, as the library makes them."""

import pytest
from websockets.frames import Frame, Opcode

from minechat.server.doors.frames import text_frame


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 128, 65_535, 65_536, 70_000])
def test_a_frame_is_the_one_of_the_library(size: int) -> None:
    text = ("я" * size).encode()[:size] if size % 2 == 0 else b"x" * size
    assert text_frame(text) == Frame(Opcode.TEXT, text).serialize(mask=False)
