"""What is known of one place: a window without holes, however one scrolls through it, and what is unread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.session import History, Message
from minechat.ui.conversation import KEPT, WINDOW, Conversation
from minechat.ui.entry import Entry, Kind, Sending, note


def message(seq: int | None, text: str = "x", nick: str = "Vasya", *, mine: bool = False) -> Message:
    return Message(place="general", nick=nick, text=text, time=float(seq or 0), seq=seq, mine=mine)


def page(first: int, last: int, *, more: bool) -> History:
    return History(messages=tuple(message(seq) for seq in range(first, last + 1)), more=more)


def place(last: int = 0, *, most: int = WINDOW) -> Conversation:
    found = Conversation("general", mark=last, most=most)
    for seq in range(1, last + 1):
        found.hear(message(seq), seen=True)
    return found


def seqs(found: Conversation) -> list[int]:
    return [entry.seq for entry in found.entries if entry.seq is not None]


def kinds(found: Conversation) -> list[Kind]:
    return [entry.kind for entry in found.entries]


def test_what_was_not_seen_is_unread_but_not_ones_own() -> None:
    found = place(3)
    found.hear(message(4), seen=False)
    found.hear(message(5, mine=True), seen=False)
    found.names_us = lambda text: "me" in text
    found.hear(message(6, "me?"), seen=False)
    assert (found.unread, found.mentions) == (2, 1)
    assert found.read()
    assert (found.unread, found.mentions, found.mark) == (0, 0, 6)
    assert not found.read()


def test_every_message_of_a_private_conversation_is_for_us() -> None:
    found = Conversation("@Vasya")
    found.hear(message(4), seen=False)
    assert (found.unread, found.mentions) == (1, 1)


def test_what_is_there_already_is_not_taken_again() -> None:
    found = place(3)
    assert found.hear(message(2), seen=False) is None
    found.earlier(page(1, 3, more=False))
    assert seqs(found) == [1, 2, 3]


def test_the_unread_line_stands_above_the_first_unread_message() -> None:
    found = place(2, most=KEPT)
    found.hear(message(3), seen=False)
    found.hear(message(4), seen=False)
    found.open()
    assert kinds(found) == [Kind.SAID, Kind.SAID, Kind.UNREAD, Kind.SAID, Kind.SAID]
    found.close()
    assert Kind.UNREAD not in kinds(found)


def test_the_unread_line_waits_until_its_place_is_loaded() -> None:
    found = Conversation("general", mark=10)
    found.hear(message(15), seen=False)
    found.unread = 5
    found.open()
    assert Kind.UNREAD not in kinds(found)
    found.earlier(page(8, 14, more=True))
    assert kinds(found)[3] is Kind.UNREAD
    assert found.entries[4].seq == 11


def test_what_comes_while_one_looks_away_is_below_the_unread_line() -> None:
    found = place(2)
    found.look_away()
    assert Kind.UNREAD not in kinds(found)
    found.hear(message(3), seen=False)
    found.hear(message(4), seen=False)
    assert kinds(found) == [Kind.SAID, Kind.SAID, Kind.UNREAD, Kind.SAID, Kind.SAID]


@given(st.lists(st.sampled_from(["up", "down", "say"]), max_size=60), st.integers(20, 60))
def test_the_window_is_a_stretch_without_holes_wherever_one_goes(steps: list[str], most: int) -> None:
    said, size = 200, 10
    found = Conversation("general", mark=said, most=most)
    found.earlier(page(said - size + 1, said, more=True))
    for step in steps:
        first, last = found.first_seq() or said + 1, found.last_seq() or 0
        found.follows = found.at_end and step != "up"
        if step == "up" and not found.at_start:
            found.earlier(page(max(1, first - size), first - 1, more=first - size > 1))
        elif step == "down" and not found.at_end:
            end = min(said, last + size)
            found.later(page(last + 1, end, more=end < said))
        elif step == "say":
            said += 1
            found.hear(message(said), seen=True)
        loaded = seqs(found)
        assert loaded == list(range(loaded[0], loaded[0] + len(loaded)))
        assert len(loaded) <= most + most // 10 + 1
        assert found.at_start is (loaded[0] == 1) or not found.at_start
        assert not found.at_end or loaded[-1] == said


def test_a_window_that_grows_while_one_reads_above_lets_the_new_ones_go() -> None:
    found = place(KEPT, most=KEPT)
    found.follows = False
    for seq in range(KEPT + 1, KEPT * 2):
        found.hear(message(seq), seen=False)
    assert found.first_seq() == 1
    assert not found.at_end
    assert found.unread == KEPT - 1


def test_the_end_comes_only_when_all_that_was_told_is_there() -> None:
    found = place(5)
    found.at_end = False
    found.hear(message(6), seen=False)
    found.hear(message(7), seen=False)
    found.later(page(6, 6, more=False))
    assert not found.at_end
    found.later(page(7, 7, more=False))
    assert found.at_end


def test_a_hole_at_the_end_begins_the_window_anew() -> None:
    found = place(5)
    found.skip(5, 100, seen=False)
    assert (found.entries, found.unread, found.last) == ([], 94, 99)
    found.hear(message(100), seen=False)
    found.earlier(page(50, 99, more=True))
    assert seqs(found) == list(range(50, 101))


def test_a_hole_below_what_is_read_keeps_what_is_read() -> None:
    found = place(5)
    found.follows = False
    found.skip(5, 100, seen=False)
    assert seqs(found) == [1, 2, 3, 4, 5]
    assert not found.at_end


def test_a_message_of_ours_is_on_its_way_until_it_is_heard() -> None:
    found = place(2)
    entry = Entry(Kind.SAID, "a  b", 0.0, "me", mine=True, sending=Sending.SENDING)
    found.pending.append(entry)
    assert found.rows()[-1] is entry
    found.was_sent(entry, 3)
    assert found.pending == [entry]
    found.hear(message(3, "a b", mine=True), seen=True)
    assert (found.pending, seqs(found)) == ([], [1, 2, 3])


def test_heard_before_its_answer_it_is_shown_once() -> None:
    found = place(2)
    entry = Entry(Kind.SAID, "changed on the way", 0.0, "me", mine=True, sending=Sending.SENDING)
    found.pending.append(entry)
    found.hear(message(3, "otherwise", mine=True), seen=True)
    found.was_sent(entry, 3)
    assert (found.pending, seqs(found)) == ([], [1, 2, 3])


@pytest.mark.parametrize("heard_first", [True, False])
def test_loaded_before_it_is_heard_it_is_shown_once(heard_first: bool) -> None:
    found = place()
    entry = Entry(Kind.SAID, "x", 0.0, "me", mine=True, sending=Sending.SENDING)
    found.pending.append(entry)
    if heard_first:
        found.earlier(page(1, 1, more=False))
    found.was_sent(entry, 1)
    if not heard_first:
        found.earlier(page(1, 1, more=False))
    found.hear(message(1, mine=True), seen=True)
    assert (found.pending, seqs(found)) == ([], [1])


def test_what_was_not_taken_stays_with_its_reason() -> None:
    found = place(1)
    entry = Entry(Kind.SAID, "x", 0.0, "me", mine=True, sending=Sending.FAILED)
    found.pending.append(entry)
    found.was_not_sent(entry)
    found.hear(message(2), seen=True)
    assert [one.seq for one in found.rows()] == [1, None, 2]


@pytest.mark.parametrize("at_end", [True, False])
def test_notes_stand_at_the_end(at_end: bool) -> None:
    found = place(1)
    found.at_end = at_end
    found.add(note("something", 0.0))
    assert (Kind.NOTE in kinds(found)) is at_end


def test_little_is_kept_of_a_place_that_was_left() -> None:
    found = place(WINDOW)
    found.close()
    assert len(found.entries) == KEPT
    assert not found.at_start
