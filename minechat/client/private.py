"""Private files of ours: mode 0600 from the first system call, and always the old content or the new."""

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from minechat.system import make_private_command, open_private, private_mode_problem, sync_folder

#: What link(2) says where the file system knows no second names.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


class NotPrivate(Exception):
    """Others may read a file that holds a secret; ``str()`` says who, and the command that mends it."""


def read(path: str, most: int) -> bytes | None:
    """The first bytes of a private file, or None where there is no file.

    :param most: how many at most
    :raises NotPrivate: others may read it
    :raises OSError: it cannot be read; ``strerror`` is for the user
    """
    try:
        fd = open_regular(path)
    except FileNotFoundError:
        return None
    with open(fd, "rb", buffering=0) as file:
        status = os.fstat(fd)
        problem = private_mode_problem(status)
        if problem is not None:
            raise NotPrivate(f"{problem}; mend it: {make_private_command(path, status)}")
        return file.read(most)


def open_regular(path: str) -> int:
    """A descriptor of a regular file, for reading.

    :raises OSError: there is none, or something else; ``strerror`` is for the user
    """
    fd = open_private(path, os.O_RDONLY)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    # Renaming a file over the null device, or a chmod of it, would break the machine.
    os.close(fd)
    raise OSError(errno.ENXIO, "it is a device")


def refuse_taken(path: str, *, replace: bool) -> None:
    """Finds out whether a file can get this name.

    :param replace: whether one that has it may go
    :raises FileExistsError: one has it and may not
    :raises OSError: no file can get it; ``strerror`` is for the user
    """
    try:
        os.close(open_regular(path))
    except FileNotFoundError:
        if not path:
            raise
        return
    if not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def try_beside(path: str) -> None:
    """Finds out whether a file can be made in the folder of this one; nothing is left behind.

    :raises OSError: it cannot
    """
    fd, temporary = _create_temporary(path)
    os.close(fd)
    os.unlink(temporary)


@contextmanager
def written(path: str, *, replace: bool) -> Iterator[int]:
    """A descriptor to write to; the file has its name, whole and durable, when the block ends well.

    Until then, and after any crash, what was there before is whole.

    :param replace: whether a file that has the name may go; without it no race can overwrite one
    :raises FileExistsError, OSError: as ``refuse_taken``, or the disk does not take it
    """
    refuse_taken(path, replace=replace)
    fd, temporary = _create_temporary(path)
    try:
        try:
            yield fd
            os.fsync(fd)
        finally:
            os.close(fd)
        _give_name(temporary, path, replace=replace)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(temporary)
    sync_folder(os.path.dirname(path))


def write_all(fd: int, data: bytes) -> None:
    """Writes all of it, however little a call takes."""
    while data:
        data = data[os.write(fd, data) :]


def _create_temporary(path: str) -> tuple[int, str]:
    temporary = os.path.join(os.path.dirname(path), f".minechat-{secrets.token_hex(8)}")
    return open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), temporary


def _give_name(temporary: str, path: str, *, replace: bool) -> None:
    if replace:
        os.replace(temporary, path)
        return
    try:
        # Unlike a rename, a link fails where the name is taken, whoever took it and when.
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The best that is left: a file that comes between these two lines is lost on POSIX.
        refuse_taken(path, replace=replace)
        os.rename(temporary, path)
