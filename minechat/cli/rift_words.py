"""Every sentence that minechat rift says outside its screen, in English and in Russian."""

import os
from collections.abc import Mapping

from minechat.cli import rift_english, rift_russian
from minechat.errors import EmptyMessage, MessageTooLong, MinechatError, Refused
from minechat.protocol.rift.fields import TEXT
from minechat.ui import reasons
from minechat.ui.plurals import FORMS
from minechat.ui.told import refusal

_TABLES = {"en": rift_english, "ru": rift_russian}


class RiftWords:
    """The sentences in one language.

    :param to_person: the errors in them are in that language too; programs get those as they are, in English
    :ivar language: ``en`` or ``ru``
    """

    def __init__(self, language: str, *, to_person: bool = False) -> None:
        self.language = language
        self._to_person = to_person
        self._told_in = language if to_person else "en"
        self._sentences: Mapping[str, str] = _TABLES[language].SENTENCES
        self._counts: Mapping[str, Mapping[str, str]] = _TABLES[language].COUNTS

    def __call__(self, key: str, **values: object) -> str:
        """One sentence; what strangers said in it is not yet safe to show."""
        return self._sentences[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """A sentence about a number of things, in the form that the number asks for."""
        return self._counts[key][FORMS[self.language](number)].format(number=number, **values)

    def why(self, error: Exception) -> str:
        """An error in words, without when to try again."""
        return reasons.reason(error, self._told_in)

    def told(self, text: str, code: str = "") -> str:
        """The words of an error that are at hand.

        :param code: of a refusal
        """
        return reasons.translated(text, self._told_in, code)

    def reason(self, error: Exception) -> str:
        """An error as a part of a sentence."""
        if not isinstance(error, Refused):
            return self.why(error)
        if self._to_person:
            return self("refused", reason=refusal(error, self.language))
        if error.retry_after is None:
            return self("refused", reason=self.why(error))
        return self("refused_for_now", reason=self.why(error), delay=error.retry_after)

    def not_sent(self, error: Exception) -> str:
        """That nothing was sent, and why; said once where the error says so too."""
        also = self("nothing_sent")
        why = self.why(error).removeprefix(f"{also}: ").removesuffix(f"; {also}")
        return self("not_sent", reason=why)

    def retell(self, error: MinechatError) -> None:
        """Has an error say what it says in these words."""
        reasons.retell(error, self._told_in)

    def check(self, text: str) -> None:
        """Finds what cannot be said before anything is sent.

        :raises EmptyMessage: there is nothing in it
        :raises MessageTooLong: it does not fit
        """
        if not text.strip():
            raise EmptyMessage(self("empty"))
        if (size := len(text.encode(errors="surrogatepass"))) > TEXT:
            raise MessageTooLong(self("too_long", size=size, most=TEXT))


def language(choice: str, environ: Mapping[str, str] | None = None) -> str:
    """``en`` or ``ru``: the choice, or for ``auto`` what the environment asks programs to speak."""
    if choice != "auto":
        return choice
    environ = os.environ if environ is None else environ
    wanted = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "ru" if wanted.lower().startswith("ru") else "en"
