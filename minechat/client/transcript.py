"""Messages as lines, one for each whatever it holds: text that is safe on a terminal, or exact JSON."""

from collections.abc import Callable
from datetime import datetime

from minechat.client.session import Message
from minechat.text import SEPARATOR, exact_json, safe, safe_nick

JSON_VERSION = 1
STAMP = "%d.%m.%Y %H:%M"


def stamp(time: float, form: str = STAMP) -> str:
    """A point in time on the clock of this machine, as strftime shows it; what no clock shows is a number."""
    try:
        return datetime.fromtimestamp(time).astimezone().strftime(form)
    except (OverflowError, OSError, ValueError):
        return f"{time:g}"


def text_line(message: Message, form: str = STAMP, *, with_place: bool = True) -> str:
    """``[stamp] place Nick: text`` without the newline; line ends in the text are visible symbols."""
    place = f"{safe_nick(message.place)} " if with_place else ""
    nick = "" if message.nick is None else safe_nick(message.nick) + SEPARATOR
    return f"[{stamp(message.time, form)}] {place}{nick}{safe(message.text)}"


def json_line(
    message: Message, number: int | None = None, literal: Callable[[object], str] = exact_json
) -> str:
    """One JSON object that keeps the exact text; ``room`` is the place, ``@name`` for a conversation.

    :param number: of which message of a run this is the acknowledgement
    :param literal: how a value is written; ``json.dumps`` for a stream that takes ASCII only
    """
    fields: dict[str, object] = {"v": JSON_VERSION}
    if number is not None:
        fields["number"] = number
    fields |= {
        "time": _rfc3339(message.time),
        "room": message.place,
        "seq": message.seq,
        "nick": message.nick,
        "text": message.text,
    }
    return object_line(fields, literal)


def object_line(fields: dict[str, object], literal: Callable[[object], str] = exact_json) -> str:
    """One JSON object on one line, without blanks between its parts."""
    return "{" + ",".join(f"{literal(name)}:{literal(value)}" for name, value in fields.items()) + "}"


def _rfc3339(time: float) -> str | None:
    try:
        return datetime.fromtimestamp(time).astimezone().isoformat(timespec="milliseconds")
    except (OverflowError, OSError, ValueError):
        return None
