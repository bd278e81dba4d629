"""The file beside something that only one process may use at a time, and the lock on it."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from minechat import system

#: Seconds that whoever takes the lock waits for those who only ask whether it is held.
ASKING = 0.5


@contextmanager
def locked(path: str) -> Iterator[None]:
    """Holds the lock of a path, on ``path + ".lock"``, as long as the block runs.

    The file stays for the next one; when the block fails it goes, so that a start which fails leaves nothing.

    :raises BlockingIOError: another process holds it; ``strerror`` says so in words
    :raises OSError: the file cannot be made
    """
    name = path + ".lock"
    fd = _held(name)
    try:
        yield
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
    finally:
        os.close(fd)


def is_locked(path: str) -> bool:
    """Whether a process holds the lock of a path.

    Asked with a shared lock, given back at once: no system call only looks. Those who ask do not see each
    other, and who takes the lock waits for them.

    :raises OSError: its file cannot be asked
    """
    try:
        fd = system.open_private(path + ".lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not system.lock(fd, shared=True)
    finally:
        os.close(fd)


def _held(name: str) -> int:
    """A descriptor of the file that has this name, locked."""
    while True:
        fd = system.open_private(name, os.O_RDWR | os.O_CREAT)
        try:
            if not system.lock(fd, wait=ASKING):
                raise BlockingIOError(errno.EAGAIN, "a server that is running uses it")
            if still_named(fd, name):
                return fd
        except BaseException:
            os.close(fd)
            raise
        # Who held it failed meanwhile and removed it: a lock on what has no name keeps nobody out.
        os.close(fd)


def still_named(fd: int, name: str) -> bool:
    """Whether this open file is the one that has the name."""
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(fd), os.stat(name))
    return False
