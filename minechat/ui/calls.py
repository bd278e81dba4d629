"""What a typed line means: something to say, or a call of a slash command with checked arguments."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from minechat.errors import InvalidInput
from minechat.ui import durations
from minechat.ui.commands import BY_NAME, SAY
from minechat.ui.slashes import Argument, Slash

#: Where on a Russian keyboard the Latin letters are: a command may be typed without a change of layout.
_LATIN = str.maketrans("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,.")
_ROLES = ("owner", "moderator", "member")
_LEAVING = ("exit", "quit")
_MOST_DIGITS = 9
#: Characters of a wrong word that are repeated to whoever typed it.
_SHOWN = 40

_SENTENCES = {
    "command": (
        "no such command: /{word}; /help lists them, and // begins a text with a slash",
        "нет такой команды: /{word}; /help покажет все, а // начинает текст с черты",
    ),
    "unavailable": ("this chat has no /{name}", "в этом чате нет /{name}"),
    "no_room": (
        "/{name} is for rooms, and this is a conversation",
        "/{name} — для комнат, а это личная переписка",
    ),
    "duration": (
        "{word} is no length of time; write 90s, 10m, 2h, 7d or forever",
        "{word} — не срок; пишите 90s, 10m, 2h, 7d или forever",
    ),
    "number": ("{word} is no whole number above 0", "{word} — не целое число больше нуля"),
    "role": (
        "{word} is no role; write owner, moderator or member",
        "{word} — не роль; пишите owner, moderator или member",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A line that makes sense.

    :param arguments: by the names of the fields, checked; what was left out is not there
    :param order: what to ask of the session, None where the screen does it
    :param fields: what goes with the order
    """

    slash: Slash
    arguments: dict[str, Any]
    order: str | None = None
    fields: dict[str, Any]


def parse(line: str, place: str, abilities: Collection[str] | None = None, language: str = "en") -> Call:
    """What a line means that somebody typed.

    A text that is no command is a call of ``SAY``; ``//text`` says a text that begins with a slash.

    :param place: where it was typed: a room, or ``@name``
    :param abilities: what the session can do; None is everything
    :param language: of the errors: ``en`` or ``ru``
    :raises InvalidInput: it is a command and cannot be carried out; the words are not yet safe to show
    """
    if line.strip().casefold() in _LEAVING:
        return Call(slash=BY_NAME["exit"], arguments={}, fields={})
    if not line.startswith("/") or line.startswith("//"):
        return Call(slash=SAY, arguments={"text": line.removeprefix("/")}, fields={})
    name, rest = _parted(line[1:])
    slash = _found(name, language)
    if slash.ability is not None and abilities is not None and slash.ability not in abilities:
        raise _wrong("unavailable", language, name=slash.name)
    arguments = _arguments(slash, rest, language)
    if slash.only_with and slash.only_with not in arguments:
        return Call(slash=slash, arguments=arguments, fields={})
    return Call(
        slash=slash, arguments=arguments, order=slash.order, fields=_fields(slash, arguments, place, language)
    )


def command_name(typed: str) -> str:
    """A command's name as it was typed, in any case and on a Latin or a Russian keyboard."""
    name = typed.casefold()
    return name if name in BY_NAME else name.translate(_LATIN)


def _found(typed: str, language: str) -> Slash:
    try:
        return BY_NAME[_command(typed)]
    except ValueError:
        raise _wrong("command", language, word=typed[:_SHOWN]) from None


def _fields(slash: Slash, arguments: dict[str, Any], place: str, language: str) -> dict[str, Any]:
    fields = {**slash.fields, **arguments}
    if slash.here and "room" not in fields:
        if place.startswith("@"):
            raise _wrong("no_room", language, name=slash.name)
        fields["room"] = place
    if fields.get("topic") == "-":
        fields["topic"] = ""
    return fields


def _arguments(slash: Slash, rest: str, language: str) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for argument in slash.arguments:
        if not rest:
            if argument.optional:
                continue
            raise InvalidInput(slash.takes(language))
        word, left = (rest, "") if argument.rest else _parted(rest)
        if argument.kind == "duration" and not word[0].isdigit() and word != durations.FOREVER:
            continue  # the reason, perhaps
        arguments[argument.field] = _value(argument, word, slash, language)
        rest = left
    if rest:
        raise InvalidInput(slash.takes(language))
    return arguments


def _value(argument: Argument, word: str, slash: Slash, language: str) -> Any:
    convert = _CONVERTERS.get(argument.kind, str)
    try:
        value = convert(word)
    except ValueError:
        raise _wrong(argument.kind, language, word=word[:_SHOWN]) from None
    if value == "":
        raise InvalidInput(slash.takes(language))
    return value


def _number(word: str) -> int:
    if not (word.isascii() and word.isdigit() and len(word) <= _MOST_DIGITS and int(word)):
        raise ValueError(word)
    return int(word)


def _role(word: str) -> str:
    if word.casefold() not in _ROLES:
        raise ValueError(word)
    return word.casefold()


def _command(word: str) -> str:
    name = command_name(word.removeprefix("/"))
    if name not in BY_NAME:
        raise ValueError(word)
    return BY_NAME[name].name


_CONVERTERS: dict[str, Callable[[str], Any]] = {
    "person": lambda word: word.removeprefix("@"),
    "room": lambda word: word.removeprefix("#"),
    "duration": durations.seconds,
    "number": _number,
    "role": _role,
    "command": _command,
}


def _parted(text: str) -> tuple[str, str]:
    """The first word and what comes after it, without the blanks around it."""
    parts = text.split(None, 1)
    if not parts or text[0].isspace():
        return "", text.strip()
    return parts[0], parts[1].rstrip() if len(parts) > 1 else ""


def _wrong(sentence: str, language: str, **words: str) -> InvalidInput:
    return InvalidInput(_SENTENCES[sentence][language == "ru"].format(**words))
