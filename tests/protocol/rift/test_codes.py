"""The codes of refusals are words, each with a sentence."""

from minechat.protocol.rift.codes import CODES


def test_codes_are_words_with_a_sentence() -> None:
    for code, sentence in CODES.items():
        assert code.replace("_", "").isalpha() and code.islower()
        assert sentence.endswith(".")
