"""The files of an open database: still the same ones, how long the log is, and whether there is room."""

import errno
import os
import shutil
from contextlib import suppress

from minechat import system
from minechat.errors import DatabaseUnusable

#: Bytes that are tried at least: a little room is none.
_LEAST = 1 << 20
#: Bytes of free disk.
_TIGHT = 64 << 20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Files:
    """Remembers the files as they are now.

    :param path: the database, which is open, so that its log is there
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._log = path + "-wal"
        self._before = {name: os.stat(name) for name in (path, self._log)}
        self._lacked = False

    def check(self) -> int:
        """The size of the log in bytes.

        :raises DatabaseUnusable: a file was removed or replaced: what is written now would be lost
        """
        self._status(self._path)
        return self._status(self._log).st_size

    def are_tight(self) -> bool:
        """Whether the disk has so little room that a log may not grow as it likes.

        A checkpoint needs room too, for what is new in the database: a log that has filled the disk can
        never be copied.
        """
        return shutil.disk_usage(os.path.dirname(self._path)).free < _TIGHT

    def lack_room(self, size: int) -> bool:
        """Whether so many bytes more would not fit: a full disk, a quota, a limit of the file size.

        SQLite tells a full disk only; the other two look like a broken one. So this writes as much
        beside the database, at the offset where its longest file ends. It says so once more when there
        is room again, since that may have come after the write that it is asked about.
        """
        lacked, self._lacked = self._lacked, self.refuse(size)
        return lacked or self._lacked

    def refuse(self, size: int) -> bool:
        """Whether so many bytes more would not fit now."""
        probe = self._path + ".probe"
        try:
            fd = system.open_private(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            try:
                _fill(fd, max(map(os.path.getsize, self._before)), max(size, _LEAST))
            finally:
                os.close(fd)
                os.unlink(probe)
        except OSError as error:
            return error.errno in _NO_ROOM
        return False

    def _status(self, name: str) -> os.stat_result:
        with suppress(FileNotFoundError):
            status = os.stat(name)
            if os.path.samestat(status, self._before[name]):
                return status
        raise DatabaseUnusable(f"{name!r} was removed or replaced while the server used it")


def _fill(fd: int, offset: int, size: int) -> None:
    block = bytes(1 << 16)
    os.lseek(fd, offset, os.SEEK_SET)
    while size > 0:
        size -= os.write(fd, block[:size])
