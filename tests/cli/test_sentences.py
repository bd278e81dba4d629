"""Sentences are one line each and count their things as English does."""

import inspect

from minechat.cli import sentences
from minechat.events import Connected, LinesSkipped, Lost, Retrying


def test_every_fixed_sentence_is_one_line() -> None:
    fixed = [text for name, text in inspect.getmembers(sentences) if name.isupper()]
    assert fixed
    assert all(isinstance(text, str) and text.isprintable() for text in fixed)


def test_each_state_of_the_connection_has_its_words() -> None:
    assert sentences.state(Connected("h:1")) == "connected to h:1"
    assert sentences.state(Lost("gone")) == "connection lost: gone"
    assert "7 bytes of an unfinished line" in sentences.state(Lost("gone", 7))
    assert sentences.state(Retrying("gone", 2.345)) == "gone; trying again in 2.3 s"
    assert sentences.state(Retrying("", 2.345)) == "trying again in 2.3 s"
    assert sentences.state(LinesSkipped(1)) == "1 over-long line was left out"
    assert sentences.state(LinesSkipped(2)) == "2 over-long lines were left out"


def test_the_history_tells_of_gaps_in_the_same_words() -> None:
    for gap in (Lost("gone", 7), LinesSkipped(2)):
        assert sentences.state_in_history(gap) == sentences.state(gap)


def test_the_embedded_chat_names_a_port_only_where_it_must() -> None:
    assert "--port" not in sentences.opened_here(5000, 5050, wanted=True)
    assert "authorization.py --port 6060" in sentences.opened_here(6000, 6060, wanted=False)


def test_a_partial_success_says_which_messages_were_sent() -> None:
    assert sentences.partly_sent(1, 2, "refused") == "message 1 was sent, message 2 failed: refused"
    assert "messages 1 to 3 were sent, message 4 failed" in sentences.partly_sent(3, None, "refused")
    assert "from message 5 on" in sentences.partly_sent(3, 9, "refused")
