"""A file that appears under its name whole and durable, or not at all, whatever ends its making."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from minechat import system

_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK}


@contextmanager
def making(path: str, *, replace: bool = False) -> Iterator[str]:
    """Gives the name of an empty file, private from its first system call, to be filled in the block.

    After the block it is made durable and gets its own name. When the block fails nothing is left; when
    the process is killed a file ``path + ".new"`` is, which the next making removes.

    :param replace: whether a file that has the name already may go
    :raises FileExistsError: something has the name, or another process makes the same file
    :raises OSError: it cannot be made
    """
    if not replace:
        _ensure_free(path)
    new = path + ".new"
    with ExitStack() as held:
        fd = _fresh(new)
        held.callback(os.close, fd)
        try:
            yield new
            os.fsync(fd)
            _let_go(held)
            (os.replace if replace else _rename)(new, path)
        except BaseException:
            _let_go(held)
            with suppress(FileNotFoundError):
                os.unlink(new)
            raise
        system.sync_folder(os.path.dirname(path))


def _let_go(held: ExitStack) -> None:
    """Windows gives no name to a file that is open, nor takes one; elsewhere the lock stays to the end."""
    if os.name == "nt":
        held.close()


def _ensure_free(path: str) -> None:
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, "it is there already, and nothing is overwritten")


def _fresh(new: str) -> int:
    """An empty file under this name, and a lock on it. Only who holds the lock may remove it."""
    while True:
        fd = system.open_private(new, os.O_RDWR | os.O_CREAT)
        try:
            if not system.lock(fd):
                raise FileExistsError(errno.EEXIST, f"{new!r} is being written by another process")
            status = os.fstat(fd)
            with suppress(FileNotFoundError):
                if os.path.samestat(status, os.stat(new)):
                    # What was killed may have left a second name of a finished file: never cut it short.
                    if status.st_nlink == 1:
                        os.ftruncate(fd, 0)
                        os.chmod(new, 0o600)
                        return fd
                    os.unlink(new)
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _rename(new: str, path: str) -> None:
    """As rename(2), but it never replaces: a link is refused where the name is taken."""
    try:
        os.link(new, path)
    except FileExistsError:
        _ensure_free(path)
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _ensure_free(path)
        os.rename(new, path)
    else:
        os.unlink(new)
