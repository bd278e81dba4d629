"""One WebSocket without its socket: frames judged one by one, however they are cut."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from minechat.server.doors.channel import Channel, Kind
from minechat.server.settings import Limits
from tests.server.doors.test_upgrade import GOOD

LIMITS = Limits(frame=1000, fragments=4)


def frame(opcode: int, data: bytes = b"", *, fin: bool = True, mask: bool = True, rsv: int = 0) -> bytes:
    """A frame of a client, as wrong as it is wanted."""
    size = len(data)
    short = size if size < 126 else 126 if size < 65_536 else 127
    head = bytes([fin << 7 | rsv << 4 | opcode, mask << 7 | short])
    head += {126: struct.pack("!H", size), 127: struct.pack("!Q", size)}.get(short, b"")
    if not mask:
        return head + data
    key = b"\x01\x02\x03\x04"
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(data))


TEXT, BINARY, CONT, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10


class Talk:
    """A channel that is open, and all that came of what it received."""

    def __init__(self) -> None:
        self.channel = Channel(LIMITS, (), secure=False)
        self.items: list[tuple[Kind, bytes]] = []
        self.opening = [kind for kind, _ in self.channel.receive(GOOD)]
        assert self.opening == [Kind.WRITE, Kind.OPENED] and self.channel.open

    def receive(self, data: bytes, size: int = 1 << 20) -> "Talk":
        for at in range(0, len(data), size):
            self.items += self.channel.receive(data[at : at + size])
        return self

    @property
    def texts(self) -> list[bytes]:
        return [data for kind, data in self.items if kind is Kind.TEXT]

    @property
    def closed(self) -> int | None:
        """The code of our close frame."""
        written = b"".join(data for kind, data in self.items if kind is Kind.WRITE)
        at = written.rfind(b"\x88")
        return struct.unpack("!H", written[at + 2 : at + 4])[0] if at >= 0 else None


def test_texts_come_whole_and_pings_are_answered_in_their_order() -> None:
    talk = Talk().receive(
        frame(TEXT, b"one")
        + frame(PING, b"a")
        + frame(TEXT, "тв".encode()[:3], fin=False)
        + frame(PING, b"b")
        + frame(CONT, "тв".encode()[3:])
        + frame(PONG)
        + frame(TEXT)
    )
    assert talk.items == [
        (Kind.TEXT, b"one"),
        (Kind.WRITE, Frame(Opcode.PONG, b"a").serialize(mask=False)),
        (Kind.WRITE, Frame(Opcode.PONG, b"b").serialize(mask=False)),
        (Kind.TEXT, "тв".encode()),
        (Kind.TEXT, b""),
    ]
    assert talk.channel.frames == 7
    assert not talk.channel.unfinished


BAD = {
    "unmasked": (frame(TEXT, b"x", mask=False), 1002),
    "rsv1": (frame(TEXT, b"x", rsv=4), 1002),
    "rsv2": (frame(TEXT, b"x", rsv=2), 1002),
    "rsv3": (frame(TEXT, b"x", rsv=1), 1002),
    "rsv of a ping": (frame(PING, rsv=4), 1002),
    **{f"opcode {code}": (frame(code, b"x"), 1002) for code in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)},
    "a fragmented ping": (frame(PING, fin=False), 1002),
    "a fragmented close": (frame(CLOSE, fin=False), 1002),
    "a long ping": (frame(PING, b"x" * 126), 1002),
    "a long close": (frame(CLOSE, struct.pack("!H", 1000) + b"x" * 124), 1002),
    "continuation of nothing": (frame(CONT, b"x"), 1002),
    "a text within a text": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"y"), 1002),
    "binary": (frame(BINARY, b"x"), 1003),
    "binary in fragments": (frame(BINARY, b"x", fin=False), 1003),
    "a close of one byte": (frame(CLOSE, b"x"), 1002),
    **{
        f"close code {code}": (frame(CLOSE, struct.pack("!H", code)), 1002)
        for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535)
    },
    "a close reason that is not utf-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
    "not utf-8": (frame(TEXT, b"\xff"), 1007),
    "an overlong slash": (frame(TEXT, b"\xc0\xaf"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "half a letter": (frame(TEXT, "я".encode()[:1]), 1007),
    "half a letter in fragments": (frame(TEXT, b"\xd1", fin=False) + frame(CONT, b"x"), 1007),
    "too large": (frame(TEXT, b"x" * 1001), 1009),
    "too large in fragments": (frame(TEXT, b"x" * 600, fin=False) + frame(CONT, b"x" * 600), 1009),
    "too large by far": (b"\x81\xff" + struct.pack("!Q", 1 << 40) + b"\x00" * 4, 1009),
    "a negative size": (b"\x81\xff" + struct.pack("!Q", (1 << 64) - 1) + b"\x00" * 4, 1009),
    "too many fragments": (
        frame(TEXT, b"x", fin=False) + frame(CONT, fin=False) * 3 + frame(CONT, b"x"),
        1008,
    ),
    "empty fragments for ever": (frame(TEXT, fin=False) + frame(CONT, fin=False) * 50, 1008),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_frame_of_ours_ends_the_connection_with_the_code_for_it(name: str) -> None:
    data, code = BAD[name]
    for size in (1 << 20, 1, 3):
        talk = Talk().receive(frame(TEXT, b"before") + data + frame(TEXT, b"after"), size)
        assert talk.texts == [b"before"]
        assert talk.closed == code
        assert talk.items[-1] == (Kind.ENDED, b"") and talk.channel.ended and not talk.channel.open


def test_as_much_as_is_allowed_is_taken() -> None:
    pieces = frame(TEXT, b"x" * 250, fin=False) + frame(CONT, b"x" * 250, fin=False) * 2
    talk = Talk().receive(frame(TEXT, b"x" * 1000) + pieces + frame(CONT, b"x" * 250))
    assert talk.texts == [b"x" * 1000] * 2


@pytest.mark.parametrize("code", [1000, 1001, 1011, 3000, 4999, None])
def test_the_clients_close_is_answered_and_ends_it(code: int | None) -> None:
    payload = b"" if code is None else struct.pack("!H", code) + b"bye"
    talk = Talk().receive(frame(CLOSE, payload) + frame(TEXT, b"after"))
    echo = Frame(Opcode.CLOSE, payload).serialize(mask=False)
    assert talk.items == [(Kind.WRITE, echo), (Kind.ENDED, b"")]


def test_our_own_close_waits_for_the_clients_and_takes_nothing_else() -> None:
    talk = Talk()
    assert talk.channel.close(1008, "я" * 100)[2:4] == struct.pack("!H", 1008)
    assert talk.channel.close(1008, "") == b""
    talk.receive(frame(TEXT, b"late") + frame(PING))
    assert talk.texts == [] and not talk.channel.ended
    talk.receive(frame(CLOSE, struct.pack("!H", 1008)))
    assert talk.items[-1] == (Kind.ENDED, b"")


def test_what_was_begun_is_known() -> None:
    talk = Talk()
    for piece, unfinished in (
        (b"\x81", True),
        (frame(TEXT, b"x")[1:], False),
        (frame(TEXT, b"x", fin=False), True),
        (frame(PING), True),
        (frame(CONT), False),
    ):
        talk.receive(piece)
        assert talk.channel.unfinished is unfinished


CONVERSATION = (
    frame(TEXT, b"hello")
    + frame(PING, b"p" * 125)
    + frame(TEXT, "длинный".encode() * 20, fin=False)
    + frame(CONT, b"", fin=False)
    + frame(PING)
    + frame(CONT, b"end")
    + frame(CLOSE, struct.pack("!H", 1000))
)


def test_every_way_to_cut_a_conversation_in_two_comes_to_the_same() -> None:
    whole = Talk().receive(CONVERSATION).items
    for at in range(1, len(CONVERSATION)):
        assert Talk().receive(CONVERSATION[:at]).receive(CONVERSATION[at:]).items == whole
    everything = GOOD + CONVERSATION
    opened = list(Channel(LIMITS, (), secure=False).receive(everything))
    assert [item for item in opened if item[0] is not Kind.OPENED][1:] == whole
    for at in range(1, len(everything)):
        channel = Channel(LIMITS, (), secure=False)
        items = [*channel.receive(everything[:at]), *channel.receive(everything[at:])]
        assert [kind for kind, _ in items] == [kind for kind, _ in opened]


FRAMES = st.builds(
    frame,
    st.sampled_from([TEXT, TEXT, TEXT, CONT, CONT, BINARY, CLOSE, PING, PONG, 3]),
    st.one_of(st.binary(max_size=300), st.text(max_size=100).map(str.encode)),
    fin=st.booleans(),
    mask=st.sampled_from([True] * 9 + [False]),
    rsv=st.sampled_from([0] * 9 + [1]),
)


@given(st.lists(st.one_of(FRAMES, FRAMES, st.binary(max_size=20)), max_size=12).map(b"".join), st.data())
def test_whatever_comes_and_however_it_is_cut_it_is_judged_the_same(data: bytes, draw: st.DataObject) -> None:
    whole = Talk().receive(data)
    cut = Talk()
    at = 0
    while at < len(data):
        size = draw.draw(st.integers(1, 50))
        cut.receive(data[at : at + size])
        at += size
    assert cut.items == whole.items
    assert cut.channel.unfinished is whole.channel.unfinished or cut.channel.ended
    for text in whole.texts:
        text.decode()
        assert len(text) <= LIMITS.frame
