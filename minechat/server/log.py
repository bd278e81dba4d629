"""Log lines of the server: one line an event, control characters dead, no message text and no secrets."""

import logging
import time

from minechat.text import safe

logger = logging.getLogger("minechat.server")


def event(name: str, /, level: int = logging.INFO, **fields: str | float) -> None:
    """Logs that something happened.

    :param name: the class of the event, in the past tense with underscores: ``reader_dropped``
    :param fields: what there is to know of it; never a text that people said, never a secret
    """
    logger.log(level, "%s", name, extra={"fields": fields})


class SafeFormatter(logging.Formatter):
    """``2026-11-22T14:05:00Z warning reader_dropped reason=queue``, whatever the fields hold."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(safe(line) for line in super().format(record).split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        # A newline inside a message would begin a record of its own; only tracebacks may have them.
        fields = getattr(record, "fields", {})
        return safe(" ".join([super().formatMessage(record), *(f"{key}={fields[key]}" for key in fields)]))
