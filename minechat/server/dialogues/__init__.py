"""The characters' scripts: files of dialogues and replies, read into plain data."""

import tomllib
from dataclasses import dataclass
from importlib import resources
from typing import Any, NamedTuple


class Line(NamedTuple):
    """One thing said, and who says it."""

    nick: str
    text: str


#: What may be said at one point of a dialogue: alternatives, of which one is chosen, of lines in order.
Step = tuple[tuple[Line, ...], ...]


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation with a beginning and an end; a line without alternatives is a step of one."""

    title: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """What a character says to a person who names it.

    :ivar when: what the message must hold one of, see `words.stem`; empty for any message
    :ivar say: templates; ``{name}`` stands for the person's name
    """

    who: str
    when: tuple[str, ...]
    say: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Script:
    """All that one group of characters has to say, in one language."""

    language: str
    cast: tuple[str, ...]
    dialogues: tuple[Dialogue, ...]
    replies: tuple[Reply, ...]


def load() -> tuple[Script, ...]:
    """Every script that ships with the package, one for each language."""
    files = sorted(resources.files(__name__).iterdir(), key=lambda file: file.name)
    return tuple(parse(file.read_text("utf-8")) for file in files if file.name.endswith(".toml"))


def parse(source: str) -> Script:
    """A script from its TOML text.

    :raises ValueError: not TOML, a key is missing, or somebody outside the cast speaks
    """
    table = tomllib.loads(source)
    try:
        script = Script(
            table["language"],
            tuple(table["cast"]),
            tuple(_dialogue(entry) for entry in table["dialogue"]),
            tuple(_reply(entry) for entry in table["reply"]),
        )
    except (KeyError, TypeError) as error:
        raise ValueError(f"the script is not of the known form: {error!r}") from None
    strangers = _speakers(script) - set(script.cast)
    if strangers:
        raise ValueError(f"not in the cast: {', '.join(sorted(strangers))}")
    return script


def _dialogue(entry: dict[str, Any]) -> Dialogue:
    return Dialogue(entry["title"], tuple(_step(step) for step in entry["script"]))


def _step(step: Any) -> Step:
    alternatives = step["branches"] if isinstance(step, dict) else [[step]]
    return tuple(tuple(Line(nick, text) for nick, text in lines) for lines in alternatives)


def _reply(entry: dict[str, Any]) -> Reply:
    return Reply(entry["who"], tuple(entry.get("when", ())), tuple(entry["say"]))


def _speakers(script: Script) -> set[str]:
    spoken = {line.nick for talk in script.dialogues for step in talk.steps for alt in step for line in alt}
    return spoken | {reply.who for reply in script.replies}
