"""The terminal to write to: never blocks the loop, never fails on a letter, notices that it is gone."""

import errno
import os
import stat
import sys
from typing import TextIO

from minechat.client.threads import in_daemon_thread


class StdoutClosed(Exception):
    """Nobody reads the output any more."""


class Screen:
    """One output stream, written in whole pieces.

    A write to a terminal or a pipe happens in a daemon thread: one that was stopped holds up neither the
    loop nor Ctrl-C, and while it waits nothing more is read from the socket.

    :param stream: stdout or stderr; None (closed at start) swallows everything
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._descriptor = None if stream is None else stream.fileno()
        encoding = "utf-8" if stream is None else stream.encoding
        # A file takes what it gets; only a terminal or a pipe may keep a writer waiting for ever.
        self._waits = self._descriptor is not None and not stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._encoding = None if encoding.lower().replace("-", "") == "utf8" else encoding

    async def write(self, data: bytes) -> None:
        """Writes UTF-8 bytes, in the encoding of the stream.

        :raises StdoutClosed: the pipe is closed or the terminal is gone
        """
        if self._descriptor is None:
            return
        if self._encoding is not None:
            data = data.decode("utf-8").encode(self._encoding, "backslashreplace")
        try:
            if self._waits:
                await in_daemon_thread(_write_all, self._descriptor, data)
            else:
                _write_all(self._descriptor, data)
        except BrokenPipeError:
            raise StdoutClosed from None
        except OSError as error:
            if error.errno in (errno.EIO, errno.ENXIO, errno.EBADF):
                raise StdoutClosed from None
            raise

    async def line(self, text: str) -> None:
        """Writes one line; the caller made it safe."""
        await self.write(text.encode("utf-8", "backslashreplace") + b"\n")


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def wants_colour(choice: str) -> bool:
    """Whether to colour stdout: ``always``, ``never``, or ``auto``, which is on a terminal only."""
    return choice == "always" or (choice == "auto" and sys.stdout is not None and sys.stdout.isatty())
