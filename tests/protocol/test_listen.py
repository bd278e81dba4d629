"""What was said is one line of port 5000 and comes back as it was, whatever it holds."""

from hypothesis import example, given
from hypothesis import strategies as st

from minechat.events import Said
from minechat.protocol.lines import on_one_line
from minechat.protocol.listen import decode, encode
from minechat.text import safe, safe_nick

nicks = st.text(st.characters(exclude_characters=":"), min_size=1, max_size=20)


@given(nicks, st.text(max_size=60))
@example("Vlad", "one\nEva: two")
@example("Vlad", "one\r\n\r\nEva: two")
@example("Vlad", "\x1b]0;title\x07\u202e")
@example("Eva\nAdmin", "hi")
def test_a_message_is_one_line_that_names_who_said_it(nick: str, text: str) -> None:
    line = encode(Said(nick, text))
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode(line[:-1]) == Said(safe_nick(nick), safe(on_one_line(text)))


@given(st.text(max_size=60).filter(lambda text: ": " not in on_one_line(text)))
def test_a_line_without_a_separator_names_nobody(text: str) -> None:
    assert decode(encode(Said(None, text))[:-1]) == Said(None, safe(on_one_line(text)))


@given(st.binary(max_size=80).filter(lambda line: b"\n" not in line))
@example(b"")
@example(b": ")
@example(b"\xd0: \xff")
def test_every_line_is_said_by_somebody_or_nobody(line: bytes) -> None:
    said = decode(line)
    assert (said.nick is None) == (b": " not in line.removesuffix(b"\r"))


def test_only_the_first_separator_counts() -> None:
    assert decode(b"Vlad: Eva: hi") == Said("Vlad", "Eva: hi")
    assert decode(b"Vlad:hi\r") == Said(None, "Vlad:hi")
