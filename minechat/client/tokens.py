"""The token file: private from the first system call, and always the old token or the new one."""

import errno
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from minechat.errors import TokenFileUnusable
from minechat.system import make_private_command, open_private, private_mode_problem, sync_folder

_TOKEN = re.compile(r"[!-~]{1,256}")
#: More than any token with its newline; a larger file is something else.
_MOST = 1024
#: What link(2) says where the file system knows no second names.
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL)


def read_token(path: str) -> str | None:
    """The token in a file, or None where there is no file.

    :raises TokenFileUnusable: others may read it, it holds no token, or it cannot be read
    """
    with _named(path):
        try:
            fd = _open_regular(path)
        except FileNotFoundError:
            return None
        try:
            _refuse_public(path, os.fstat(fd))
            data = os.read(fd, _MOST)
        finally:
            os.close(fd)
    token = data.decode("ascii", "replace").strip()
    if not _TOKEN.fullmatch(token):
        raise TokenFileUnusable(f"the token file {path!r} does not hold one token on one line")
    return token


def check_free(path: str, replace: bool) -> None:
    """Finds out, before anything is sent, whether ``save_token`` can do its work here.

    :param replace: whether a token that is there may go
    :raises TokenFileUnusable: it cannot, and why
    """
    with _named(path):
        _refuse_taken(path, replace)
        fd, temporary = _create_temporary(path)
        os.close(fd)
        os.unlink(temporary)


def save_token(path: str, token: str, *, replace: bool) -> None:
    """Writes the token to a file of mode 0600: after any crash it is there whole, or the old one is.

    :param replace: whether a token that is there may go; without it no race can overwrite one
    :raises TokenFileUnusable: the token is not safely there; what was there before is whole
    """
    if not _TOKEN.fullmatch(token):
        raise TokenFileUnusable("this is not a token: it must be one word of at most 256 ASCII characters")
    with _named(path):
        _refuse_taken(path, replace)
        fd, temporary = _create_temporary(path)
        try:
            _write(fd, f"{token}\n".encode("ascii"))
            _give_name(temporary, path, replace)
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
        sync_folder(os.path.dirname(path))


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise TokenFileUnusable(
            f"the token file {path!r} exists and is kept: --force replaces it, --token-path names another"
        ) from None
    except OSError as error:
        raise TokenFileUnusable(f"the token file {path!r} cannot be used: {error.strerror}") from None


def _refuse_public(path: str, status: os.stat_result) -> None:
    problem = private_mode_problem(status)
    if problem is not None:
        mend = make_private_command(path, status)
        raise TokenFileUnusable(f"the token file {path!r} is not private: {problem}; mend it: {mend}")


def _refuse_taken(path: str, replace: bool) -> None:
    try:
        os.close(_open_regular(path))
    except FileNotFoundError:
        if not path:
            raise
        return
    if not replace:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))


def _open_regular(path: str) -> int:
    fd = open_private(path, os.O_RDONLY)
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    # Renaming a token over the null device, or a chmod of it, would break the machine.
    os.close(fd)
    raise OSError(errno.ENXIO, "it is a device")


def _create_temporary(path: str) -> tuple[int, str]:
    temporary = os.path.join(os.path.dirname(path), f".minechat-{secrets.token_hex(8)}")
    return open_private(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL), temporary


def _write(fd: int, data: bytes) -> None:
    try:
        while data:
            data = data[os.write(fd, data) :]
        os.fsync(fd)
    finally:
        os.close(fd)


def _give_name(temporary: str, path: str, replace: bool) -> None:
    if replace:
        os.replace(temporary, path)
        return
    try:
        # Unlike a rename, a link fails where the name is taken, whoever took it and when.
        os.link(temporary, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        # The best that is left: a token that comes between these two lines is lost on POSIX.
        _refuse_taken(path, replace)
        os.rename(temporary, path)
