"""The token file: private from the first system call, and always the old token or the new one."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from minechat.client.private import NotPrivate, read, refuse_taken, try_beside, write_all, written
from minechat.errors import TokenFileUnusable

_TOKEN = re.compile(r"[!-~]{1,256}")
#: More than any token with its newline; a larger file is something else.
_MOST = 1024


def read_token(path: str) -> str | None:
    """The token in a file, or None where there is no file.

    :raises TokenFileUnusable: others may read it, it holds no token, or it cannot be read
    """
    with _named(path):
        data = read(path, _MOST)
    if data is None:
        return None
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
        refuse_taken(path, replace=replace)
        try_beside(path)


def save_token(path: str, token: str, *, replace: bool) -> None:
    """Writes the token to a file of mode 0600: after any crash it is there whole, or the old one is.

    :param replace: whether a token that is there may go; without it no race can overwrite one
    :raises TokenFileUnusable: the token is not safely there; what was there before is whole
    """
    if not _TOKEN.fullmatch(token):
        raise TokenFileUnusable("this is not a token: it must be one word of at most 256 ASCII characters")
    with _named(path), written(path, replace=replace) as fd:
        write_all(fd, f"{token}\n".encode("ascii"))


@contextmanager
def _named(path: str) -> Iterator[None]:
    try:
        yield
    except NotPrivate as problem:
        raise TokenFileUnusable(f"the token file {path!r} is not private: {problem}") from None
    except FileExistsError:
        raise TokenFileUnusable(
            f"the token file {path!r} exists and is kept: --force replaces it, --token-path names another"
        ) from None
    except OSError as error:
        raise TokenFileUnusable(f"the token file {path!r} cannot be used: {error.strerror}") from None
