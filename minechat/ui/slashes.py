"""What a slash command is: its arguments, what each takes, and how its usage is told."""

from collections.abc import Mapping
from dataclasses import dataclass, field

LANGUAGES = ("en", "ru")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command.

    :param field: the payload's name for it
    :param kind: what completes it: person, room, place, command, text, duration, role, number or file
    :param words: what stands for it in a usage, in English and in Russian
    :param phrase: the same in an English sentence
    :param rest: takes all that is left of the line, newlines too; only the last one can
    """

    field: str
    kind: str
    words: tuple[str, str]
    phrase: str
    optional: bool = False
    rest: bool = False

    def shown(self, language: str) -> str:
        """As it stands in a usage: in brackets where it may be left out."""
        word = self.words[LANGUAGES.index(language)]
        return f"[{word}]" if self.optional else word


@dataclass(frozen=True, slots=True, kw_only=True)
class Slash:
    """One command that is typed behind a slash.

    :param order: what it asks of the session by ``order``; None where the screen does it
    :param ability: what a session must have among its abilities; None for all of them
    :param here: the room one is in goes with the order
    :param fields: what else goes with it
    :param only_with: without this argument there is nothing to order, and the screen shows what is so
    """

    name: str
    help_en: str
    help_ru: str
    arguments: tuple[Argument, ...] = ()
    aliases: tuple[str, ...] = ()
    order: str | None = None
    ability: str | None = None
    here: bool = False
    fields: Mapping[str, object] = field(default_factory=dict)
    only_with: str = ""

    @property
    def usage(self) -> str:
        """How it is typed: ``/mute NAME [DURATION] [REASON]``."""
        return self.shown("en")

    @property
    def kinds(self) -> tuple[str, ...]:
        """What completes each argument."""
        return tuple(argument.kind for argument in self.arguments)

    def shown(self, language: str) -> str:
        """How it is typed, in ``en`` or ``ru``."""
        return " ".join([f"/{self.name}", *(argument.shown(language) for argument in self.arguments)])

    def help(self, language: str) -> str:
        """One line on what it does."""
        return self.help_ru if language == "ru" else self.help_en

    def explained(self, language: str) -> str:
        """What it does, and its other names."""
        also = "ещё" if language == "ru" else "also"
        others = ", ".join(f"/{alias}" for alias in self.aliases)
        return f"{self.help(language)} ({also} {others})" if others else self.help(language)

    def takes(self, language: str) -> str:
        """What it takes, as an answer to whoever typed something else."""
        if language == "ru":
            return f"команда пишется так: {self.shown(language)}"
        if not self.arguments:
            return f"/{self.name} takes nothing"
        needed = [argument.phrase for argument in self.arguments if not argument.optional]
        spare = [argument.phrase for argument in self.arguments if argument.optional]
        parts = [*needed[:-1], *(["and " + needed[-1]] if len(needed) > 1 else needed)]
        if spare:
            parts.append(("and " if needed else "") + "perhaps " + " and ".join(spare))
        return f"/{self.name} takes {' '.join(parts)}: {self.usage}"
