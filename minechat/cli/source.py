"""Where a message comes from when nobody types it at the prompt: standard input, bounded and checked."""

import codecs
import os
from collections.abc import AsyncIterator

from minechat import system
from minechat.cli import sentences
from minechat.client.threads import in_daemon_thread
from minechat.errors import EmptyMessage, InvalidInput, MessageTooLong

#: The most bytes that one message may be given in: blank lines and CRs go before it is measured for the
#: wire (4096 bytes), so the raw text may be longer than what travels.
INPUT_LIMIT = 64 * 1024


class StandardInput:
    """A descriptor read in daemon threads, so that Ctrl-C never waits for whoever feeds it.

    The descriptor is read directly: a thread inside ``sys.stdin`` would abort the interpreter's exit.
    No more than INPUT_LIMIT and one byte are held; whoever writes faster waits in the pipe.

    :param descriptor: a pipe, a file, a terminal or /dev/null, opened for reading
    """

    def __init__(self, descriptor: int = 0) -> None:
        self._descriptor = descriptor
        self._bytes = bytearray()
        self._ended = False
        self._begun = False

    async def line(self) -> str | None:
        """The next line without its newline, whether or not the last one has it; None at the end.

        :raises MessageTooLong: it is over INPUT_LIMIT
        :raises InvalidInput: it is not text, or cannot be read
        """
        while (end := self._bytes.find(b"\n")) < 0 and not self._ended:
            await self._more()
        if end < 0:
            if not self._bytes:
                return None
            end = len(self._bytes)
        line = bytes(self._bytes[:end])
        del self._bytes[: end + 1]
        return self._text(line).removesuffix("\r")

    async def ahead(self) -> int:
        """How many lines are there by now without waiting for any."""
        while not self._ended and len(self._bytes) <= INPUT_LIMIT and system.is_readable(self._descriptor):
            await self._more()
        unfinished = self._ended and len(self._bytes) > self._bytes.rfind(b"\n") + 1
        return self._bytes.count(b"\n") + unfinished

    async def rest(self) -> str:
        """Everything up to the end as one text; never more than INPUT_LIMIT of it is read.

        :raises MessageTooLong: there is more
        :raises InvalidInput: it is not text, or cannot be read
        """
        while not self._ended:
            await self._more()
        return self._text(bytes(self._bytes))

    async def lines(self, *, required: bool = True) -> AsyncIterator[str]:
        """Each line that holds anything, as it arrives.

        :raises EmptyMessage: the input ended without one, and one is required
        """
        missing = required
        while (line := await self.line()) is not None:
            if line.strip():
                missing = False
                yield line
        if missing:
            raise EmptyMessage(sentences.NOTHING_TO_SEND)

    async def _more(self) -> None:
        if len(self._bytes) > INPUT_LIMIT:
            self._text(bytes(self._bytes), whole=False)
            raise MessageTooLong(sentences.too_much_input(INPUT_LIMIT))
        try:
            data = await in_daemon_thread(os.read, self._descriptor, INPUT_LIMIT + 1 - len(self._bytes))
        except OSError as error:
            raise InvalidInput(sentences.cannot_read_input(error.strerror or str(error))) from None
        self._bytes += data
        self._ended = not data

    def _text(self, data: bytes, *, whole: bool = True) -> str:
        """Strict UTF-8; a byte order mark at the very start goes, as Windows puts one into pipes."""
        if not self._begun:
            data = data.removeprefix(codecs.BOM_UTF8)
            self._begun = True
        try:
            text = codecs.getincrementaldecoder("utf-8")().decode(data, final=whole)
        except UnicodeDecodeError:
            raise InvalidInput(sentences.INPUT_NOT_UTF8) from None
        if "\0" in text:
            raise InvalidInput(sentences.INPUT_HOLDS_NUL)
        return text
