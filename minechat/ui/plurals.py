"""Which form of a sentence a number asks for, in each language."""

from collections.abc import Callable


def english(number: int) -> str:
    """``one`` or ``many``."""
    return "one" if number == 1 else "many"


def russian(number: int) -> str:
    """``one``, ``few`` or ``many``."""
    if number % 10 == 1 and number % 100 != 11:
        return "one"
    if number % 10 in (2, 3, 4) and number % 100 not in (12, 13, 14):
        return "few"
    return "many"


FORMS: dict[str, Callable[[int], str]] = {"en": english, "ru": russian}
