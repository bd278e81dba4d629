"""Every sentence that minechat rift says outside its screen, in English and in Russian."""

import os
from collections.abc import Mapping

from minechat.cli import rift_english, rift_russian
from minechat.errors import EmptyMessage, MessageTooLong, Refused
from minechat.protocol.rift.fields import TEXT
from minechat.ui.plurals import FORMS

_TABLES = {"en": rift_english, "ru": rift_russian}


class RiftWords:
    """The sentences in one language.

    :ivar language: ``en`` or ``ru``
    """

    def __init__(self, language: str) -> None:
        self.language = language
        self._sentences: Mapping[str, str] = _TABLES[language].SENTENCES
        self._counts: Mapping[str, Mapping[str, str]] = _TABLES[language].COUNTS

    def __call__(self, key: str, **values: object) -> str:
        """One sentence; what strangers said in it is not yet safe to show."""
        return self._sentences[key].format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """A sentence about a number of things, in the form that the number asks for."""
        return self._counts[key][FORMS[self.language](number)].format(number=number, **values)

    def reason(self, error: Exception) -> str:
        """An error as a part of a sentence."""
        if not isinstance(error, Refused):
            return str(error)
        if error.retry_after is None:
            return self("refused", reason=error.reason)
        return self("refused_for_now", reason=error.reason, delay=error.retry_after)

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
