"""Log lines of the server: one line an event, control characters dead, no message text and no secrets."""

import json
import logging
import re
import time
import traceback
from collections.abc import Mapping

from minechat.text import exact_json

logger = logging.getLogger("minechat.server")
# Whoever embeds a server and wants no log gets none; without this, Python prints what nobody handles.
logger.addHandler(logging.NullHandler())

#: The most characters of one field; of a traceback, whose end tells what happened, the last ones.
LONGEST = 4096
LONGEST_TRACEBACK = 32 * 1024

Value = str | float

#: Tokens have this shape. None belongs in a field; one inside the message of an exception is met here.
_TOKEN = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
#: What reads back as it stands in the text form.
_BARE = re.compile(r'[^\s"=\\]+')


def event(name: str, /, level: int = logging.INFO, **fields: Value) -> None:
    """Logs that something happened.

    :param name: the class of the event, in the past tense with underscores: ``reader_dropped``
    :param fields: what there is to know of it; never a text that people said, never a secret
    """
    logger.log(level, "%s", name, extra={"fields": fields, "event": name})


def bug(error: BaseException) -> None:
    """Logs an exception that nobody expected, with its traceback."""
    logger.error(
        "%s",
        "bug",
        exc_info=(type(error), error, error.__traceback__),
        extra={"fields": {"error": f"{type(error).__name__}: {error}"}, "event": "bug"},
    )


def kind(record: logging.LogRecord) -> object:
    """What counts as one class of events: the name of ours, the place in the code of a library's line."""
    return getattr(record, "event", None) or (record.pathname, record.lineno)


class TextFormatter(logging.Formatter):
    """``2026-11-22T14:05:00Z warning reader_dropped reason=queue waiting=262144``

    A value with blanks, quotes or anything unusual stands in quotes as JSON writes a string, so that every
    line can be read back.
    """

    def format(self, record: logging.LogRecord) -> str:
        time_, level, name, fields = _parts(record)
        return " ".join([time_, level, name, *(f"{key}={_text(value)}" for key, value in fields.items())])


class JsonFormatter(logging.Formatter):
    """``{"time":"2026-11-22T14:05:00Z","level":"warning","event":"reader_dropped","reason":"queue"}``"""

    def format(self, record: logging.LogRecord) -> str:
        time_, level, name, fields = _parts(record)
        whole = {**fields, "time": time_, "level": level, "event": name}
        order = ("time", "level", "event", *(key for key in fields if key not in ("time", "level", "event")))
        return "{" + ",".join(f"{exact_json(key)}:{_json(whole[key])}" for key in order) + "}"


def _parts(record: logging.LogRecord) -> tuple[str, str, str, Mapping[str, Value]]:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
    name = getattr(record, "event", None)
    fields: dict[str, Value]
    if name is None:
        name, fields = "message", {"logger": record.name, "text": record.getMessage()}
    else:
        fields = dict(getattr(record, "fields", {}))
    shown = {key: _bounded(value) for key, value in fields.items()}
    if record.exc_info:
        told = "".join(traceback.format_exception(*record.exc_info))
        shown["traceback"] = _TOKEN.sub("[token]", told)[-LONGEST_TRACEBACK:]
    if left_out := getattr(record, "left_out", 0):
        shown["left_out"] = left_out
    return stamp, record.levelname.lower(), name, shown


def _bounded(value: Value) -> Value:
    if isinstance(value, str):
        text = _TOKEN.sub("[token]", value)
        return text if len(text) <= LONGEST else text[:LONGEST] + "…"
    return round(value, 3) if isinstance(value, float) else value


def _text(value: Value) -> str:
    literal = _json(value)
    plain = isinstance(value, str) and _BARE.fullmatch(value) and len(literal) == len(value) + 2
    return str(value) if plain else literal


def _json(value: Value) -> str:
    return exact_json(value) if isinstance(value, str) else json.dumps(value)
