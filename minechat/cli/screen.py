"""The terminal to write to: never blocks the loop, never fails on a letter, notices that it is gone."""

import codecs
import errno
import os
import select
import stat
import sys
from typing import TextIO

from minechat.cli import sentences
from minechat.cli.results import OutputUnusable
from minechat.client.threads import in_daemon_thread

#: Bytes that a ready pipe or terminal surely takes (_POSIX_PIPE_BUF).
AT_ONCE = 512


class StdoutClosed(Exception):
    """Nobody reads the output any more."""


class Screen:
    """One output stream, written in whole pieces.

    A write to a terminal or a pipe that may wait happens in a daemon thread: one that was stopped holds up
    neither the loop nor Ctrl-C, and while it waits nothing more is read from the socket.

    :param stream: stdout or stderr; None (closed at start) swallows everything
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._descriptor = None if stream is None else stream.fileno()
        encoding = "utf-8" if stream is None else stream.encoding
        # A file takes what it gets; only a terminal or a pipe may keep a writer waiting for ever.
        self._waits = self._descriptor is not None and not stat.S_ISREG(os.fstat(self._descriptor).st_mode)
        self._encoding = None if codecs.lookup(encoding).name == "utf-8" else encoding

    @property
    def utf8(self) -> bool:
        """Whether every letter can be shown."""
        return self._encoding is None

    async def write(self, data: bytes) -> None:
        """Writes UTF-8 bytes, in the encoding of the stream.

        :raises StdoutClosed: the pipe is closed or the terminal is gone
        :raises OutputUnusable: the disk behind it is full, or the like
        """
        if self._descriptor is None:
            return
        if self._encoding is not None:
            data = data.decode("utf-8").encode(self._encoding, "backslashreplace")
        try:
            if self._waits and not _takes_at_once(self._descriptor, data):
                await in_daemon_thread(_write_all, self._descriptor, data)
            else:
                _write_all(self._descriptor, data)
        except BrokenPipeError:
            raise StdoutClosed from None
        except OSError as error:
            if error.errno in (errno.EIO, errno.ENXIO, errno.EBADF):
                raise StdoutClosed from None
            raise OutputUnusable(sentences.cannot_write_output(error.strerror or str(error))) from None

    async def line(self, text: str) -> None:
        """Writes one line; the caller made it safe."""
        await self.write(text.encode("utf-8", "backslashreplace") + b"\n")


def _takes_at_once(descriptor: int, data: bytes) -> bool:
    """Whether a short write cannot wait: a ready pipe has room for 512 bytes (POSIX), a ready terminal too.

    A thread for each line would cost more than all the rest of showing it.
    """
    if sys.platform == "win32" or len(data) > AT_ONCE:  # Windows polls only sockets
        return False
    ready = select.poll()
    ready.register(descriptor, select.POLLOUT)
    return any(event == select.POLLOUT for _, event in ready.poll(0))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(descriptor, view) :]
        except BlockingIOError:
            # Whoever shares the terminal with us may have made it non-blocking for all.
            select.select([], [descriptor], [])


def wants_colour(choice: str) -> bool:
    """Whether to colour stdout: ``always``, ``never``, or ``auto``, which is on a terminal only."""
    return choice == "always" or (choice == "auto" and sys.stdout is not None and sys.stdout.isatty())
