"""A raw file that takes whole lines, whatever the disk, a rotation or another writer does to it."""

import codecs
import errno
import os
from collections.abc import Callable
from contextlib import suppress
from io import FileIO

from minechat.system import lock, open_private, unlock

#: Ends a line that a killed writer left without its end.
TRUNCATED = b" [truncated]\n"
#: Seconds to wait for another process that is writing to the same file.
LOCK_WAIT = 5.0
_FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT
_RENAMES = 10


class LineFile(FileIO):
    """An unbuffered file whose ``write`` never raises for the disk and never leaves a half line.

    Before each write, under the lock: if another file has the name now (rotation) it goes on there,
    and if the last line has no end (a writer was killed) it is marked as truncated.

    :param missing_record: makes the record that stands for missing lines, from their number and the reason
    :raises OSError: the file cannot be opened; ``strerror`` is for the user
    :ivar missing: lines that found no place since the last gap record
    :ivar trouble: why the last write failed, in words for a user; None when it did not
    """

    def __init__(self, path: str, *, fsync: bool, missing_record: Callable[[int, str], bytes]) -> None:
        super().__init__(open_private(path, _FLAGS), "a+")
        self.path = path
        self._fsync = fsync
        self._missing_record = missing_record
        self.missing = 0
        self.trouble: str | None = None
        self.write(b"")

    def write(self, lines: bytes, /) -> int:  # type: ignore[override]  # lines are always bytes
        """Appends whole lines, the gap record first where earlier ones are missing.

        Lines that find no place are counted in ``missing``, and ``trouble`` says why.
        """
        before, self.trouble = self.trouble, None
        try:
            # While in trouble nobody waits: the screen must not slow down with the disk.
            self._lock_named_file(0.0 if before else LOCK_WAIT)
            lead = self._end_of_half_line()
            if self.missing:
                lead += self._missing_record(self.missing, before or "")
            self._count_missing(lead, lead + lines, self._append(lead + lines))
        except OSError as error:
            self._note(error)
            self.missing += lines.count(b"\n")
        finally:
            unlock(self.fileno())
        return len(lines)

    def _count_missing(self, lead: bytes, data: bytes, kept: int) -> None:
        if kept >= len(lead):
            self.missing = 0
        if kept < len(data):
            self.missing += data.count(b"\n", max(kept, len(lead)))

    def _note(self, error: OSError) -> None:
        self.trouble = error.strerror or str(error)

    def _lock_named_file(self, wait: float) -> None:
        for _ in range(_RENAMES):
            if not lock(self.fileno(), wait=wait):
                raise OSError(errno.EAGAIN, "another program keeps it locked")
            if self._has_its_name():
                return
            self._reopen()
        raise OSError(errno.EAGAIN, "it is renamed faster than it can be opened")

    def _has_its_name(self) -> bool:
        with suppress(FileNotFoundError):
            return os.path.samestat(os.lstat(self.path), os.fstat(self.fileno()))
        return False

    def _reopen(self) -> None:
        fd = open_private(self.path, _FLAGS)
        try:
            # The new file under the old number: the lock on the old one goes with it.
            os.dup2(fd, self.fileno(), inheritable=False)
        finally:
            os.close(fd)

    def _end_of_half_line(self) -> bytes:
        """What must come first so that a line starts; cuts what is not even a whole character."""
        size = os.fstat(self.fileno()).st_size
        tail = self._read_at(max(0, size - 4), 4) if size else b""
        if not tail or tail.endswith(b"\n"):
            return b""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        decoder.decode(tail)
        if torn := len(decoder.getstate()[0]):
            os.ftruncate(self.fileno(), size - torn)
        return TRUNCATED

    def _read_at(self, offset: int, size: int) -> bytes:
        os.lseek(self.fileno(), offset, os.SEEK_SET)
        return os.read(self.fileno(), size)

    def _append(self, data: bytes) -> int:
        """Writes at the end; returns the bytes of whole lines that stay there."""
        start, done = os.fstat(self.fileno()).st_size, 0
        try:
            while done < len(data):
                done += os.write(self.fileno(), data[done:])
            if self._fsync and data:
                os.fsync(self.fileno())
        except OSError as error:
            self._note(error)
            whole = data.rfind(b"\n", 0, done) + 1
            self._cut(start + done, start + whole)
            return whole
        return done

    def _cut(self, end: int, to: int) -> None:
        # A writer that knows no lock may have come after us: its bytes are not ours to cut. What cannot
        # be cut is marked as truncated by the next write.
        with suppress(OSError):
            if to < end == os.fstat(self.fileno()).st_size:
                os.ftruncate(self.fileno(), to)
