"""What became of the messages of a run, in the language of its person."""

from minechat.cli.rift_words import RiftWords


def partly(words: RiftWords, sent: int, total: int | None, reason: str) -> str:
    """Some messages were stored before one failed: which, and what became of the others.

    :param sent: how many were stored, at least one
    :param total: how many there are, where that is known
    """
    told = words("failed", sent=words.count("were_sent", sent), number=sent + 1, reason=reason)
    return _nothing_from(words, told, sent + 2, total)


def untold(words: RiftWords, sent: int, total: int | None, reason: str) -> str:
    """Messages were stored, and the last of them could not be told on stdout."""
    told = words("untold", sent=words.count("were_sent", sent), reason=reason)
    return _nothing_from(words, told, sent + 1, total)


def stopped(words: RiftWords, sent: int) -> str:
    """A signal came while a message waited for its acknowledgement.

    :param sent: how many were stored before it
    """
    told = words("stopped", number=sent + 1)
    return words("stopped_after", told=told, sent=words.count("were_sent", sent)) if sent else told


def _nothing_from(words: RiftWords, told: str, number: int, total: int | None) -> str:
    return told if total is None or total < number else words("none_from", told=told, number=number)
