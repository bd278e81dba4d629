"""The sentences of the owner's orders: one line each, and they count as English does."""

import inspect

from minechat.cli.tasks import sentences


def test_every_fixed_sentence_is_one_line() -> None:
    fixed = [text for name, text in inspect.getmembers(sentences) if name.isupper() and isinstance(text, str)]
    assert fixed and all(text.isprintable() for text in (*fixed, *sentences.EMPTY.values()))


def test_who_only_looked_is_told_of_no_order() -> None:
    for sentence in (sentences.gone, sentences.silent, sentences.cut_off):
        assert "order" in sentence("a.admin", changes=True)
        assert "order" not in sentence("a.admin", changes=False)


def test_what_was_done_is_told_with_what_it_closed() -> None:
    assert sentences.banned("Eva", None, 0) == "Eva is banned for ever"
    assert sentences.banned("Eva", "noon", 1) == "Eva is banned until noon; 1 connection was closed"
    assert sentences.renamed("Eva", "Ada", 2) == "Eva is Ada now; 2 connections were closed"
