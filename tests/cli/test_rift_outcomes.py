"""What became of a run is told in both languages, with the numbers of its messages."""

from minechat.cli.rift_outcomes import partly, stopped, untold
from minechat.cli.rift_words import RiftWords

ENGLISH, RUSSIAN = RiftWords("en"), RiftWords("ru")


def test_in_english_it_is_as_the_other_commands_say_it() -> None:
    from minechat.cli import sentences

    for sent, total in ((1, 2), (1, 3), (3, None), (3, 9)):
        assert partly(ENGLISH, sent, total, "why") == sentences.partly_sent(sent, total, "why")
        assert untold(ENGLISH, sent, total, "why") == sentences.sent_untold(sent, total, "why")
    for sent in (0, 1, 5):
        assert stopped(ENGLISH, sent) == sentences.stopped(sent + 1)
    for sent in (1, 2):
        assert ENGLISH.count("sent", sent, name="Eva") == sentences.sent(sent, "Eva")


def test_in_russian() -> None:
    assert (
        partly(RUSSIAN, 2, 9, "отказано") == "первые 2 сообщения отправлены, сообщение 3 — нет: отказано; "
        "начиная с сообщения 4 ничего не отправлено"
    )
    assert stopped(RUSSIAN, 1).endswith("отправлено ли сообщение 2; первое сообщение отправлено")
