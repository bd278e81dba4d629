"""Asking a person at a terminal before the chat opens: a line, or a secret that is not shown."""

import sys
import unicodedata

from minechat import system
from minechat.cli import report
from minechat.cli.source import StandardInput
from minechat.client.threads import in_daemon_thread


class Questions:
    """Questions on stderr, answers from the terminal line by line, without any control of the cursor.

    :param typed: where the answers come from
    """

    def __init__(self, typed: StandardInput) -> None:
        self._typed = typed

    async def ask(self, question: str) -> str | None:
        """The answer without the blanks around it; None when the person leaves with Ctrl-D."""
        report.write(sys.stderr, question)
        answer = await self._typed.line()
        return None if answer is None else answer.strip()

    async def secret(self, question: str) -> str | None:
        """The answer as it was typed, which the terminal does not show; None for Ctrl-D."""
        if not system.can_hide():
            return await _asked_by_library(question)
        with system.unseen(0):
            report.write(sys.stderr, question)
            try:
                return await self._typed.line()
            finally:
                report.write(sys.stderr, "\n")


def characters(password: str) -> int:
    """How many characters a password has, as a server counts them: an accent is none of its own."""
    return len(unicodedata.normalize("NFC", password))


async def _asked_by_library(question: str) -> str | None:
    from getpass import getpass  # noqa: PLC0415 - only Windows needs it

    try:
        return await in_daemon_thread(getpass, question)
    except EOFError:
        return None
