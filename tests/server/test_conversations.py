"""The room of two people has one name, whoever asks."""

from hypothesis import given
from hypothesis import strategies as st

from minechat.server.conversations import conversation_name, is_conversation, people_of

ids = st.integers(1, 2**62)


@given(ids, ids)
def test_a_name_tells_its_two_people(one: int, other: int) -> None:
    name = conversation_name(one, other)
    assert name == conversation_name(other, one)
    assert is_conversation(name) and not is_conversation("general")
    assert people_of(name) == tuple(sorted((one, other)))
