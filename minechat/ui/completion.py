"""Completion of what is being typed: nicknames, rooms and commands, the next candidate with each Tab."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from minechat.ui.calls import command_name
from minechat.ui.commands import BY_NAME
from minechat.ui.slashes import Slash

_ROLES = ("owner", "moderator", "member")
_DURATIONS = ("10m", "1h", "1d", "7d", "forever")


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What can stand in a message.

    :param people: the latest to have spoken first
    :param rooms: rooms of ours
    :param talks: private conversations, each ``@name``
    """

    people: Sequence[str] = ()
    rooms: Sequence[str] = ()
    talks: Sequence[str] = ()
    commands: Sequence[Slash] = ()


@dataclass(frozen=True, slots=True)
class Completed:
    """The line after a Tab, and where its cursor stands."""

    text: str
    cursor: int


class Completion:
    """One line under completion: the first Tab finds the candidates, each further one takes the next."""

    def __init__(self, line: str, cursor: int, known: Known) -> None:
        start = max(line.rfind(blank, 0, cursor) for blank in " \n\t") + 1
        self._before, self._word, self._after = line[:start], line[start:cursor], line[cursor:]
        self._candidates = list(dict.fromkeys(self._find(known)))
        self._next = 0

    def __bool__(self) -> bool:
        return bool(self._candidates)

    def step(self, by: int = 1) -> Completed:
        """The next candidate, or the one before it."""
        chosen = self._candidates[self._next % len(self._candidates)]
        self._next += by
        text = self._before + chosen
        return Completed(text + self._after, len(text))

    def _find(self, known: Known) -> Iterable[str]:
        if not self._before and self._word.startswith("/"):
            return _commands(self._word[1:], known.commands)
        if self._before.startswith("/") and not self._before.startswith("//"):
            return self._arguments(known)
        ending = " " if self._before.strip() else ": "
        if self._word.startswith("@"):
            return [f"@{nick} " for nick in _matching(self._word[1:], known.people)]
        if self._word.startswith("#"):
            return [f"#{room} " for room in _matching(self._word[1:], known.rooms)]
        return [nick + ending for nick in _matching(self._word, known.people)] if self._word else []

    def _arguments(self, known: Known) -> Iterable[str]:
        words = self._before.split()
        slash = BY_NAME.get(command_name(words[0][1:]))
        if slash is None:
            return []
        kinds = slash.kinds
        kind = kinds[min(len(words), len(kinds)) - 1] if kinds else ""
        return [f"{found} " for found in _matching(self._word, _of_kind(kind, known))]


def _of_kind(kind: str, known: Known) -> Sequence[str]:
    return {
        "person": known.people,
        "text": known.people,
        "room": known.rooms,
        "place": [*known.rooms, *known.talks],
        "role": _ROLES,
        "duration": _DURATIONS,
        "command": [slash.name for slash in known.commands],
    }.get(kind, ())


def _commands(typed: str, commands: Iterable[Slash]) -> Iterable[str]:
    name = command_name(typed)
    for slash in commands:
        if slash.name.startswith(name) or slash.name.startswith(typed.casefold()):
            yield f"/{slash.name} "


def _matching(typed: str, names: Iterable[str]) -> list[str]:
    folded = typed.casefold().replace("_", " ")
    return [name for name in names if name.casefold().replace("_", " ").startswith(folded)]
