"""A unix socket that its owner alone can reach: private from its first system call, never another's."""

import os
import socket
import stat
import struct
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from minechat.errors import AddressUnusable
from minechat.server.lockfile import is_locked, locked

#: Bytes of a path that every system's socket addresses hold (unix(7): 108 with the final NUL on Linux).
ADDRESS = 104
#: Connections the kernel may hold until they are accepted.
BACKLOG = 8


@contextmanager
def listening(path: str) -> Iterator[socket.socket]:
    """A listening socket with mode 0600 at a path; the file goes when the block ends.

    A lock file beside it tells a living server's socket, which is left alone, from what a dead one left,
    which is replaced. Nobody can connect before the mode is set: that takes ``listen``.

    :raises AddressUnusable: another server uses it, something else is there, or the system says no
    """
    if sys.platform == "win32":
        raise AddressUnusable("unix sockets are not known on this system")
    with ExitStack() as stack:
        try:
            if not path:
                raise OSError("the name is empty")
            stack.enter_context(locked(path))
            address = stack.enter_context(_reachable(path))
            listener = stack.enter_context(_bound(path, address))
        except OSError as error:
            raise _unusable(path, error) from error
        yield listener


class _GivenBack(Exception):
    """It could be opened."""


def attempt(path: str) -> None:
    """Opens the socket and gives it back without a trace; what a dead server left there stays.

    :raises AddressUnusable: ``listening`` could not open it
    """
    try:
        if _holds_socket(path) and not is_locked(path):
            return
    except OSError as error:
        raise _unusable(path, error) from error
    with suppress(_GivenBack), listening(path):
        raise _GivenBack  # a block that fails leaves no lock file


@contextmanager
def connected(path: str, deadline: float) -> Iterator[socket.socket]:
    """A connection to the socket at a path; every wait on it has this deadline in seconds.

    :raises OSError: nobody listens there, or we may not reach it
    :raises PermissionError: who listens there is neither this user nor root nor, for root, the file's owner
    """
    if sys.platform == "win32":
        raise FileNotFoundError("unix sockets are not known on this system")
    with _reachable(path) as address, socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(deadline)
        client.connect(address)
        owner = os.stat(address).st_uid if os.geteuid() == 0 else os.geteuid()
        if peer_uid(client) not in (None, 0, owner):
            raise PermissionError(f"another user listens on {path!r}")
        yield client


def peer_uid(connection: socket.socket) -> int | None:
    """The user at the other end (SO_PEERCRED of unix(7)); None on systems that do not tell."""
    if sys.platform == "win32" or not hasattr(socket, "SO_PEERCRED"):
        return None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    uid: int = struct.unpack("3i", credentials)[1]
    return uid


def is_open_to_all(folder: str) -> bool:
    """Whether every user may replace what is in a folder: it is writable for all and not sticky."""
    try:
        mode = os.stat(folder).st_mode
    except OSError:
        return False
    return bool(mode & stat.S_IWOTH) and not mode & stat.S_ISVTX


@contextmanager
def _reachable(path: str) -> Iterator[str]:
    """The path, or a short one to the same file where a socket's address would not hold it."""
    if len(os.fsencode(path)) < ADDRESS:
        yield path
        return
    folder, name = os.path.split(path)
    fd = os.open(folder or os.curdir, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    try:
        yield f"/proc/self/fd/{fd}/{name}"
    finally:
        os.close(fd)


@contextmanager
def _bound(path: str, address: str) -> Iterator[socket.socket]:
    if sys.platform == "win32":
        raise AssertionError("both ways in are guarded")
    _remove_what_a_dead_server_left(path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        # Linux gives the file the mode of the unbound socket, less the umask; elsewhere chmod has to do.
        with suppress(OSError):
            os.fchmod(listener.fileno(), 0o600)
        listener.bind(address)
        made = os.lstat(path)
        try:
            os.chmod(path, 0o600)
            listener.listen(BACKLOG)
            listener.setblocking(False)
            yield listener
        finally:
            _unlink_if_still(path, made)


def _holds_socket(path: str) -> bool:
    """False where nothing is at a path.

    :raises OSError: something else than a socket is
    """
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    if not stat.S_ISSOCK(status.st_mode):
        raise OSError("something else is there, which is left as it is")
    return True


def _remove_what_a_dead_server_left(path: str) -> None:
    if _holds_socket(path):
        with suppress(FileNotFoundError):
            os.unlink(path)


def _unusable(path: str, error: OSError) -> AddressUnusable:
    return AddressUnusable(f"cannot open the admin socket {path!r}: {error.strerror or error}")


def _unlink_if_still(path: str, made: os.stat_result) -> None:
    with suppress(FileNotFoundError):
        if os.path.samestat(os.lstat(path), made):
            os.unlink(path)
