"""A file that appears under its name whole and durable, or not at all, whatever ends its making."""

import errno
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from minechat import system
from minechat.server.lockfile import still_named

#: What link(2) says where the file system knows no second names.
_NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EINVAL}


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
    """An empty file that we made under this name, and a lock on it. Only who holds the lock may remove it."""
    while True:
        try:
            fd = system.open_private(new, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except FileExistsError:
            _remove_left(new)
            continue
        with ExitStack() as failed:
            failed.callback(os.close, fd)
            if _is_held(fd, new):
                failed.pop_all()
                return fd


def _remove_left(new: str) -> None:
    """Removes what a killed making left, which may be a second name of a finished file.

    Nothing is written into it: somebody may have it open.
    """
    with suppress(FileNotFoundError), ExitStack() as held:
        fd = system.open_private(new, os.O_RDWR)
        held.callback(os.close, fd)
        if _is_held(fd, new):
            _let_go(held)
            os.unlink(new)


def _is_held(fd: int, new: str) -> bool:
    """Takes the lock; False where the file has lost its name meanwhile."""
    if not system.lock(fd):
        raise FileExistsError(errno.EEXIST, f"{new!r} is being written by another process")
    return still_named(fd, new)


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
