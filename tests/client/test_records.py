"""Records of the history file, read back."""

from minechat.client.records import Read
from minechat.client.session import GENERAL, Message

READ = Read({"14:05": 50.0, "14:06": 60.0}.get, "Brave Anna")


def test_records_become_the_messages_that_they_were() -> None:
    records = [
        b"[14:05] Brave Anna: a: b",
        b"[14:06] Vlad: [14:05] Brave Anna: no",
        b"[14:06] somebody spoke",
    ]
    assert READ.messages(enumerate(records, 1)) == (
        Message(place=GENERAL, nick="Brave Anna", text="a: b", time=50.0, seq=1, mine=True),
        Message(place=GENERAL, nick="Vlad", text="[14:05] Brave Anna: no", time=60.0, seq=2),
        Message(place=GENERAL, nick=None, text="somebody spoke", time=60.0, seq=3),
    )


def test_what_is_no_record_of_a_message_names_nobody_and_has_the_time_before_it() -> None:
    records = [b"--- 14:05 connection lost: x", b"[14:05] Vlad: hi", b"[25:99] Vlad: odd", b"\xff[", b""]
    messages = READ.messages(enumerate(records))
    assert [(message.nick, message.text, message.time) for message in messages] == [
        (None, "--- 14:05 connection lost: x", 0.0),
        ("Vlad", "hi", 50.0),
        ("Vlad", "odd", 50.0),
        (None, "\ufffd[", 50.0),
        (None, "", 50.0),
    ]
