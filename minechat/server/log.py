"""Log lines of the server: one line an event, control characters dead, no message text and no secrets."""

import logging
import time

from minechat.text import safe


class SafeFormatter(logging.Formatter):
    """``2026-11-22T14:05:00Z warning minechat.server.hub: text``, whatever the text holds."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%SZ")
        self.converter = time.gmtime

    def format(self, record: logging.LogRecord) -> str:
        return "\n".join(safe(line) for line in super().format(record).split("\n"))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the standard library's name
        # A newline inside a message would begin a record of its own; only tracebacks may have them.
        return safe(super().formatMessage(record))
