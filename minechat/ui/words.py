"""The words of the screen in one language, from a table beside this file; plural forms are right."""

import tomllib
from importlib.resources import files

from minechat.ui.plurals import FORMS

#: The languages there are, each with the name of its table.
LANGUAGES = {"en": "english", "ru": "russian"}


class Words:
    """All that the screen says.

    :param language: a key of ``LANGUAGES``
    """

    def __init__(self, language: str) -> None:
        self.language = language
        text = files(__package__).joinpath(f"{LANGUAGES[language]}.toml").read_text("utf-8")
        self._table = tomllib.loads(text)
        self._form = FORMS[language]

    def __call__(self, key: str, **values: object) -> str:
        """One sentence with its values, which must be safe to show."""
        return str(self._table["words"][key]).format(**values)

    def count(self, key: str, number: int, **values: object) -> str:
        """A sentence about a number of things, in the form that the number asks for."""
        forms = self._table["counts"][key]
        return str(forms[self._form(number)]).format(number=number, **values)

    def list(self, key: str) -> list[str]:
        """Several words in their order."""
        return [str(word) for word in self._table["lists"][key]]

    def has(self, key: str) -> bool:
        """Whether there is a sentence of this name."""
        return key in self._table["words"]
